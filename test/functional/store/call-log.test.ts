import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { CallQuery, Store } from '../../../src/store/index.js';
import type { LegRecord } from '../../../src/masking/interaction.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import { PROOF } from '../../helpers/hold.js';
import {
  addressOf,
  ALICE,
  BOB,
  CAROL,
  did,
  DID,
  DID2,
  draft,
  Fixture,
  KEY,
  leg,
  NOW,
  OTHER_KEY,
  startOf,
  STRANGER,
} from './fixture.js';

let fixture: Fixture;
let store: Store;
let session: MaskingSession;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh(DID);
  session = await store.sessions.create(draft());
});

const EVERYTHING: CallQuery = { accountIds: null, ended: {}, limit: 20, offset: 0 };

/** A whole interaction; answers the UUIDs of its legs. */
async function call(
  changes: { a?: Partial<LegRecord>; b?: Partial<LegRecord>; from?: E164 | null; of?: MaskingSession } = {},
): Promise<{ a: string; b: string }> {
  const of = changes.of ?? session;
  const [a, b] = [randomUUID(), randomUUID()];
  const from = changes.from === undefined ? ALICE : changes.from;
  await store.calls.begin(startOf(of, a, { people: { a: from, b: BOB, aWasCalled: false } }), NOW);
  await store.calls.finishLeg(addressOf(of, a), leg('b', b, changes.b));
  await store.calls.finishLeg(addressOf(of, a), leg('a', a, { trunk: '', ...changes.a }));
  return { a, b };
}

async function uuids(query: Partial<CallQuery> = {}): Promise<string[]> {
  const { calls, total } = await store.callLog.list({ ...EVERYTHING, ...query }, NOW);
  expect(total).toBe(calls.length);
  return calls.map((found) => found.uuid);
}

describe('a leg that has ended', () => {
  test('is found by its UUID, with the numbers that its phone and the virtual number make', async () => {
    const { a, b } = await call();
    expect(await store.callLog.find(a, NOW)).toMatchObject({
      uuid: a,
      role: 'a',
      direction: 'inbound',
      from: ALICE,
      to: DID,
      accountId: session.accountId,
      leg: { endedAt: NOW + 5500 },
    });
    expect(await store.callLog.find(b, NOW)).toMatchObject({
      role: 'b',
      direction: 'outbound',
      from: DID,
      to: BOB,
      interaction: { id: a },
    });
    expect(await store.callLog.find(randomUUID(), NOW)).toBeNull();
  });

  test('of a caller who came by PIN has the number that called, not a party’s', async () => {
    const { a } = await call({ from: STRANGER });
    expect(await store.callLog.find(a, NOW)).toMatchObject({ from: STRANGER });
    const { a: withheld } = await call({ from: null });
    expect(await store.callLog.find(withheld, NOW)).toMatchObject({ from: null, to: DID });
  });

  test('that we dialled is outbound, also on the A side', async () => {
    const a = randomUUID();
    const people = { a: ALICE, b: BOB, aWasCalled: true };
    await store.calls.begin(startOf(session, a, { people }), NOW);
    await store.calls.finishLeg(addressOf(session, a), leg('a', a));
    expect(await store.callLog.find(a, NOW)).toMatchObject({ direction: 'outbound', from: DID, to: ALICE });
  });

  test('of which only the end was heard is filed under the parties', async () => {
    const a = randomUUID();
    await store.calls.finishLeg(addressOf(session, a), leg('a', a, { trunk: '' }));
    expect(await store.callLog.find(a, NOW)).toMatchObject({ direction: 'inbound', from: ALICE, to: DID });
  });

  test('is indexed by the second report when the first writer died after the leg itself', async () => {
    const { a } = await call();
    await fixture.raw.del(`maskline:leg:${a}`, 'maskline:{calls}:all');
    expect(await store.callLog.find(a, NOW)).toBeNull();
    expect(await store.calls.finishLeg(addressOf(session, a), leg('a', a, { trunk: '' }))).toBe(false);
    expect(await store.callLog.find(a, NOW)).toMatchObject({ uuid: a });
    expect(await uuids()).toEqual([a]);
  });

  test('is listed once, however often it is reported', async () => {
    const { a, b } = await call();
    await store.calls.finishLeg(
      addressOf(session, a),
      leg('a', a, { trunk: '', cause: 'CRASH', endedAt: NOW + 9 }),
    );
    expect((await uuids()).sort()).toEqual([a, b].sort());
  });

  test('is written also when its session can no longer be read', async () => {
    const lost: unknown[] = [];
    const other = fixture.store({ dataKeys: [OTHER_KEY], onError: (error) => lost.push(error) });
    const a = randomUUID();
    expect(await other.calls.finishLeg(addressOf(session, a), leg('a', a))).toBe(true);
    expect(lost).toMatchObject([{ code: 'ERR_UNREADABLE_DOCUMENT' }]);
  });
});

