import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { legEnd, type TracedCall } from '../../../src/calls/call-trace.js';
import type { Store, TraceQuery } from '../../../src/store/index.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import {
  addressOf,
  ALICE,
  ANONYMOUS,
  BOB,
  DID,
  DID2,
  draft,
  Fixture,
  from,
  leg,
  startOf,
  STRANGER,
} from './fixture.js';

/** The real clock: what is kept expires by it. */
const NOW = Date.now();
const SUB = 'SAXXXXXXXXXXXXXXXXXX';

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh(DID, DID2);
});

const EVERYTHING: TraceQuery = { accountIds: null, started: {}, limit: 20, offset: 0 };

function aCall(changes: Partial<TracedCall> = {}): TracedCall {
  return { id: randomUUID(), node: 'node-1', number: DID, sessionId: null, accountId: '', ...changes };
}

/** A call of `caller` that is refused. */
async function refused(caller: E164 | null, at: number, changes: Partial<TracedCall> = {}): Promise<string> {
  const call = aCall(changes);
  store.traces.note(call, { step: 'received', caller: caller === null ? ANONYMOUS : from(caller) }, at);
  store.traces.note(call, { step: 'refused', reason: 'busy', cause: 'USER_BUSY' }, at + 1);
  await store.traces.flush();
  return call.id;
}

async function ids(query: Partial<TraceQuery> = {}): Promise<string[]> {
  const { traces, total } = await store.traces.list({ ...EVERYTHING, ...query });
  expect(total).toBe(traces.length);
  return traces.map(({ call }) => call.id);
}

