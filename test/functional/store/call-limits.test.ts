import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { CallClaims, type Claim } from '../../../src/calls/call-claims.js';
import { DestinationGuard } from '../../../src/calls/destination-guard.js';
import type { InteractionStart } from '../../../src/calls/ports.js';
import { NO_LIMITS, refusalOf, type CallLimits } from '../../../src/masking/call-limits.js';
import { ANY_COUNTRY } from '../../../src/masking/destinations.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import type { Store } from '../../../src/store/index.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { addressOf, DID, DID2, draft, Fixture, from, leg, NOW, startOf } from './fixture.js';

const SUBACCOUNT = 'SAXXXXXXXXXXXXXXXXXX';
const OTHER_SUBACCOUNT = 'SAYYYYYYYYYYYYYYYYYY';
/** 2027-01-15 08:00:00 UTC is NOW. */
const MIDNIGHT = NOW - (NOW % 86_400_000);

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start(['--appendonly', 'no']);
});
afterAll(() => fixture.stop());
/** Ids of the calls of a test. */
const called = new Set<string>();
beforeEach(async () => {
  called.clear();
  store = await fixture.fresh(DID, DID2);
});

const limited = (limits: Partial<CallLimits>): Store =>
  fixture.store({ callLimits: { ...NO_LIMITS, ...limits } });

const person = (index: number): E164 => `+155500010${String(index).padStart(2, '0')}` as E164;

/** Sessions of persons of their own, on one virtual number. */
async function sessionsOn(number: E164, count: number, offset = 0): Promise<MaskingSession[]> {
  const all: MaskingSession[] = [];
  for (let index = offset; index < offset + count; index += 1) {
    const firstParty = person(2 * index);
    const secondParty = person(2 * index + 1);
    all.push(await store.sessions.create(draft({ firstParty, secondParty, virtualNumber: number })));
  }
  return all;
}

function claimsOf(on: Store, at = NOW): CallClaims {
  const now = (): number => at;
  return new CallClaims({
    store: on.calls,
    admissions: on.admissions,
    destinations: new DestinationGuard({ rules: ANY_COUNTRY, numbers: on.numbers, now }),
    notes: on.notes,
    now,
    log: createLogger({ level: 'silent' }),
  });
}

/** A call `id` in `session`, at `at`. */
const claim = (
  on: Store,
  session: MaskingSession,
  id: string,
  changes: Partial<InteractionStart> = {},
  at = NOW,
): Promise<Claim> => claimsOf(on, at).claim(startOf(session, id, { startedAt: at, ...changes }), [], session);

/** As {@link claim}; and who rehearses a new call is told what is then done. */
async function call(...[on, session, id, changes = {}, at = NOW]: Parameters<typeof claim>): Promise<Claim> {
  const looked = called.has(id) ? null : await look(on, startOf(session, id, changes), at);
  called.add(id);
  const claimed = await claim(on, session, id, changes, at);
  expect(looked ?? claimed.result).toBe(claimed.result);
  return claimed;
}

async function look(
  on: Store,
  { sessionId: id, number: virtualNumber, accountId, node }: InteractionStart,
  at: number,
): Promise<Claim['result']> {
  const begun = await on.calls.lookAtClaim({ id, virtualNumber }, at);
  const { limit } = await on.admissions.look(accountId, node, at);
  if (begun === 'busy' || begun === 'gone') return begun;
  if (begun !== 'begun') return refusalOf(begun);
  return limit === null ? 'begun' : refusalOf(limit);
}

const hangUp = (on: Store, session: MaskingSession, id: string, talkedFrom: number | null, until: number) =>
  on.calls.finishLeg(
    addressOf(session, id),
    leg('a', id, { answeredAt: talkedFrom, bridgedAt: talkedFrom, endedAt: until }),
  );

