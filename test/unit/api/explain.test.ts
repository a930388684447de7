import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';

import { buildApi } from '../../../src/api/build-api.js';
import type { Rehearsal } from '../../../src/calls/rehearsal.js';
import { aNumber, aSession, FIRST, GATE, SECOND, STRANGER } from '../../helpers/sessions.js';
import { ACCOUNT, BASE, credentials, DID, FakeDeps } from './fake-deps.js';

const session = aSession({ accountId: ACCOUNT.id, virtualNumber: DID });
const match = { session, party: 'first' } as const;

const rehearsal = (changes: Partial<Rehearsal> = {}): Rehearsal => ({
  number: aNumber({ number: DID }),
  passed: [{ rule: 'number-in-service', by: 'fine' }],
  rule: 'known-caller',
  pin: null,
  askedForOwnDigits: false,
  match,
  outcome: { type: 'dial', match },
  target: SECOND,
  trunks: ['main', 'spare'],
  limit: null,
  destination: null,
  lastsAtMost: 600,
  ...changes,
});

describe('Masking/Explain/', () => {
  let deps: FakeDeps;
  let app: FastifyInstance;

  beforeEach(() => {
    deps = new FakeDeps();
    deps.rehearsal = rehearsal();
    app = buildApi(deps);
  });
  afterEach(async () => app.close());

  const ask = (query: Record<string, string>, base = BASE, headers = credentials()) =>
    app.inject({ url: `${base}/Masking/Explain/`, query, headers });

  it('takes what is asked for in a body, so that it stands in no address; and audits no change', async () => {
    const asked = { from: FIRST, to: DID, pin: '4711', own_digits: '123456' };
    const post = (payload: unknown, headers = credentials()) =>
      app.inject({
        ...{ method: 'POST', url: `${BASE}/Masking/Explain/` },
        ...{ headers: { ...headers, 'content-type': 'application/json' }, payload: JSON.stringify(payload) },
      });
    const [posted, got] = [await post(asked), await ask(asked)];
    expect(posted.statusCode).toBe(200);
    const answerOf = ({ json }: typeof posted): unknown => json<{ response: unknown }>().response;
    expect(answerOf(posted)).toEqual(answerOf(got));
    const rehearsed = { number: DID, pin: '4711', ownDigits: '123456' };
    expect(deps.rehearsed).toMatchObject([rehearsed, rehearsed]);
    expect(deps.audited.size).toBe(0);
    expect((await post({ ...asked, pin: '47x' })).statusCode).toBe(400);
    expect((await post([])).statusCode).toBe(400);
    expect((await post(asked, credentials(ACCOUNT.id, 'wrong'))).statusCode).toBe(401);
  });

  it('tells what would happen, by which rule and in which session', async () => {
    const response = await ask({ from: FIRST, to: DID });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({
      api_id: expect.any(String) as string,
      response: {
        outcome: 'connect',
        explanation:
          'The caller is the first party, and is connected to the other party through main, then spare.',
        rule: 'known-caller',
        rules: [
          {
            rule: 'number-in-service',
            decided: false,
            explanation: 'The number is a virtual number in service.',
          },
          {
            rule: 'known-caller',
            decided: true,
            explanation: 'The caller is a party of a live session on the number.',
          },
        ],
        virtual_number: DID.slice(1),
        session_uuid: session.id,
        caller: 'first_party',
        calls: SECOND.slice(1),
        trunks: ['main', 'spare'],
        ring_timeout: 45,
        call_time_limit: 600,
        record: false,
        pin: null,
        limit: null,
        status: null,
      },
    });
  });

  it.each([
    ['', 'anonymous'],
    ['anonymous', 'anonymous'],
    ['Restricted', 'anonymous'],
    ['+15550001001', 'number'],
    ['15550001001', 'number'],
    [' 15550001001', 'number'],
  ])('understands from=%j as %s', async (from, kind) => {
    expect((await ask({ from, to: DID, pin: '0123', own_digits: '123456' })).statusCode).toBe(200);
    expect(deps.rehearsed).toMatchObject([
      { number: DID, caller: { kind }, pin: '0123', ownDigits: '123456' },
    ]);
  });

  it.each([
    [{}, 'Mandatory parameter missing. to must be present.'],
    [{ to: '12' }, 'Invalid parameter. to is not a valid phone number.'],
    [{ to: DID, from: '12' }, 'Invalid parameter. from is not a valid phone number.'],
    [{ to: DID, from: '9'.repeat(65) }, 'Invalid parameter. from should be at most 64 characters.'],
    [{ to: DID, pin: 'abcd' }, 'Invalid parameter. pin should be up to 15 digits.'],
    [{ to: DID, own_digits: '1'.repeat(16) }, 'Invalid parameter. own_digits should be up to 15 digits.'],
  ])('refuses %j', async (query, error) => {
    const response = await ask(query);
    expect(response.statusCode).toBe(400);
    expect(response.json<{ error: string }>().error).toBe(error);
    expect(deps.rehearsed).toEqual([]);
  });

  it.each<[Partial<Rehearsal>, object]>([
    [
      { outcome: { type: 'refuse', reason: 'busy' } },
      {
        outcome: 'refuse',
        status: 486,
        explanation: 'The call is refused: the session is in a call already.',
      },
    ],
    [
      { outcome: { type: 'refuse', reason: 'destination' }, destination: 'country' },
      {
        status: 603,
        explanation:
          'The call is refused: the number that it would ring may not be called (its country is not allowed).',
      },
    ],
    [
      { outcome: { type: 'refuse', reason: 'limit' }, limit: 'MAX_CALLS_PER_NUMBER' },
      {
        ...{ status: 486, limit: 'MAX_CALLS_PER_NUMBER' },
        explanation: 'The call is refused as busy: a limit is reached (MAX_CALLS_PER_NUMBER).',
      },
    ],
    [
      { outcome: { type: 'announce', announcement: 'not-in-service', url: '' }, rule: 'not-in-service' },
      {
        outcome: 'announce',
        status: 404,
        explanation:
          'The number is not in service for this caller: the caller hears an announcement that says so.',
      },
    ],
    [
      { outcome: { type: 'announce', announcement: 'wrong-pin', url: '' }, rule: 'pin', pin: 'wrong' },
      { outcome: 'announce', status: null, pin: 'wrong' },
    ],
    [
      { outcome: prompt('pin'), rule: 'pin', match: null },
      { outcome: 'ask_pin', explanation: 'The caller is asked for a PIN.', session_uuid: null, caller: null },
    ],
    [
      { outcome: prompt('own-digits'), pin: 'asked' },
      { outcome: 'ask_own_digits', pin: 'own_digits_wanted' },
    ],
    [{ pin: 'matched' }, { outcome: 'connect', pin: 'right' }],
  ])('says of %j: %j', async (changes, told) => {
    const dials = changes.outcome === undefined;
    deps.rehearsal = rehearsal({
      ...(dials ? {} : { target: null, trunks: [], lastsAtMost: null }),
      ...changes,
    });
    const { response } = (await ask({ from: STRANGER, to: DID })).json<{ response: object }>();
    expect(response).toMatchObject(told);
  });

  describe('for a subaccount', () => {
    const id = 'SAABCDEFGHIJKLMNOPQR';
    const token = 'token-of-the-subaccount';
    const base = `/v1/Account/${id}`;
    beforeEach(() => {
      const account = { id, name: 'one', enabled: true, createdAt: 0, modifiedAt: 0 };
      deps.subaccounts.set(id, { account, token });
    });
    const own = () => ask({ from: FIRST, to: DID }, base, credentials(id, token));

    it.each([
      ['nobody’s', null],
      ['the main account’s', aNumber({ number: DID })],
      ['another subaccount’s', aNumber({ number: DID, subaccount: 'SAXXXXXXXXXXXXXXXXXX' })],
    ])('there is no number that is %s', async (_whose, number) => {
      deps.rehearsal = rehearsal({ number });
      expect((await own()).statusCode).toBe(404);
    });

    it('what it sees are its own sessions', async () => {
      deps.rehearsal = rehearsal({ number: aNumber({ number: DID, subaccount: id }) });
      expect((await own()).statusCode).toBe(200);
      const [asked] = deps.rehearsed;
      expect([id, ACCOUNT.id, 'SAXXXXXXXXXXXXXXXXXX'].map((owner) => asked!.sees(owner))).toEqual([
        ...[true, false, false],
      ]);
    });
  });
});

function prompt(keyed: 'pin' | 'own-digits'): Rehearsal['outcome'] {
  return { type: 'prompt', keyed, attempt: 1, failures: 0, gate: GATE, afterWrong: false };
}