describe('the list of calls', () => {
  test('is newest first, in pages, within a span', async () => {
    const ended = [1, 2, 3, 4, 5].map((hour) => NOW + hour * 3_600_000);
    const made: string[] = [];
    for (const endedAt of ended) {
      const a = randomUUID();
      await store.calls.finishLeg(addressOf(session, a), leg('a', a, { endedAt }));
      made.unshift(a);
    }
    expect(await uuids()).toEqual(made);
    const page = await store.callLog.list({ ...EVERYTHING, limit: 2, offset: 1 }, NOW);
    expect(page.total).toBe(5);
    expect(page.calls.map(({ uuid }) => uuid)).toEqual(made.slice(1, 3));
    const [first = 0, second = 0, , fourth = 0, fifth = 0] = ended;
    expect(await uuids({ ended: { gte: second, lt: fifth } })).toEqual(made.slice(1, 4));
    expect(await uuids({ ended: { gt: second, lte: fourth } })).toEqual(made.slice(1, 3));
    expect(await uuids({ ended: { gt: first, gte: first, lt: second, lte: second } })).toEqual([]);
    expect((await store.callLog.list({ ...EVERYTHING, offset: 5 }, NOW)).calls).toEqual([]);
  });

  test('is filtered by numbers, direction, parent, duration and how the call ended', async () => {
    const one = await call();
    const two = await call({
      from: CAROL,
      b: { cause: 'USER_BUSY', sipStatus: 486, endedBy: 'b', answeredAt: null, bridgedAt: null },
    });
    expect((await uuids({ from: ALICE })).sort()).toEqual([one.a]);
    expect((await uuids({ from: DID })).sort()).toEqual([one.b, two.b].sort());
    expect((await uuids({ to: BOB })).sort()).toEqual([one.b, two.b].sort());
    expect(await uuids({ from: CAROL, to: DID })).toEqual([two.a]);
    expect(await uuids({ from: CAROL, to: BOB })).toEqual([]);
    expect(await uuids({ from: STRANGER })).toEqual([]);
    expect((await uuids({ direction: 'inbound' })).sort()).toEqual([one.a, two.a].sort());
    expect(await uuids({ parentUuid: two.a })).toEqual([two.b]);
    expect(await uuids({ hangupCode: 3010 })).toEqual([two.b]);
    expect(await uuids({ hangupSource: 'Callee' })).toEqual([two.b]);
    expect(await uuids({ billDuration: { lt: 1 } })).toEqual([two.b]);
    expect(await uuids({ billDuration: { gte: 4, lte: 4 }, from: ALICE })).toEqual([one.a]);
  });

  test('of a subaccount has its own calls only', async () => {
    const accountId = 'SAXXXXXXXXXXXXXXXXXX';
    await store.numbers.add(did(DID2, { subaccount: accountId }));
    const mine = await store.sessions.create(draft({ accountId, firstParty: CAROL, secondParty: STRANGER }));
    const theirs = await call();
    const own = await call({ of: mine, from: CAROL });
    expect((await uuids({ accountIds: [accountId] })).sort()).toEqual([own.a, own.b].sort());
    expect(await uuids({ accountIds: [accountId], from: ALICE })).toEqual([]);
    expect((await uuids()).sort()).toEqual([theirs.a, theirs.b, own.a, own.b].sort());
  });

  test('finds a person’s calls of before and after a rotation of the data keys', async () => {
    const before = await call();
    store = fixture.store({ dataKeys: [OTHER_KEY, KEY] });
    const after = await call({ a: { endedAt: NOW + 9000 } });
    expect(await uuids({ from: ALICE })).toEqual([after.a, before.a]);
    const { calls } = await store.callLog.list({ ...EVERYTHING, from: ALICE, limit: 1, offset: 1 }, NOW);
    expect(calls.map(({ uuid }) => uuid)).toEqual([before.a]);
  });

  test('lets go of what is older than the retention, a bounded part with each new call', async () => {
    store = fixture.store({ retention: 1000 });
    const old = await call();
    const young = await call({ a: { endedAt: NOW + 60_000 }, b: { endedAt: NOW + 60_000 } });
    expect((await fixture.raw.zrange('maskline:{calls}:all', '0', '-1')).join()).not.toContain(old.a);
    expect((await uuids()).sort()).toEqual([young.a, young.b].sort());
  });
});