describe('calls at a time', () => {
  test('on one number: one more is refused until another has ended', async () => {
    const [one, two, three] = await sessionsOn(DID, 3);
    const on = limited({ MAX_CALLS_PER_NUMBER: 2 });
    expect((await call(on, one!, 'call-1')).result).toBe('begun');
    expect((await call(on, two!, 'call-2')).result).toBe('begun');
    expect((await call(on, three!, 'call-3')).result).toBe('limit');
    // A question that is asked once more is no further call.
    expect((await call(on, two!, 'call-2')).result).toBe('begun');
    await hangUp(on, one!, 'call-1', NOW, NOW + 1000);
    expect((await call(on, three!, 'call-3')).result).toBe('begun');
    const [elsewhere] = await sessionsOn(DID2, 1, 10);
    expect((await call(on, elsewhere!, 'call-4')).result).toBe('begun');
  });

  test('on one number: a claim that lapsed does not count', async () => {
    const [one, two] = await sessionsOn(DID, 2);
    const on = limited({ MAX_CALLS_PER_NUMBER: 1 });
    await call(on, one!, 'call-1', { claimUntil: NOW + 60_000 });
    expect((await call(on, two!, 'call-2', {}, NOW + 59_999)).result).toBe('limit');
    expect((await call(on, two!, 'call-2', { claimUntil: NOW + 90_000 }, NOW + 60_000)).result).toBe('begun');
  });

  test.each([
    ['MAX_CALLS_PER_SUBACCOUNT', 'limit', { accountId: SUBACCOUNT }, { accountId: OTHER_SUBACCOUNT }],
    ['MAX_CALLS_PER_NODE', 'overloaded', { node: 'node-1' }, { node: 'node-2' }],
  ] as const)('%s: another one has room', async (limit, refusal, here, there) => {
    const [one, two, three] = await sessionsOn(DID, 3);
    const on = limited({ [limit]: 1 });
    expect((await call(on, one!, 'call-1', here)).result).toBe('begun');
    expect((await call(on, two!, 'call-2', here)).result).toBe(refusal);
    expect((await call(on, three!, 'call-3', there)).result).toBe('begun');
    await hangUp(on, one!, 'call-1', null, NOW + 1000);
    expect((await call(on, two!, 'call-2', here)).result).toBe('begun');
  });

  test('in all: controllers of one Redis count together', async () => {
    const sessions = await sessionsOn(DID, 12);
    const stores = [1, 2, 3].map(() => limited({ MAX_CALLS_TOTAL: 5 }));
    const claims = await Promise.all(
      sessions.map((session, index) => claim(stores[index % 3]!, session, `call-${index}`)),
    );
    expect(claims.filter(({ result }) => result === 'begun')).toHaveLength(5);
    expect(claims.filter(({ result }) => result === 'overloaded')).toHaveLength(7);
  });

  test('a call that is refused leaves its session free, without an interaction, and an event', async () => {
    const [one, two] = await sessionsOn(DID, 2);
    const on = limited({ MAX_CALLS_TOTAL: 1 });
    await call(on, one!, 'call-1');
    await call(on, two!, 'call-2');
    await call(on, two!, 'call-3');
    const read = await store.sessions.get(two!.id, NOW);
    expect(read).toMatchObject({
      interactions: [],
      session: { inProgress: false, totals: { callCount: 0 } },
    });
    expect(await store.calls.liveOn('node-1')).toMatchObject([{ interactionId: 'call-1' }]);
    expect(await store.notes.of(two!)).toMatchObject([
      { event: 'call-refused', parameter: 'MAX_CALLS_TOTAL', code: 'ERR_CALL_LIMIT', count: 2 },
    ]);
    await hangUp(on, one!, 'call-1', NOW, NOW + 1000);
    expect((await call(on, two!, 'call-4')).result).toBe('begun');
  });

  test('a caller who gets busy takes no room', async () => {
    const [one, two] = await sessionsOn(DID, 2);
    const on = limited({ MAX_CALLS_TOTAL: 2 });
    await call(on, one!, 'call-1');
    for (let again = 0; again < 5; again += 1) {
      expect((await call(on, one!, `busy-${again}`)).result).toBe('busy');
    }
    expect((await call(on, two!, 'call-2')).result).toBe('begun');
  });

  test('a withdrawn begin of an interaction does not end that of another', async () => {
    const [one] = await sessionsOn(DID, 1);
    await call(store, one!, 'call-1');
    await store.calls.withdraw(addressOf(one!, 'call-2'));
    expect((await store.sessions.get(one!.id, NOW))?.session.inProgress).toBe(true);
  });
});

