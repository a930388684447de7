import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import { PersonErasure } from '../../../src/person-erasure.js';
import { RecordingFiles } from '../../../src/recordings/recording-files.js';
import { RecordingKeeper } from '../../../src/recordings/recording-keeper.js';
import { Store } from '../../../src/store/index.js';
import { RedisCluster } from '../../helpers/redis-cluster.js';
import { openedDump, rewrittenFile, whatNames } from '../../helpers/redis-scan.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import {
  addressOf,
  ALICE,
  BOB,
  CAROL,
  DID,
  draft,
  Fixture,
  from,
  KEY,
  leg,
  startOf,
  STRANGER,
} from './fixture.js';
import { CALLS, lives, NOW } from './persons.js';

const log = createLogger({ level: 'silent' });

let fixture: Fixture;
let folder: string;
let cdr: string;

beforeEach(async () => {
  fixture = await Fixture.start();
  folder = await mkdtemp(join(tmpdir(), 'maskline-erasure-'));
  cdr = join(folder, 'cdr');
  await mkdir(join(cdr, 'rejected'), { recursive: true });
});
afterEach(async () => {
  await fixture.stop();
  await rm(folder, { recursive: true, force: true });
});

function erasureOf(store: Store): PersonErasure {
  const files = new RecordingFiles(folder);
  const keeper = new RecordingKeeper({
    store: store.recordings,
    interactions: store.callLog,
    files,
    now: Date.now,
    log,
  });
  return new PersonErasure({
    store,
    recordings: { files, keeper },
    cdrFolder: cdr,
    now: Date.now,
    log,
  });
}

test('nothing of the person is left, in Redis, its file and the folders; what is not the person’s stays', async () => {
  const store = fixture.store();
  const { alices, others } = await lives(store, folder);
  // A phone that got in is remembered.
  await store.calls.checkPin(others.virtualNumber, from(ALICE), others.pin!.firstPartyPin, NOW);
  expect((await whatNames(fixture.raw, ALICE, KEY)).length).toBeGreaterThan(12);
  const bobsBefore = await store.callLog.list(
    { accountIds: null, ended: {}, limit: 20, offset: 0, from: BOB },
    NOW,
  );
  expect(bobsBefore.total).toBe(2);

  const erased = await erasureOf(store).erase(ALICE);
  expect(erased).toMatchObject({
    sessions: 2,
    interactions: 3,
    recordings: 3,
    records: 2,
    unreadable: 0,
    complete: true,
  });
  expect(erased.keys).toBeGreaterThan(4);
  expect(erased.callbacks).toBeGreaterThan(2);

  expect(await whatNames(fixture.raw, ALICE, KEY)).toEqual([]);
  const file = await rewrittenFile(fixture.raw, fixture.redis.dir);
  for (const { id } of alices) expect(file).not.toContain(id);
  expect(file).toContain(others.id);
  expect((await readdir(folder)).filter((name) => name.endsWith('.mp3'))).toEqual([`${CALLS[3]}.mp3`]);
  expect((await readdir(cdr)).sort()).toEqual(['cccccccc-1111-4111-8111-111111111111.cdr.json', 'rejected']);
  expect(await readdir(join(cdr, 'rejected'))).toEqual([]);

  for (const { id } of alices) expect(await store.sessions.get(id, Date.now())).toBeNull();
  const kept = await store.sessions.get(others.id, Date.now());
  expect(kept?.interactions.map(({ id }) => id)).toEqual([CALLS[3]]);
  expect(kept?.session.totals.callCount).toBe(4);
  const log = await store.callbacks.list(others.virtualNumber, others.id, { limit: 20, offset: 0 });
  expect(log.callbacks.map(({ sequence }) => sequence)).toEqual([902]);
  const all = {
    accountIds: null,
    created: {},
    expiry: {},
    duration: {},
    status: 'all',
    limit: 20,
    offset: 0,
  } as const;
  expect(await store.sessions.list(all, Date.now())).toMatchObject({ total: 1 });
  const calls = await store.callLog.list({ accountIds: null, ended: {}, limit: 20, offset: 0 }, NOW);
  expect([calls.total, calls.calls.length]).toEqual([2, 2]);
  expect((await store.recordings.list({ accountIds: null, added: {}, limit: 20, offset: 0 })).total).toBe(1);
  for (const other of [BOB, CAROL, STRANGER])
    expect(await whatNames(fixture.raw, other, KEY)).not.toEqual([]);
});