describe('legs that are up', () => {
  test('are found on their node from the first ring to their end', async () => {
    await store.nodes.remember('127.0.0.1:8021', 'node-1');
    const [a, b] = [randomUUID(), randomUUID()];
    const address = addressOf(session, a);
    await store.calls.noteLeg(address, b, NOW);
    expect(await store.liveCalls.locate(b)).toBeNull();
    await store.calls.begin(startOf(session, a), NOW);
    expect(await store.liveCalls.all()).toMatchObject([{ uuid: a, role: 'a' }]);
    await store.calls.noteLeg(address, b, NOW + 7);
    expect(await store.liveCalls.locate(b)).toMatchObject({
      uuid: b,
      role: 'b',
      since: NOW + 7,
      interaction: { node: 'node-1', interactionId: a, accountId: session.accountId },
    });
    expect(await store.liveCalls.locate(a)).toMatchObject({ role: 'a', interaction: { interactionId: a } });
    const up = await store.liveCalls.all();
    expect(up.map(({ uuid }) => uuid).sort()).toEqual([a, b].sort());
    expect((await store.liveCalls.read(up, NOW)).map(({ from, to }) => [from, to]).sort()).toEqual(
      [
        [ALICE, DID],
        [DID, BOB],
      ].sort(),
    );
    await store.calls.finishLeg(address, leg('b', b));
    expect(await store.liveCalls.locate(b)).toBeNull();
    await store.calls.finishLeg(address, leg('a', a));
    expect(await store.liveCalls.locate(a)).toBeNull();
    expect(await store.liveCalls.all()).toEqual([]);
  });

  test('a ring that is heard of after the end leaves nothing', async () => {
    await store.nodes.remember('127.0.0.1:8021', 'node-1');
    const { a, b } = await call();
    await store.calls.noteLeg(addressOf(session, a), b, NOW + 9);
    expect(await store.liveCalls.all()).toEqual([]);
    expect(await store.callLog.find(b, NOW)).toMatchObject({ uuid: b });
  });

  test('a note whose interaction is gone is taken out when it is met', async () => {
    await store.nodes.remember('127.0.0.1:8021', 'node-1');
    await fixture.raw.hset(
      'maskline:{live:node-1}:legs',
      'b',
      JSON.stringify({ interactionId: 'x', since: 1 }),
    );
    expect(await store.liveCalls.all()).toEqual([]);
    expect(await fixture.raw.hlen('maskline:{live:node-1}:legs')).toBe(0);
  });
});

describe('commands for a node', () => {
  const command = { uuid: 'leg', call: 'call', cause: 'MANAGER_REQUEST', until: NOW };

  test('wait until they are settled, and their outcome is read', async () => {
    await store.commands.push('node-1', command);
    await store.commands.push('node-1', { ...command, until: NOW + 1 });
    expect(await store.commands.waiting('node-1', PROOF)).toEqual([{ ...command, until: NOW + 1 }]);
    expect(await store.commands.outcome('node-1', 'leg')).toBeNull();
    await store.commands.settle('node-1', 'leg', 'done', PROOF);
    expect(await store.commands.waiting('node-1', PROOF)).toEqual([]);
    expect(await store.commands.outcome('node-1', 'leg')).toBe('done');
  });

  test('an old outcome is not taken for that of a new command', async () => {
    await store.commands.settle('node-1', 'leg', 'gone', PROOF);
    await store.commands.push('node-1', command);
    expect(await store.commands.outcome('node-1', 'leg')).toBeNull();
    await store.commands.settle('node-1', 'leg', null, PROOF);
    expect(await store.commands.outcome('node-1', 'leg')).toBeNull();
  });

  test('have a bound', async () => {
    const fill = Array.from({ length: 1000 }, (_, index) =>
      store.commands.push('node-1', { ...command, uuid: `leg-${index}` }),
    );
    await Promise.all(fill);
    await expect(store.commands.push('node-1', { ...command, uuid: 'one more' })).rejects.toMatchObject({
      code: 'ERR_QUEUE_FULL',
    });
    await store.commands.push('node-1', { ...command, uuid: 'leg-7' });
  });
});