describe('a controller that dies', () => {
  test('between claim and end: the count returns when another ends the call in the records', async () => {
    const [one, two] = await sessionsOn(DID, 2);
    const dying = limited({ MAX_CALLS_TOTAL: 1, MAX_CALLS_PER_NUMBER: 1 });
    await call(dying, one!, 'call-1');
    await dying.close();
    const other = limited({ MAX_CALLS_TOTAL: 1, MAX_CALLS_PER_NUMBER: 1 });
    expect((await call(other, two!, 'call-2')).result).toBe('limit');
    // What the reconciler does once the node has no such channel.
    const [live] = await other.calls.liveOn('node-1');
    await other.calls.finishLeg(live!, leg('a', 'call-1', { cause: 'CRASH', endedBy: 'system' }));
    expect((await call(other, two!, 'call-2')).result).toBe('begun');
  });

  test('between claim and end, with nobody to tell: the count returns when the claim lapses', async () => {
    const [one, two] = await sessionsOn(DID, 2);
    const on = limited({ MAX_CALLS_TOTAL: 1, MAX_CALLS_PER_NODE: 1 });
    await call(on, one!, 'call-1', { claimUntil: NOW + 60_000 });
    expect((await call(on, two!, 'call-2', {}, NOW + 59_999)).result).toBe('overloaded');
    expect((await call(on, two!, 'call-2', { claimUntil: NOW + 90_000 }, NOW + 60_000)).result).toBe('begun');
    // The record that comes late takes nothing away from the call that runs now.
    await hangUp(on, one!, 'call-1', NOW, NOW + 1000);
    const [three] = await sessionsOn(DID, 1, 5);
    expect((await call(on, three!, 'call-3', {}, NOW + 60_001)).result).toBe('overloaded');
  });

  test('between its two claims: neither is left behind', async () => {
    const [one] = await sessionsOn(DID, 1);
    const on = limited({ MAX_CALLS_TOTAL: 1 });
    await on.admissions.admit(startOf(one!, 'call-1', { claimUntil: NOW + 60_000 }), NOW);
    // FreeSWITCH asks the next controller about the same call.
    expect((await claim(on, one!, 'call-1')).result).toBe('begun');
    await hangUp(on, one!, 'call-1', NOW, NOW + 1000);
    expect(await fixture.raw.hgetall('maskline:{limits}:running')).toEqual({});
  });
});

describe('calls a second', () => {
  test('of a session: a redialler is refused, and let in after a pause', async () => {
    const [one] = await sessionsOn(DID, 1);
    const on = limited({ CALL_RATE_PER_SESSION: 2 });
    const results: string[] = [];
    for (let dialled = 0; dialled < 4; dialled += 1) {
      results.push((await call(on, one!, `call-${dialled}`)).result);
      await hangUp(on, one!, `call-${dialled}`, null, NOW);
    }
    expect(results.slice(0, 2)).toEqual(['begun', 'begun']);
    expect(results).toContain('limit');
    await sleep(1_100);
    expect((await call(on, one!, 'later')).result).toBe('begun');
  });

  test.each([
    ['CALL_RATE_PER_NUMBER', 'limit', {}],
    ['CALL_RATE_PER_SUBACCOUNT', 'limit', { accountId: SUBACCOUNT }],
    ['CALL_RATE_PER_NODE', 'overloaded', {}],
    ['CALL_RATE_TOTAL', 'overloaded', {}],
  ] as const)('%s', async (limit, refusal, changes) => {
    const sessions = await sessionsOn(DID, 9);
    const on = limited({ [limit]: 3 });
    const claims = await Promise.all(
      sessions.map((session, index) => claim(on, session, `call-${index}`, changes)),
    );
    const begun = claims.filter(({ result }) => result === 'begun').length;
    // A second's worth at once, and what flows in while they come.
    expect(begun).toBeGreaterThanOrEqual(3);
    expect(begun).toBeLessThan(9);
    expect(claims.filter(({ result }) => result === refusal)).toHaveLength(9 - begun);
    await sleep(1_100);
    const refused = sessions.find((_, index) => claims[index]?.result === refusal);
    expect((await call(on, refused!, 'later', changes)).result).toBe('begun');
  });
});

