import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sandboxRoutes } from '../../../sandbox/routes.js';
import { Sandbox } from '../../../sandbox/system.js';

const DID = '+15550001000';
const ALICE = '+447700900101';
const BOB = '+4915550102030';
const STRANGER = '+33612345678';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.start({
    account: { id: 'MASANDBOXSANDBOX0000', token: 'sandbox-token-not-a-secret' },
    virtualNumbers: [DID],
    otherwise: { kind: 'answer', afterMs: 200 },
    environment: { LOG_LEVEL: 'error', API_ANONYMOUS_LIMIT: '0' },
    routes: sandboxRoutes,
  });
}, 60_000);
afterAll(() => sandbox.stop());

type Body = Readonly<Record<string, unknown>>;

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Body }> {
  const response = await fetch(`${sandbox.url}/sandbox${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

const phone = (number: string, behaviour: Body) => ask('POST', `/Phone/${number}/`, behaviour);

async function place(from: string, to = DID): Promise<string> {
  const { status, body } = await ask('POST', '/Call/', { from, to });
  expect(status).toBe(201);
  return String(body['uuid']);
}

const waitFor = (uuid: string, event: string, timeout = 10) =>
  ask('GET', `/Call/${uuid}/?wait_for=${event}&timeout=${timeout}`);

let made = 0;
/** A session of two people whom no other test knows; answers their numbers and its id. */
async function session(more: Body = {}): Promise<{ first: string; second: string; id: string }> {
  made += 1;
  const [first, second] = [`${ALICE.slice(0, -2)}${10 + made}`, `${BOB.slice(0, -2)}${10 + made}`];
  const created = await sandbox.api('POST', '/Masking/Session/', {
    ...{ first_party: first, second_party: second, virtual_number: DID, geomatch: false, ...more },
  });
  return { first, second, id: String(created['session_uuid']) };
}

const sessionOf = async (id: string): Promise<Body> =>
  (await sandbox.api('GET', `/Masking/Session/${id}/`))['response'] as Body;

describe('calls', () => {
  it('of a party: both phones tell what they saw, and either may hang up', async () => {
    const { first, second } = await session();
    const uuid = await place(first);
    expect((await waitFor(uuid, 'answered')).body).toMatchObject({ state: 'answered', status: 200 });
    expect((await ask('GET', `/Phone/${second}/`)).body).toMatchObject({
      calls: [{ state: 'answered', caller_number: DID, caller_name: DID }],
    });
    await ask('POST', `/Call/${uuid}/Keys/`, { keys: '12#' });
    expect((await ask('POST', `/Phone/${second}/HangUp/`)).body).toMatchObject({
      digits_heard: '12#',
      ended_by: 'phone',
    });
    expect((await waitFor(uuid, 'ended')).body).toMatchObject({ state: 'ended', ended_by: 'maskline' });
  });

  it('of a stranger with a PIN', async () => {
    const { second } = await session({
      ...{ is_pin_authentication_required: true, first_party_pin: '4711', second_party_pin: '8822' },
      pin_prompt_play: 'https://prompts.example/pin.wav',
    });
    const uuid = await place(STRANGER);
    expect((await waitFor(uuid, 'prompt')).body).toMatchObject({ heard: [{ name: 'enter-pin' }] });
    await ask('POST', `/Call/${uuid}/Keys/`, { keys: '4711' });
    await expect
      .poll(async () => (await ask('GET', `/Phone/${second}/`)).body['calls'], { timeout: 10_000 })
      .toMatchObject([{ caller_number: DID }]);
    expect((await ask('DELETE', `/Call/${uuid}/`)).body).toMatchObject({
      state: 'ended',
      ended_by: 'caller',
    });
  });

  it.each([
    ['busy', 486],
    ['reject', 603],
    ['unreachable', 480],
  ])('to a phone that does "%s" end with %i', async (does, status) => {
    const { first, second } = await session();
    await phone(second, { does, after: 0.1 });
    expect((await waitFor(await place(first), 'ended')).body).toMatchObject({ status });
  });

  it('through a trunk that is down are refused', async () => {
    const { first } = await session();
    await ask('POST', '/Trunk/carrier/', { state: 'down' });
    try {
      expect((await waitFor(await place(first), 'ended')).body).toMatchObject({ status: 503 });
    } finally {
      await ask('POST', '/Trunk/carrier/', { state: 'up' });
    }
  });

  it('that a phone does not take are answered by hand', async () => {
    const { first, second } = await session();
    await phone(second, { does: 'ring' });
    const uuid = await place(first);
    await waitFor(uuid, 'ringing');
    expect((await waitFor(uuid, 'answered', 0.2)).status).toBe(408);
    await ask('POST', `/Phone/${second}/Answer/`);
    expect((await waitFor(uuid, 'answered')).body).toMatchObject({ state: 'answered' });
    await ask('DELETE', `/Call/${uuid}/`);
  });
});

describe('time that is moved on', () => {
  it('ends a phone’s ringing after the ring timeout, not before', async () => {
    const { first, second, id } = await session({ ring_timeout: 30 });
    await phone(second, { does: 'ring' });
    const uuid = await place(first);
    await waitFor(uuid, 'ringing');
    await ask('POST', '/Time/', { advance: 20 });
    expect((await ask('GET', `/Call/${uuid}/`)).body).toMatchObject({ state: 'ringing' });
    await ask('POST', '/Time/', { advance: 15 });
    expect((await waitFor(uuid, 'ended')).body).toMatchObject({ status: 480 });
    const [interaction] = (await interactionsOf(id)) as [Body];
    const rang = secondsBetween(interaction['start_time'], interaction['end_time']);
    expect(rang).toBeGreaterThanOrEqual(29);
    expect(rang).toBeLessThanOrEqual(33);
  });

  it('ends a call at its time limit, and a session of a day after a day', async () => {
    const { first, id } = await session({ session_expiry: 86_400, call_time_limit: 3_600 });
    const uuid = await place(first);
    await waitFor(uuid, 'answered');
    await ask('POST', '/Time/', { advance: 86_300 });
    const { body } = await waitFor(uuid, 'ended');
    expect(body['talk_seconds']).toBeGreaterThan(3_598);
    expect(body['talk_seconds']).toBeLessThan(3_602);
    expect(await sessionOf(id)).toMatchObject({ status: 'active' });
    await ask('POST', '/Time/', { advance: 200 });
    expect(await sessionOf(id)).toMatchObject({ status: 'expired' });
    expect((await waitFor(await place(first), 'ended')).body).toMatchObject({ status: 404 });
  });

  it('may also go faster, and is real again after', async () => {
    const { first, second } = await session();
    await phone(second, { does: 'answer', after: 10, talk: 120 });
    expect((await ask('POST', '/Time/', { speed: 100 })).body).toMatchObject({ speed: 100 });
    try {
      const { body } = await waitFor(await place(first), 'ended', 30);
      expect(body['talk_seconds']).toBeGreaterThan(115);
    } finally {
      await ask('POST', '/Time/', { speed: 1 });
    }
  });
});

describe('a request that makes no sense', () => {
  it.each([
    ['POST', '/Phone/12/', { does: 'busy' }, 400, 'that is no phone number'],
    ['POST', `/Phone/${BOB}/`, { does: 'dance' }, 400, 'does: '],
    ['POST', `/Phone/${BOB}/`, { does: 'answer', after: -1 }, 400, 'after: '],
    ['POST', `/Phone/${BOB}/`, { does: 'answer', ater: 1 }, 400, 'ater'],
    ['POST', '/Phone/+15550007777/Answer/', {}, 409, 'no call is at that phone'],
    ['POST', '/Call/', { from: ALICE }, 400, 'to: '],
    ['POST', '/Time/', { speed: 0 }, 400, 'speed: '],
    ['POST', '/Trunk/nowhere/', { state: 'up' }, 404, 'there is no trunk'],
    ['GET', '/Call/nobody/', undefined, 404, 'there is no such call'],
  ])('%s %s %j gets %i and a reason', async (method, path, body, status, reason) => {
    const answer = await ask(method, path, body);
    expect(answer.status).toBe(status);
    expect(String(answer.body['error'])).toContain(reason);
  });
});

it('tells how it stands', async () => {
  expect((await ask('GET', '/')).body).toMatchObject({ virtual_numbers: [DID], speed: 1 });
});

async function interactionsOf(id: string): Promise<unknown> {
  await expect.poll(async () => (await sessionOf(id))['interaction'], { timeout: 10_000 }).toBeTruthy();
  await expect
    .poll(async () => ((await sessionOf(id))['interaction'] as Body[])[0]!['end_time'], { timeout: 10_000 })
    .toBeTruthy();
  return (await sessionOf(id))['interaction'];
}

function secondsBetween(from: unknown, until: unknown): number {
  const instant = (text: unknown): number =>
    Date.parse(String(text).replace(' +0000 UTC', 'Z').replace(' ', 'T'));
  return (instant(until) - instant(from)) / 1_000;
}