describe('traces of calls', () => {
  test('are read with everything that was noted, by whomever', async () => {
    const id = await refused(STRANGER, NOW);
    const other = fixture.store();
    other.traces.note(
      aCall({ id, number: null }),
      {
        ...{
          step: 'ended',
          uuid: id,
          leg: 'a',
          by: 'system',
          cause: 'USER_BUSY',
          sipStatus: null,
          trunk: '',
        },
        ...{ startedAt: NOW, ringingAt: null, answeredAt: null, bridgedAt: null, ledTo: 'refuse' },
      },
      NOW + 5,
    );
    await other.traces.flush();
    const trace = await store.traces.read(id);
    expect(trace).toMatchObject({
      call: { id, number: DID, node: 'node-1', sessionId: null, accountId: '' },
      caller: { kind: 'number', number: STRANGER },
      summary: { outcome: 'refused', reason: 'busy', endedAt: NOW + 5, endedBy: 'system' },
    });
    expect(trace?.steps.map(({ step }) => step)).toEqual(['received', 'refused', 'ended']);
    expect(await store.traces.read(randomUUID())).toBeNull();
  });

  test('are found by caller, number, session, account and outcome, newest first', async () => {
    const one = await refused(STRANGER, NOW - 3_000);
    const two = await refused(STRANGER, NOW - 2_000, { number: DID2, accountId: SUB });
    const three = await refused(null, NOW - 1_000);
    const session = randomUUID();
    const claimed = aCall({ sessionId: session });
    store.traces.note(claimed, { step: 'received', caller: from(ALICE) }, NOW);
    store.traces.note(claimed, { step: 'claimed', result: 'begun', party: 'first', why: '' }, NOW);
    await store.traces.flush();
    expect(await ids()).toEqual([claimed.id, three, two, one]);
    expect(await ids({ caller: STRANGER })).toEqual([two, one]);
    expect(await ids({ number: DID })).toEqual([claimed.id, three, one]);
    expect(await ids({ number: DID2, caller: STRANGER })).toEqual([two]);
    expect(await ids({ sessionId: session })).toEqual([claimed.id]);
    expect(await ids({ outcome: 'refused', number: DID })).toEqual([three, one]);
    expect(await ids({ accountIds: [SUB] })).toEqual([two]);
    expect(await ids({ accountIds: [] })).toEqual([]);
    expect(await ids({ started: { gte: NOW - 2_500, lt: NOW } })).toEqual([three, two]);
  });

  test('of a call that was dialled are filed by how it ended', async () => {
    const session = await store.sessions.create(draft({ now: NOW }));
    const outcomes = { connected: randomUUID(), unanswered: randomUUID() };
    for (const [outcome, id] of Object.entries(outcomes)) {
      const start = startOf(session, id, { startedAt: NOW, claimUntil: NOW + 60_000 });
      const call = aCall({ id, sessionId: session.id, number: session.virtualNumber });
      store.traces.note(call, { step: 'received', caller: from(ALICE) }, NOW);
      await store.calls.begin(start, NOW);
      const joined = outcome === 'connected' ? NOW + 500 : null;
      const times = {
        startedAt: NOW,
        ringingAt: null,
        answeredAt: joined,
        bridgedAt: joined,
        endedAt: NOW + 900,
      };
      await store.calls.finishLeg(addressOf(session, id), leg('a', id, { ...times, trunk: '' }));
    }
    await store.traces.flush();
    expect(await ids({ outcome: 'connected' })).toEqual([outcomes.connected]);
    expect(await ids({ outcome: 'unanswered' })).toEqual([outcomes.unanswered]);
  });

  test('expire, and none are kept where that is asked for', async () => {
    const id = await refused(BOB, NOW);
    for (const key of await fixture.raw.keys('maskline:*trace*')) {
      if (key.endsWith(':feed')) continue;
      expect(await fixture.raw.pttl(key), key).toBeGreaterThan(6 * 86_400_000);
    }
    expect(await ids()).toEqual([id]);
    const silent = fixture.store({ traceRetention: 0 });
    const none = aCall();
    silent.traces.note(none, { step: 'received', caller: ANONYMOUS }, NOW);
    await silent.traces.flush();
    expect(await store.traces.read(none.id)).toBeNull();
  });

  test('of calls that are not over are listed, for as long as they are not', async () => {
    const live = (query: Partial<TraceQuery> = {}): Promise<string[]> => ids({ ...query, isLive: true });
    const begin = async (changes: Partial<TracedCall> = {}, at = NOW): Promise<TracedCall> => {
      const call = aCall(changes);
      store.traces.note(call, { step: 'received', caller: from(ALICE) }, at);
      await store.traces.flush();
      return call;
    };
    const [one, two] = [await begin(), await begin({ number: DID2, accountId: SUB }, NOW + 1)];
    await refused(STRANGER, NOW);
    expect(await live()).toEqual([two.id, one.id]);
    expect(await live({ accountIds: [SUB] })).toEqual([two.id]);
    expect(await live({ number: DID })).toEqual([one.id]);
    expect(await live({ started: { lt: NOW } })).toEqual([]);

    store.traces.note(two, { step: 'refused', reason: 'busy', cause: 'USER_BUSY' }, NOW + 2);
    const b = legEnd(leg('b', randomUUID(), {}));
    store.traces.note(one, b, NOW + 2);
    await store.traces.flush();
    expect(await live()).toEqual([one.id]);
    expect(await live({ accountIds: [SUB] })).toEqual([]);
    store.traces.note(one, legEnd(leg('a', one.id, {})), NOW + 3);
    await store.traces.flush();
    expect(await live()).toEqual([]);
  });

  test('of a call whose end was told before its beginning is not listed as live', async () => {
    const call = aCall();
    store.traces.note(call, legEnd(leg('a', call.id, {})), NOW + 3);
    await store.traces.flush();
    const late = fixture.store();
    late.traces.note(call, { step: 'received', caller: from(ALICE) }, NOW);
    await late.traces.flush();
    expect(await ids({ isLive: true })).toEqual([]);
    expect(await fixture.raw.keys('maskline:{traces}:all:live')).toEqual([]);
    expect(await ids()).toEqual([call.id]);
  });

  test('of a call of whose end nobody told leave the live ones, unless two people talk', async () => {
    const later = fixture.store({ now: () => NOW + 31 * 60_000 });
    const [silent, talking] = [aCall(), aCall({ sessionId: randomUUID() })];
    for (const call of [silent, talking]) {
      store.traces.note(call, { step: 'received', caller: from(ALICE) }, NOW);
    }
    store.traces.note(silent, { step: 'prompted', keyed: 'pin', attempt: 1, afterWrong: false }, NOW + 1);
    store.traces.note(talking, { step: 'dialed', leg: 'b', trunks: ['main'] }, NOW + 1);
    await store.traces.flush();
    expect((await ids({ isLive: true })).sort()).toEqual([silent.id, talking.id].sort());
    const { traces, total } = await later.traces.list({ ...EVERYTHING, isLive: true });
    expect([traces.map(({ call }) => call.id), total]).toEqual([[talking.id], 1]);
  });

  test('hold no more than they may', async () => {
    const lost: number[] = [];
    const counting = fixture.store({ onTraceLost: (steps) => lost.push(steps) });
    const call = aCall();
    for (let attempt = 1; attempt <= 250; attempt += 1) {
      counting.traces.note(
        call,
        { step: 'prompted', keyed: 'pin', attempt, afterWrong: false },
        NOW + attempt,
      );
    }
    await counting.traces.flush();
    expect((await store.traces.read(call.id))?.steps).toHaveLength(200);
    expect(lost).toEqual([50]);
  });
});