describe('the minutes of a day', () => {
  const DAILY = { DAILY_MINUTES_TOTAL: 10 };

  test('are talk that has ended: a call past them is refused until midnight', async () => {
    const [one, two] = await sessionsOn(DID, 2);
    const on = limited(DAILY);
    const dayEnd = MIDNIGHT + 86_400_000;
    expect(await call(on, one!, 'call-1')).toEqual({ result: 'begun', secondsLeft: 600, note: '', why: '' });
    await hangUp(on, one!, 'call-1', NOW, NOW + 599_500);
    expect(await call(on, two!, 'call-2', {}, NOW + 600_000)).toEqual({
      result: 'minutes',
      secondsLeft: null,
      note: '',
      why: 'DAILY_MINUTES_TOTAL',
    });
    await store.sessions.update(two!.id, { sessionExpiry: 86_400 }, NOW);
    expect(await call(on, two!, 'call-3', {}, dayEnd - 1)).toMatchObject({ result: 'minutes' });
    expect(await call(on, two!, 'call-4', { claimUntil: dayEnd + 60_000 }, dayEnd)).toEqual({
      result: 'begun',
      secondsLeft: 600,
      note: '',
      why: '',
    });
  });

  test('count a call once, however often its end is told', async () => {
    const [one, two] = await sessionsOn(DID, 2);
    const on = limited(DAILY);
    await call(on, one!, 'call-1');
    for (let told = 0; told < 3; told += 1) await hangUp(on, one!, 'call-1', NOW, NOW + 120_000);
    expect(await call(on, two!, 'call-2', {}, NOW + 120_000)).toMatchObject({ secondsLeft: 480 });
  });

  test('count a record that comes after its claim lapsed, once', async () => {
    const [one, two, three] = await sessionsOn(DID, 3);
    const on = limited(DAILY);
    await call(on, one!, 'call-1', { claimUntil: NOW + 60_000 });
    await call(on, two!, 'call-2', { claimUntil: NOW + 900_000 }, NOW + 61_000);
    await hangUp(on, two!, 'call-2', null, NOW + 61_000);
    await hangUp(on, one!, 'call-1', NOW, NOW + 60_000);
    await hangUp(on, one!, 'call-1', NOW, NOW + 60_000);
    expect(await call(on, three!, 'call-3', {}, NOW + 62_000)).toMatchObject({ secondsLeft: 540 });
  });

  test('count those who talk now, from when their calls began', async () => {
    const [one, two, three] = await sessionsOn(DID, 3);
    const on = limited(DAILY);
    await call(on, one!, 'call-1', { claimUntil: NOW + 3_600_000 });
    await call(on, two!, 'call-2', { claimUntil: NOW + 3_600_000 }, NOW + 60_000);
    const third = await call(on, three!, 'call-3', {}, NOW + 120_000);
    expect(third).toEqual({ result: 'begun', secondsLeft: 600 - 120 - 60, note: '', why: '' });
  });

  test('of a subaccount are its own; the shorter rest counts; the last minute is given whole', async () => {
    const [one, two, three] = await sessionsOn(DID, 3);
    const on = limited({ DAILY_MINUTES_TOTAL: 10, DAILY_MINUTES_PER_SUBACCOUNT: 2 });
    const own = { accountId: SUBACCOUNT };
    expect(await call(on, one!, 'call-1', own)).toMatchObject({ secondsLeft: 120 });
    await hangUp(on, one!, 'call-1', NOW, NOW + 110_000);
    expect(await call(on, two!, 'call-2', own, NOW + 110_000)).toEqual({
      result: 'begun',
      secondsLeft: 60,
      note: '',
      why: '',
    });
    await hangUp(on, two!, 'call-2', NOW + 110_000, NOW + 120_000);
    expect(await call(on, two!, 'call-3', own, NOW + 121_000)).toMatchObject({ result: 'minutes' });
    const other = { accountId: OTHER_SUBACCOUNT };
    expect(await call(on, three!, 'call-4', other, NOW + 121_000)).toMatchObject({ secondsLeft: 120 });
  });

  test('a call that nobody answered costs none', async () => {
    const [one] = await sessionsOn(DID, 1);
    const on = limited(DAILY);
    await call(on, one!, 'call-1');
    await hangUp(on, one!, 'call-1', null, NOW + 45_000);
    expect(await call(on, one!, 'call-2', {}, NOW + 45_000)).toMatchObject({ secondsLeft: 600 });
  });
});

test('what is kept about calls is gone once they are', async () => {
  const sessions = await sessionsOn(DID, 5);
  const on = limited({ MAX_CALLS_TOTAL: 100, CALL_RATE_TOTAL: 100, CALL_RATE_PER_NUMBER: 100 });
  for (const [index, session] of sessions.entries()) {
    await call(on, session, `call-${index}`, { accountId: SUBACCOUNT });
    await hangUp(on, session, `call-${index}`, null, NOW + 1000);
  }
  await on.calls.route(DID, from(person(0)), NOW);
  await sleep(2_100);
  const left = await fixture.raw.keys('maskline:*{limits}*');
  expect(left).toEqual([]);
  expect(await fixture.raw.keys('maskline:*:r[ua]*')).toEqual([]);
});
