import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { RecordingFiles } from '../../../src/recordings/recording-files.js';
import { RecordingJanitor } from '../../../src/recordings/recording-janitor.js';
import { RecordingKeeper } from '../../../src/recordings/recording-keeper.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { rewrittenFile, whatNames } from '../../helpers/redis-scan.js';
import { ALICE, BOB, CAROL, Fixture, KEY, STRANGER } from './fixture.js';
import { CALLS, lives } from './persons.js';

const DAY = 24 * 3_600_000;
const RETENTION = 7 * DAY;
/** The longest session of these lasts half an hour; a day's index goes a day after its last session. */
const OVER = 1_800_000 + RETENTION + DAY;

let fixture: Fixture;
let folder: string;
beforeEach(async () => {
  fixture = await Fixture.start();
  folder = await mkdtemp(join(tmpdir(), 'maskline-retention-'));
  await mkdir(join(folder, 'cdr', 'rejected'), { recursive: true });
});
afterEach(async () => {
  await fixture.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Lets `ms` pass for Redis: what would have expired by then is gone. */
async function pass(ms: number): Promise<void> {
  for (const key of await fixture.raw.keys('*')) {
    const ttl = await fixture.raw.pttl(key);
    if (ttl >= 0 && ttl <= ms) await fixture.raw.del(key);
  }
}

test('a day after the retention nothing names anybody any more, by itself', async () => {
  const store = fixture.store({ retention: RETENTION });
  await lives(store, folder);
  // The relay takes within seconds what receivers are told.
  for (const number of await store.outbox.waiting()) {
    for (const { raw } of (await store.outbox.read(number, 0, 1_000)).entries)
      await store.outbox.remove(number, raw);
  }
  await pass(RETENTION - DAY);
  for (const person of [ALICE, BOB]) expect(await whatNames(fixture.raw, person, KEY)).not.toEqual([]);

  await pass(OVER);
  const later = Date.now() + OVER;
  const files = new RecordingFiles(folder);
  const log = createLogger({ level: 'silent' });
  const { recordings, leases, callLog: interactions } = store;
  const keeper = new RecordingKeeper({ store: recordings, interactions, files, now: () => later, log });
  await new RecordingJanitor({
    ...{ controllerId: 'c', leases, store: recordings, files, retention: RETENTION, makeRoom: false, log },
    remove: (recording) => keeper.remove(recording),
    disk: { mayRecord: true, look: () => Promise.resolve() },
    now: () => later,
  }).round();
  // Every prompt that a session needs takes those away that none does.
  await store.promptUrls.need(['https://x.example/next'], later + 1, later);

  for (const person of [ALICE, BOB, CAROL, STRANGER]) {
    expect(await whatNames(fixture.raw, person, KEY)).toEqual([]);
  }
  // Recordings that were entered. The others belong to calls of which the keeper never heard here.
  const left = await readdir(folder);
  for (const id of [CALLS[0], CALLS[3]]) expect(left).not.toContain(`${id}.mp3`);
  expect(await rewrittenFile(fixture.raw, fixture.redis.dir)).not.toContain(CALLS[0]);
});