test('an erased person is nobody: unknown on the number, and may be given a new session', async () => {
  const store = fixture.store();
  await lives(store, folder);
  await erasureOf(store).erase(ALICE);
  expect((await store.calls.route(DID, from(ALICE), Date.now())).matched).toBeNull();
  expect((await store.calls.route(DID, from(ALICE), Date.now())).refusedUntil).toBeNull();
  // The other party keeps to its cool-off.
  const again = await store.sessions.create(
    draft({ now: Date.now(), secondParty: STRANGER, virtualNumber: DID }),
  );
  expect((await store.calls.route(DID, from(ALICE), Date.now())).matched?.session.id).toBe(again.id);
});

test('a person of whom nothing is stored is erased at once', async () => {
  const store = fixture.store();
  await lives(store, folder);
  const dump = (await openedDump(fixture.raw, KEY)).sort();
  const nothing = { sessions: 0, interactions: 0, callbacks: 0, recordings: 0, keys: 0, records: 0 };
  expect(await erasureOf(store).erase('+15550005555' as E164)).toEqual({
    ...nothing,
    unreadable: 0,
    complete: true,
  });
  expect((await openedDump(fixture.raw, KEY)).sort()).toEqual(dump);
});

describe('a call of the person that is up', () => {
  test.each(['in a session of its own', 'in a session of others'])(
    'refuses the erasure %s, and nothing is removed',
    async (where) => {
      const store = fixture.store();
      const { alices, others } = await lives(store, folder);
      const session = where.endsWith('own') ? alices[0]! : others;
      const people = { a: ALICE, b: CAROL, aWasCalled: false };
      await store.calls.begin(
        startOf(session, CALLS[4], { people, claimUntil: Date.now() + 60_000 }),
        Date.now(),
      );
      const before = await fixture.raw.dbsize();
      await expect(erasureOf(store).erase(ALICE)).rejects.toMatchObject({ code: 'ERR_PERSON_IN_CALL' });
      expect(await fixture.raw.dbsize()).toBe(before);
      expect((await readdir(folder)).filter((name) => name.endsWith('.mp3'))).toHaveLength(4);
      // Once it has ended, it is erased with the rest.
      await store.calls.finishLeg(addressOf(session, CALLS[4]), leg('a', CALLS[4], { endedAt: Date.now() }));
      expect(await erasureOf(store).erase(ALICE)).toMatchObject({ interactions: 4, complete: true });
      expect(await whatNames(fixture.raw, ALICE, KEY)).toEqual([]);
    },
  );
});

test('what an interrupted erasure left is removed by the next', async () => {
  const store = fixture.store();
  await lives(store, folder);
  const erasure = erasureOf(store);
  const { persons } = store;
  const findings = await persons.find(ALICE, Date.now());
  // As if the controller had died after the first session.
  await persons.erase(
    ALICE,
    { ...findings, sessions: findings.sessions.slice(0, 1), interactions: [], keys: [], callbacks: [] },
    Date.now(),
  );
  await erasure.erase(ALICE);
  expect(await whatNames(fixture.raw, ALICE, KEY)).toEqual([]);
});

test('one erasure at a time', async () => {
  const erasure = erasureOf(fixture.store());
  const running = erasure.erase(ALICE);
  await expect(erasure.erase(BOB)).rejects.toMatchObject({ code: 'ERR_ERASURE_RUNNING' });
  await running;
  expect((await erasure.erase(BOB)).complete).toBe(true);
});

test('what cannot be opened is counted, and left', async () => {
  const store = fixture.store();
  await lives(store, folder);
  const other = fixture.store({ dataKeys: [Buffer.alloc(32, 9).toString('base64')] });
  const { unreadable, sessions } = await erasureOf(other).erase(ALICE);
  expect(unreadable).toBeGreaterThan(3);
  expect(sessions).toBe(0);
});

test('on a Redis Cluster of several masters', { timeout: 60_000 }, async () => {
  const cluster = await RedisCluster.start();
  const store = new Store({ url: cluster.url, dataKeys: [KEY] });
  try {
    await store.ready();
    await lives(store, folder);
    const admins = cluster.masters.map((master) => cluster.admin(master));
    const sizes = await Promise.all(admins.map((admin) => admin.dbsize()));
    expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(1);
    expect(await erasureOf(store).erase(ALICE)).toMatchObject({
      sessions: 2,
      interactions: 3,
      complete: true,
    });
    for (const admin of admins) expect(await whatNames(admin, ALICE, KEY)).toEqual([]);
  } finally {
    await store.close();
    await cluster.stop();
  }
});
