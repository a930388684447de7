import { beforeEach, describe, expect, it } from 'vitest';

import type { InteractionStart } from '../../../src/calls/ports.js';
import type { CallLimit } from '../../../src/masking/call-limits.js';
import { FakeCallStore } from '../../helpers/fake-call-store.js';
import { FakeClaimPorts } from '../../helpers/fake-claims.js';
import { aSession, DID, FIRST, NOW, SECOND } from '../../helpers/sessions.js';

const session = aSession();
const START: InteractionStart = {
  id: 'call-1',
  sessionId: session.id,
  accountId: session.accountId,
  number: DID,
  node: 'node-1',
  caller: 'first',
  people: { a: FIRST, b: SECOND, aWasCalled: false },
  tells: null,
  startedAt: NOW,
  claimUntil: NOW + 60_000,
  recording: '',
  takesPlace: false,
};

let store: FakeCallStore;
let ports: FakeClaimPorts;

beforeEach(() => {
  store = new FakeCallStore();
  ports = new FakeClaimPorts();
});

const claim = (changes: Partial<InteractionStart> = {}, signal?: AbortSignal) =>
  ports
    .claimsOn(store)
    .claim({ ...START, ...changes }, [{ parameter: 'second_party', number: SECOND }], session, signal);

describe('a claim', () => {
  it('has the session and room below every limit', async () => {
    expect(await claim()).toEqual({ result: 'begun', secondsLeft: null, note: '', why: '' });
    expect(store.begun).toHaveLength(1);
    expect([store.withdrawn, ports.dismissed, ports.noted]).toEqual([[], [], []]);
  });

  it('takes nothing for a number that may not be called', async () => {
    ports.problems.set(SECOND, 'premium-rate');
    expect(await claim()).toEqual({
      result: 'destination',
      secondsLeft: null,
      note: '',
      why: 'it is a premium-rate number',
    });
    expect(store.begun).toEqual([]);
    expect(ports.noted).toEqual([
      {
        event: 'call-refused',
        parameter: 'second_party',
        code: 'ERR_DESTINATION',
        message: 'it is a premium-rate number',
      },
    ]);
  });

  it.each<[CallLimit, string]>([
    ['MAX_CALLS_PER_SUBACCOUNT', 'limit'],
    ['CALL_RATE_PER_SUBACCOUNT', 'limit'],
    ['MAX_CALLS_PER_NODE', 'overloaded'],
    ['CALL_RATE_TOTAL', 'overloaded'],
    ['DAILY_MINUTES_TOTAL', 'minutes'],
  ])('gives the session back when %s is reached: %s', async (limit, result) => {
    ports.admission = { limit };
    expect(await claim()).toEqual({ result, secondsLeft: null, note: '', why: limit });
    expect(store.withdrawn).toEqual([
      { node: 'node-1', number: DID, sessionId: session.id, interactionId: 'call-1' },
    ]);
    expect(store.finished).toEqual([]);
    expect(ports.noted).toMatchObject([{ event: 'call-refused', parameter: limit, code: 'ERR_CALL_LIMIT' }]);
  });

  it('that was told of is ended instead: its receiver knows of the call', async () => {
    ports.admission = { limit: 'MAX_CALLS_TOTAL' };
    expect(await claim({ tells: 'answer' })).toMatchObject({ result: 'overloaded' });
    expect(store.withdrawn).toEqual([]);
    expect(store.finished).toMatchObject([{ leg: { uuid: 'call-1', role: 'a', cause: 'CALL_REJECTED' } }]);
  });

  it.each(['busy', 'gone'] as const)('is counted out again when the session is %s', async (result) => {
    store.beginResult = result;
    expect(await claim()).toEqual({ result, secondsLeft: null, note: '', why: '' });
    expect(ports.dismissed).toEqual(['call-1']);
    expect(ports.noted).toEqual([]);
  });

  it.each(['MAX_CALLS_PER_NUMBER', 'CALL_RATE_PER_SESSION'] as const)(
    'is counted out again when %s is reached',
    async (limit) => {
      store.beginResult = limit;
      expect(await claim()).toEqual({ result: 'limit', secondsLeft: null, note: '', why: limit });
      expect(ports.dismissed).toEqual(['call-1']);
      expect(ports.noted).toMatchObject([{ parameter: limit }]);
    },
  );

  it('of a session that is taken has nothing to count out where nothing was counted', async () => {
    store.beginResult = 'busy';
    ports.admission = { limit: 'MAX_CALLS_TOTAL' };
    expect(await claim()).toEqual({ result: 'busy', secondsLeft: null, note: '', why: '' });
    expect([ports.dismissed, ports.noted]).toEqual([[], []]);
  });

  it.each(['loop', 'limit'])(
    'that nobody waits for any more ends nothing, whatever was found: %s',
    async (found) => {
      if (found === 'loop') store.ours = [SECOND];
      else ports.admission = { limit: 'MAX_CALLS_TOTAL' };
      expect(await claim({}, AbortSignal.abort())).toMatchObject({ result: 'begun' });
      expect([store.finished, store.withdrawn, ports.noted]).toEqual([[], [], []]);
    },
  );

  it('of a number that became ours ends as a loop', async () => {
    store.ours = [SECOND];
    expect(await claim()).toEqual({ result: 'loop', secondsLeft: null, note: '', why: '' });
    expect(store.finished).toMatchObject([{ leg: { cause: 'EXCHANGE_ROUTING_ERROR' } }]);
  });

  it.each([
    [3_600, 3_600],
    [61, 61],
    [60, 60],
    [59, 60],
    [0, 60],
  ])('with %i s left of the day lasts %i s at most', async (secondsLeft, expected) => {
    ports.admission = { limit: null, secondsLeft };
    expect(await claim()).toEqual({ result: 'begun', secondsLeft: expected, note: '', why: '' });
  });
});
