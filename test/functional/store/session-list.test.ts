import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import { matches, type SessionQuery } from '../../../src/masking/session-query.js';
import type { Store } from '../../../src/store/index.js';
import {
  ALICE,
  BOB,
  CAROL,
  did,
  DID,
  DID2,
  draft,
  Fixture,
  NOW,
  OTHER_KEY,
  KEY,
  startOf,
} from './fixture.js';

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start(['--appendfsync', 'everysec']);
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh(DID, DID2);
});

const HOUR = 3_600_000;
const MAIN = 'MAXXXXXXXXXXXXXXXXXX';
const ALL: SessionQuery = {
  accountIds: null,
  status: 'all',
  created: {},
  expiry: {},
  duration: {},
  limit: 20,
  offset: 0,
};

async function list(query: Partial<SessionQuery> = {}, now = NOW): Promise<{ ids: string[]; total: number }> {
  const { sessions, total } = await store.sessions.list({ ...ALL, ...query }, now);
  return { ids: sessions.map(({ session }) => session.id), total };
}

/** `count` sessions of persons who appear once, `apart` milliseconds between two, oldest first. */
async function many(count: number, apart: number, accountId = MAIN): Promise<MaskingSession[]> {
  const created: MaskingSession[] = [];
  for (let index = 0; index < count; index += 1) {
    const person = (series: number): E164 => `+1555${series}${String(index).padStart(6, '0')}` as E164;
    created.push(
      await store.sessions.create(
        draft({
          accountId,
          firstParty: person(3),
          secondParty: person(4),
          now: NOW + index * apart,
          settings: { sessionExpiry: 60 + (index % 5) * 60 },
        }),
      ),
    );
  }
  return created;
}

const newestFirst = (sessions: readonly MaskingSession[]): string[] =>
  sessions
    .toSorted((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1))
    .map(({ id }) => id);

describe('list', () => {
  test('newest first over days, in pages, with the total', async () => {
    const all = newestFirst(await many(30, 5 * HOUR));
    for (const offset of [0, 1, 9, 10, 19, 25, 29, 30, 40]) {
      for (const limit of [1, 7, 20]) {
        expect(await list({ limit, offset })).toEqual({ ids: all.slice(offset, offset + limit), total: 30 });
        const all2 = await list({ limit, offset, accountIds: [MAIN, 'SAother'] });
        expect(all2).toEqual({ ids: all.slice(offset, offset + limit), total: 30 });
      }
    }
  });

  test('sessions of one instant by id, the same order in every page', async () => {
    const all = newestFirst(await many(25, 0));
    const pages = await Promise.all([0, 10, 20].map((offset) => list({ limit: 10, offset })));
    expect(pages.flatMap(({ ids }) => ids)).toEqual(all);
  });

  test('every filter means what the plain rule says', async () => {
    const sessions = await many(40, 7 * 60_000);
    const filters: Partial<SessionQuery>[] = [
      { status: 'active' },
      { status: 'expired' },
      { status: 'in-progress' },
      { firstParty: sessions[3]!.firstParty! },
      { secondParty: sessions[3]!.firstParty! },
      { secondParty: sessions[7]!.secondParty!, virtualNumber: sessions[7]!.virtualNumber },
      { virtualNumber: DID2 },
      { created: { gt: NOW + 14 * 60_000, lte: NOW + 70 * 60_000 } },
      { created: { gte: NOW + 14 * 60_000, lt: NOW + 70 * 60_000 } },
      { created: { gte: NOW + 14 * 60_000 + 0.5, lte: NOW + 14 * 60_000 + 0.6 } },
      { expiry: { gt: sessions[5]!.expiresAt, lte: sessions[20]!.expiresAt } },
      { duration: { gte: 120, lt: 240 } },
      { duration: { gt: 120, lte: 240 }, status: 'expired', created: { lt: NOW + HOUR } },
      { accountIds: [MAIN] },
      { accountIds: ['SAnobody'] },
      { accountIds: [] },
    ];
    const now = NOW + 60 * 60_000;
    for (const filter of filters) {
      const wanted = sessions.filter((session) => matches(session, { ...ALL, ...filter }, now));
      const ids = newestFirst(wanted);
      expect(await list({ ...filter, limit: 4 }, now)).toEqual({ ids: ids.slice(0, 4), total: ids.length });
      expect(await list({ ...filter, limit: 20, offset: 3 }, now)).toEqual({
        ids: ids.slice(3, 23),
        total: ids.length,
      });
    }
  });

  test('each account sees its own', async () => {
    const [one] = await many(1, 0, 'SAAAAAAAAAAAAAAAAAAA').catch(() => []);
    expect(one).toBeUndefined();
    await store.numbers.add(did('+15550009003' as E164, { subaccount: 'SAAAAAAAAAAAAAAAAAAA' }));
    const [own] = await many(1, 0, 'SAAAAAAAAAAAAAAAAAAA');
    const main = await store.sessions.create(draft());
    expect(await list({ accountIds: ['SAAAAAAAAAAAAAAAAAAA'] })).toEqual({ ids: [own!.id], total: 1 });
    expect(await list({ accountIds: [MAIN] })).toEqual({ ids: [main.id], total: 1 });
    expect((await list()).total).toBe(2);
  });

  test('a running call, an update and an end show at once', async () => {
    const session = await store.sessions.create(draft());
    await store.nodes.remember('127.0.0.1:8021', 'node-1');
    await store.calls.begin(startOf(session, 'call-1'), NOW);
    const inCall = { ids: [session.id], total: 1 };
    expect(await list({ status: 'in-progress' })).toEqual(inCall);
    expect(await list({ status: 'active' })).toEqual({ ids: [], total: 0 });
    await store.calls.finishLeg(
      { node: 'node-1', number: session.virtualNumber, sessionId: session.id, interactionId: 'call-1' },
      {
        ...{ uuid: 'call-1', role: 'a', party: 'first', startedAt: NOW, ringingAt: null, answeredAt: null },
        ...{ bridgedAt: null, endedAt: NOW, cause: 'NO_ANSWER', sipStatus: null, endedBy: 'b', trunk: '' },
      },
    );
    expect(await list({ status: 'in-progress' })).toEqual({ ids: [], total: 0 });
    await store.sessions.update(session.id, { sessionExpiry: 7200 }, NOW);
    expect(await list({ duration: { gte: 7200 }, status: 'active' }, NOW + HOUR)).toEqual(inCall);
    await store.sessions.end(session.id, NOW + HOUR);
    expect(await list({ status: 'active' }, NOW + HOUR)).toEqual({ ids: [], total: 0 });
    expect(await list({ status: 'expired', duration: { lte: 3600 } }, NOW + HOUR)).toEqual(inCall);
  });

  test('a party is found whichever data key its entry was written with', async () => {
    const older = fixture.store({ dataKeys: [OTHER_KEY] });
    const { id } = await older.sessions.create(draft());
    store = fixture.store({ dataKeys: [KEY, OTHER_KEY] });
    expect(await list({ firstParty: ALICE })).toEqual({ ids: [id], total: 1 });
    expect(await list({ firstParty: BOB })).toEqual({ ids: [], total: 0 });
    expect(await list({ secondParty: BOB })).toEqual({ ids: [id], total: 1 });
  });

  test('a create that failed leaves nothing behind', async () => {
    await store.numbers.remove(DID2, NOW);
    await store.sessions.create(draft({ firstParty: ALICE, secondParty: BOB }));
    await fixture.settled();
    const keys = (await fixture.raw.keys('*')).length;
    const failing = store.sessions.create(draft({ firstParty: ALICE, secondParty: CAROL }), {
      choose: () => [DID],
    });
    await expect(failing).rejects.toMatchObject({ code: 'ERR_NUMBER_POOL_EXHAUSTED' });
    expect(await list()).toMatchObject({ total: 1 });
    expect((await fixture.raw.keys('*')).length).toBe(keys);
  });
});

