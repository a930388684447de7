import plivo from 'plivo';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { Receiver, type Told } from '../../helpers/receiver.js';
import { SimBed } from '../../helpers/sim-bed.js';
import type { Lane } from '../../scenarios/bed.js';
import { AUTH_ID } from '../../helpers/stack.js';
import { eventually } from './fixture.js';

interface Credentials {
  readonly id: string;
  readonly token: string;
}

let bed: SimBed;
let lane: Lane;
let receiver: Receiver;
let subaccount: Credentials;

beforeAll(async () => {
  bed = await SimBed.start({ controllers: 2, environment: { CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8' } });
}, 60_000);
afterAll(() => bed.close());
beforeEach(async () => {
  lane = await bed.lane();
  receiver = await Receiver.start();
  const created = await bed.stack.api('POST', '/Subaccount/', { name: 'agency', enabled: true });
  const { auth_id: id, auth_token: token } = created.body as Record<string, string>;
  subaccount = { id: id ?? '', token: token ?? '' };
  const moved = await bed.stack.api('POST', `/Number/${lane.did}/`, { subaccount: subaccount.id });
  expect(moved.status, JSON.stringify(moved.body)).toBeLessThan(300);
});
afterEach(() => receiver.close());

/** Creates a session on the lane's number with these credentials, and makes the call that its callbacks tell of. */
async function callInSessionOf(
  { id, token }: Credentials,
  parameters: Record<string, unknown>,
  count: number,
): Promise<readonly Told[]> {
  const response = await fetch(`${bed.stack.controllers[0]!.url}/v1/Account/${id}/Masking/Session/`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      ...{ first_party: lane.first, second_party: lane.second, virtual_number: lane.did, geomatch: false },
      ...parameters,
    }),
  });
  expect(response.status, await response.clone().text()).toBe(201);
  await lane.callee(lane.second, { kind: 'answer', afterMs: 200, talkMs: 400 });
  await lane.call({ from: lane.first });
  await eventually(() => receiver.told.length >= count, 20_000);
  expect(receiver.told).toHaveLength(count);
  return receiver.told;
}

/** Whose token each signature of a callback is made with, as far as Plivo's own package can tell. */
function signersOf(told: Told, tokens: Readonly<Record<string, string>>): Record<string, string[]> {
  const url = `http://127.0.0.1:${receiver.port}${told.target}`;
  const header = (name: string): string => told.headers[`x-plivo-signature-${name}`] ?? '';
  const body = told.method === 'POST' ? told.fields : {};
  const v3 = (name: string, token: string): boolean =>
    Boolean(plivo.validateV3Signature(told.method, url, header('v3-nonce'), token, header(name), body));
  const v2 = (name: string, token: string): boolean =>
    Boolean(plivo.validateSignature(url, header('v2-nonce'), header(name), token));
  const signers = (isValid: (token: string) => boolean): string[] =>
    Object.entries(tokens).flatMap(([name, token]) => (isValid(token) ? [name] : []));
  return {
    V3: signers((token) => v3('v3', token)),
    'Ma-V3': signers((token) => v3('ma-v3', token)),
    V2: signers((token) => v2('v2', token)),
    'Ma-V2': signers((token) => v2('ma-v2', token)),
  };
}

/** A session's own account signs, and beside it the main one. */
const BOTH = { V3: ['subaccount'], 'Ma-V3': ['main'], V2: ['subaccount'], 'Ma-V2': ['main'] };
/** Six events of the call, and two of its recording. */
const TOLD = 8;

it.each(['POST', 'GET'] as const)(
  "a subaccount's callbacks by %s carry its own signature and the main account's",
  async (method) => {
    const url = receiver.url('/hook/a%20b?who=%C3%A9mile&list=2&list=1');
    const told = await callInSessionOf(
      subaccount,
      {
        ...{ callback_url: url, callback_method: method },
        ...{ record: true, recording_callback_url: url, recording_callback_method: method },
      },
      TOLD,
    );
    const tokens = { subaccount: subaccount.token, main: bed.stack.authToken };
    for (const each of told) {
      expect(each.method).toBe(method);
      expect(signersOf(each, tokens), each.fields['EventName']).toEqual(BOTH);
      // Its own receiver, who has its token alone, takes nothing that was changed on the way.
      const changed = { ...each, fields: { ...each.fields, EventName: 'x' }, target: `${each.target}&x=1` };
      expect(signersOf(changed, tokens)).toMatchObject({ V3: [], 'Ma-V3': [] });
    }
    const names = told.map(({ fields }) => fields['EventName']);
    expect(names).toContain('SessionRecordingCompleted');
    expect(names).toContain('SessionPartiesHangup');
  },
);

it('so do those of a session that the main account created for the subaccount', async () => {
  const main = { id: AUTH_ID, token: bed.stack.authToken };
  const parameters = { callback_url: receiver.url(), subaccount: subaccount.id };
  const told = await callInSessionOf(main, parameters, 6);
  const tokens = { subaccount: subaccount.token, main: main.token };
  for (const each of told) expect(signersOf(each, tokens)).toEqual(BOTH);
});

it("the main account's own callbacks carry its signature in both places", async () => {
  const moved = await bed.stack.api('POST', `/Number/${lane.did}/`, { subaccount: '' });
  expect(moved.status, JSON.stringify(moved.body)).toBeLessThan(300);
  const main = { id: AUTH_ID, token: bed.stack.authToken };
  const told = await callInSessionOf(main, { callback_url: receiver.url() }, 6);
  const tokens = { subaccount: subaccount.token, main: main.token };
  const own = { V3: ['main'], 'Ma-V3': ['main'], V2: ['main'], 'Ma-V2': ['main'] };
  for (const each of told) expect(signersOf(each, tokens)).toEqual(own);
});