test('steps of many calls are written together, and each call is filed as if it were alone', async () => {
  const start = await store.feed.end();
  const calls = Array.from({ length: 250 }, () => aCall());
  for (const [index, call] of calls.entries()) {
    const caller = from(index % 2 === 0 ? ALICE : BOB);
    store.traces.note(call, { step: 'received', caller }, NOW + index);
    if (index % 5 === 0) store.traces.note(call, { step: 'refused', reason: 'busy', cause: '' }, NOW + index);
  }
  await store.traces.flush();
  expect(await ids({ limit: 300 })).toEqual(calls.map(({ id }) => id).reverse());
  const numbersOf = async (query: Partial<TraceQuery>): Promise<number> =>
    (await ids({ limit: 300, ...query })).length;
  expect(await numbersOf({ caller: ALICE })).toBe(125);
  expect(await numbersOf({ outcome: 'refused' })).toBe(50);
  expect(await numbersOf({ isLive: true })).toBe(200);
  expect(await numbersOf({ caller: BOB, outcome: 'refused' })).toBe(25);
  const fed = await store.feed.after(start);
  expect(new Set(fed.map(({ call }) => call.id)).size).toBe(250);
  expect(fed).toHaveLength(300);
});

describe('the feed of calls', () => {
  test('tells what came after, once, and where to go on; and names no caller', async () => {
    const start = await store.feed.end();
    const one = await refused(STRANGER, NOW);
    const told = await store.feed.after(start);
    expect(told.map(({ call, step }) => [call.id, step.step])).toEqual([
      [one, 'received'],
      [one, 'refused'],
    ]);
    expect(told[0]?.id).toBeNull();
    expect(JSON.stringify(told)).not.toContain(STRANGER.slice(1));
    const next = told[1]?.id ?? '';
    expect(await store.feed.after(next)).toEqual([]);
    expect(await store.feed.reaches(next)).toBe(true);
    const two = await refused(null, NOW);
    expect((await store.feed.after(next)).map(({ call }) => call.id)).toEqual([two, two]);
  });

  test('knows what it does not reach back to any more', async () => {
    expect(await store.feed.reaches('0-0')).toBe(true);
    await refused(STRANGER, NOW);
    expect(await store.feed.reaches('1-0')).toBe(false);
    expect(await store.feed.reaches('nonsense')).toBe(false);
    // Who began before the first call misses nothing of a feed that has dropped nothing.
    expect(await store.feed.reaches('0-0')).toBe(true);
  });
});

describe('statistics', () => {
  test('count what became of calls, by the minute, over several controllers', async () => {
    const minute = NOW - (NOW % 3_600_000) + 600_000;
    const other = fixture.store();
    const ended = { startedAt: minute, endedAt: minute + 30_000, bridgedAt: minute + 10_000 };
    for (const each of [store, other]) {
      each.statistics.unconnected('busy', minute);
      each.statistics.legEnded(
        leg('b', 'b', { ...ended, ringingAt: minute + 1_750, answeredAt: minute + 9_000 }),
      );
      each.statistics.legEnded(leg('a', 'a', { ...ended, trunk: '' }));
      each.statistics.legEnded(leg('a', 'c', { ...ended, bridgedAt: null, cause: 'USER_BUSY', trunk: '' }));
      await each.statistics.flush();
    }
    const spans = await store.statistics.read(minute - 60_000, minute + 120_000, 60_000);
    expect(spans.map(({ at, counts }) => [at, counts.connected])).toEqual([
      [minute - 60_000, 0],
      [minute, 2],
      [minute + 60_000, 0],
    ]);
    expect(spans[1]?.counts).toMatchObject({
      ...{ connected: 2, unanswered: 2, unconnected: { busy: 2 }, causes: { USER_BUSY: 2 }, talkSeconds: 40 },
    });
    expect(spans[1]?.counts.delays.reduce((sum, count) => sum + count, 0)).toBe(2);
    const wide = await store.statistics.read(minute - 3_600_000, minute + 3_600_000, 7_200_000);
    expect(wide.map(({ counts }) => counts.connected)).toEqual([2]);
  });
});