describe('what was lost between two writes', () => {
  const dayOf = (instant: number): string => new Date(instant).toISOString().slice(0, 10);

  test('an entry whose session never came to be is not counted, and goes in time', async () => {
    const ids = newestFirst(await many(5, 1000));
    const member = `${String(NOW + 2500).padStart(15, '0')}:00000000-0000-4000-8000-000000000001`;
    const day = `maskline:{sessions:${dayOf(NOW)}}`;
    const entry = `${DID}|${MAIN}|one|two|${NOW + HOUR}|0`;
    await fixture.raw.hset(day, member, entry);
    for (const order of ['all', `account:${MAIN}`]) await fixture.raw.zadd(`${day}:${order}`, 0, member);
    await fixture.raw.zadd(`${day}:pending`, NOW, `${member}|operation`);
    for (const query of [{}, { status: 'active' }, { accountIds: [MAIN] }] as const) {
      expect(await list({ ...query, limit: 3, offset: 2 })).toEqual({ ids: ids.slice(2, 5), total: 5 });
    }
    expect(await fixture.raw.hexists(day, member)).toBe(1);
    await list({}, NOW + 61_000);
    expect(await fixture.raw.hexists(day, member)).toBe(0);
    expect(await fixture.raw.zcard(`${day}:all`)).toBe(5);
    expect(await fixture.raw.exists(`${day}:pending`)).toBe(0);
  });

  test('an entry that missed a change is mended', async () => {
    const { id } = await store.sessions.create(draft());
    const day = `maskline:{sessions:${dayOf(NOW)}}`;
    const stale = await fixture.raw.hgetall(day);
    await store.sessions.end(id, NOW + 1000);
    await fixture.raw.hset(day, stale);
    const [member = ''] = Object.keys(stale);
    await fixture.raw.zadd(`${day}:pending`, NOW + 1000, `${member}|operation`);
    expect(await list({ status: 'active' }, NOW + 2000)).toEqual({ ids: [], total: 0 });
    expect(await list({ status: 'expired' }, NOW + 2000)).toEqual({ ids: [id], total: 1 });
    expect(await fixture.raw.hgetall(day)).toEqual(stale);
    await list({}, NOW + 62_000);
    expect(await fixture.raw.exists(`${day}:pending`)).toBe(0);
    expect(await list({ status: 'expired' }, NOW + 63_000)).toEqual({ ids: [id], total: 1 });
  });

  test('a session that is forgotten is skipped and leaves the index', async () => {
    const sessions = await many(4, 1000);
    await fixture.settled();
    const gone = sessions[1]!;
    await fixture.raw.del(`maskline:{${gone.virtualNumber}}:session:${gone.id}`);
    const ids = newestFirst(sessions.filter(({ id }) => id !== gone.id));
    expect(await list()).toEqual({ ids, total: 3 });
    expect(await fixture.raw.zcard(`maskline:{sessions:${dayOf(NOW)}}:all`)).toBe(3);
  });
});
