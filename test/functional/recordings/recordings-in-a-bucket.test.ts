import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { silentWav } from '../../../sandbox/freeswitch/recording.js';
import type { Recording } from '../../../src/masking/recording.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import { PersonErasure } from '../../../src/person-erasure.js';
import { RecordingBucket, type BucketSettings } from '../../../src/recordings/recording-bucket.js';
import { RecordingFiles } from '../../../src/recordings/recording-files.js';
import { RecordingJanitor } from '../../../src/recordings/recording-janitor.js';
import { RecordingKeeper } from '../../../src/recordings/recording-keeper.js';
import { RecordingObjects } from '../../../src/recordings/recording-objects.js';
import type { Store } from '../../../src/store/index.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { S3Server } from '../../helpers/s3-server.js';
import { TcpProxy } from '../../helpers/tcp-proxy.js';
import { found, until } from '../../helpers/until.js';
import { addressOf, ALICE, BOB, did, DID, draft, Fixture, leg, NOW, startOf } from '../store/fixture.js';

const CONTENT = silentWav(28_000, 2);
const DAY = 24 * 3_600_000;

let fixture: Fixture;
let server: S3Server;
let network: TcpProxy;
let store: Store;
let session: MaskingSession;
let folder: string;
let clock: number;
let lines: string[];
const running: { stop(): Promise<void>; close(): Promise<void> }[] = [];
const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
const going = new AbortController().signal;

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.raw.flushall();
  folder = await mkdtemp(join(tmpdir(), 'maskline-recordings-'));
  server = await S3Server.start();
  network = await TcpProxy.to(server.port);
  clock = NOW + 60_000;
  lines = [];
  store = fixture.store();
  await store.numbers.add(did(DID));
  session = await store.sessions.create(draft({ settings: { record: true } }));
});
afterEach(async () => {
  const parts = running.splice(0);
  await Promise.all(parts.map((part) => part.stop()));
  await Promise.all(parts.map((part) => part.close()));
  await network.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a controller has to do with recordings; `null` for one without a bucket. */
function controller(changes: Partial<BucketSettings> | null = {}) {
  const files = new RecordingFiles(folder);
  const ownStore = fixture.store();
  const objects = new RecordingObjects({
    bucket:
      changes === null
        ? null
        : new RecordingBucket(server.settings({ endpoint: `http://127.0.0.1:${network.port}`, ...changes })),
    ...{ transfers: ownStore.transfers, store: ownStore.recordings, files, log },
    meter: { transferred: () => undefined },
    now: () => clock,
    pollMs: 30,
  });
  const keeper = new RecordingKeeper({
    ...{ store: ownStore.recordings, interactions: ownStore.callLog, files, objects, log },
    now: () => clock,
  });
  const janitor = (options: { retention: number | null; free?: number }) =>
    new RecordingJanitor({
      controllerId: 'one',
      leases: ownStore.leases,
      store: ownStore.recordings,
      remove: (recording) => keeper.remove(recording),
      makeRoom: options.free !== undefined,
      oldestHere: (limit) => objects.oldestHere(limit),
      recall: (signal) => objects.recall(signal),
      disk: { mayRecord: options.free === undefined, look: () => Promise.resolve() },
      ...{ files, retention: options.retention, now: () => clock, log },
    });
  const erasure = new PersonErasure({
    ...{ store: ownStore, recordings: { files, keeper, objects }, cdrFolder: join(folder, 'cdr') },
    ...{ now: () => clock, log },
  });
  const start = (): void => {
    keeper.start();
    objects.start();
  };
  const stop = async (): Promise<void> => {
    await Promise.all([keeper.stop(), objects.stop()]);
  };
  running.push({ stop, close: () => objects.close() });
  return { objects, keeper, janitor, erasure, start, stop };
}

/** A call of 3.5 s that was recorded. */
async function recorded(): Promise<string> {
  const id = randomUUID();
  const people = { a: ALICE, b: BOB, aWasCalled: false };
  await store.calls.begin(startOf(session, id, { recording: `${id}.wav`, people }), NOW);
  await writeFile(join(folder, `${id}.wav`), CONTENT);
  await utimes(join(folder, `${id}.wav`), NOW / 1000, (NOW + 5_500) / 1000);
  await store.calls.finishLeg(addressOf(session, id), leg('b', randomUUID()));
  await store.calls.finishLeg(addressOf(session, id), leg('a', id, { trunk: '' }));
  return id;
}

const known = (id: string): Promise<Recording> =>
  found('the recording is entered', () => store.recordings.get(id));
const stored = (id: string): Promise<Recording> =>
  found('the recording is noted as stored', async () => {
    const recording = await store.recordings.get(id);
    return recording?.stored === undefined ? null : recording;
  });
const waiting = async (): Promise<[uploads: number, removals: number]> => [
  await store.transfers.waiting('upload'),
  await store.transfers.waiting('remove'),
];
const nothingWaits = (): Promise<void> =>
  until('nothing waits', async () => (await waiting()).join() === '0,0');
const filesHere = async (): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.wav'));

describe('a recording goes to the bucket', () => {
  test('once it is complete; its file goes when the object is noted', async () => {
    const { start } = controller();
    start();
    const id = await recorded();
    expect((await stored(id)).stored).toMatchObject({ bytes: CONTENT.length, at: clock });
    await nothingWaits();
    expect(await filesHere()).toEqual([]);
    expect([...(await server.objects())]).toEqual([[`calls/${id}.wav`, CONTENT]]);
  });

  test('once, however many controllers there are, also when one of them does it over again', async () => {
    const controllers = [controller(), controller(), controller()];
    for (const { start } of controllers) start();
    const ids = [await recorded(), await recorded(), await recorded()];
    for (const id of ids) await stored(id);
    await nothingWaits();
    expect(server.countOf('PUT')).toBe(ids.length);
    // One that was stopped in the middle for longer than anybody waited for it.
    await store.transfers.add('upload', [`${ids[0] ?? ''}.wav`], clock);
    await nothingWaits();
    expect((await server.objects()).size).toBe(ids.length);
    expect((await stored(ids[0] ?? '')).stored).toBeDefined();
  });

  test('not while its file may still be written', async () => {
    const { start } = controller();
    const id = await recorded();
    await utimes(join(folder, `${id}.wav`), NOW / 1000, (clock - 1_000) / 1000);
    start();
    await known(id);
    await sleep(300);
    expect(server.countOf('PUT')).toBe(0);
    clock += 5_000;
    await stored(id);
  });

  test('not when it has failed', async () => {
    const { start } = controller();
    const id = await recorded();
    await writeFile(join(folder, `${id}.wav`), 'no audio');
    await utimes(join(folder, `${id}.wav`), NOW / 1000, (NOW + 5_500) / 1000);
    start();
    expect(await known(id)).toMatchObject({ state: 'failed' });
    expect(await waiting()).toEqual([0, 0]);
    expect(await filesHere()).toEqual([`${id}.wav`]);
  });

  test('also when it is from a time without a bucket, or Redis forgot that it waits', async () => {
    const without = controller(null);
    without.start();
    const id = await recorded();
    await known(id);
    await without.stop();
    expect(await waiting()).toEqual([0, 0]);
    const { start, janitor } = controller();
    start();
    await janitor({ retention: null }).round();
    await stored(id);
    await nothingWaits();
    expect(await filesHere()).toEqual([]);
  });

  test('by another, when a controller was killed after the upload', async () => {
    const id = await recorded();
    const first = controller();
    first.keeper.start();
    await known(id);
    await until('one upload waits', async () => (await waiting())[0] === 1);
    // As far as it came: it had taken the transfer, and the object is there.
    await store.transfers.take('upload', clock, 1, 60_000);
    await new RecordingBucket(server.settings()).put(join(folder, `${id}.wav`), `${id}.wav`, going);
    const second = controller();
    second.start();
    await sleep(200);
    expect((await store.recordings.get(id))?.stored).toBeUndefined();
    clock += 61_000;
    await stored(id);
    await nothingWaits();
    expect(await filesHere()).toEqual([]);
  });

  test('whole, or its file stays', async () => {
    server.losesTheEnd = true;
    const { start } = controller();
    start();
    const id = await recorded();
    await until('it is found out', () => lines.some((line) => line.includes('ERR_OBJECT_MISMATCH')));
    expect((await store.recordings.get(id))?.stored).toBeUndefined();
    expect(await filesHere()).toEqual([`${id}.wav`]);
    server.losesTheEnd = false;
    await until('one upload waits', async () => (await waiting())[0] === 1);
    clock += 301_000;
    await stored(id);
    expect((await server.has(1)).get(`calls/${id}.wav`)).toEqual(CONTENT);
  });
});

describe('while the bucket is away', () => {
  test('everything waits, the log says so once, and all of it is done when it is back', async () => {
    const { start, keeper, objects } = controller();
    start();
    const removed = await stored(await recorded());
    await nothingWaits();
    network.cut();
    const ids = [await recorded(), await recorded(), await recorded()];
    for (const id of ids) await known(id);
    await until('the bucket is found away', () => objects.isUp === false);
    await keeper.remove(removed);
    expect(await store.recordings.get(removed.id)).toBeNull();
    expect((await filesHere()).sort()).toEqual(ids.map((id) => `${id}.wav`).sort());
    expect(await waiting()).toEqual([3, 1]);
    expect(await objects.waiting()).toEqual({ uploads: 3, removals: 1 });
    expect(objects.detail).toMatch(/cannot be used \(ECONNRESET\): recordings wait/);
    expect(lines.filter((line) => line.includes('the bucket for recordings cannot be used'))).toHaveLength(1);
    expect((await server.objects()).size).toBe(1);
    network.restore();
    clock += 11_000;
    for (const id of ids) await stored(id);
    await nothingWaits();
    expect([...(await server.has(3)).keys()].sort()).toEqual(ids.map((id) => `calls/${id}.wav`).sort());
    expect(objects.isUp).toBe(true);
    expect(await filesHere()).toEqual([]);
  });

  test('for one controller, another takes what waits, and the first hears of it', async () => {
    const first = controller();
    network.cut();
    first.start();
    const id = await recorded();
    await until('the bucket is found away', () => first.objects.isUp === false);
    controller({ endpoint: server.endpoint }).start();
    clock += 6_000;
    await stored(id);
    await until('the first hears of it', () => first.objects.isUp === true);
    expect(lines.filter((line) => line.includes('can be used again'))).toHaveLength(1);
  });

  test('or its credentials or name are wrong, nothing is lost', async () => {
    for (const changes of [
      { credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'wrong' } },
      { name: 'there-is-none' },
    ]) {
      const wrong = controller(changes);
      wrong.start();
      const id = await recorded();
      await until('the bucket refuses', () => wrong.objects.isUp === false);
      await wrong.stop();
      expect(await filesHere()).toContain(`${id}.wav`);
    }
    expect(lines.join('')).toContain('SignatureDoesNotMatch');
    expect(lines.join('')).toContain('NoSuchBucket');
    expect(lines.join('')).not.toContain('wrong"');
    clock += 11_000;
    const right = controller();
    right.start();
    await server.has(2);
    await nothingWaits();
  });

  test('an erasure says that it is not complete until the object has gone', async () => {
    const { start, erasure } = controller();
    start();
    const { id } = await stored(await recorded());
    await nothingWaits();
    network.cut();
    expect(await erasure.erase(ALICE)).toMatchObject({ recordings: 1, complete: false });
    expect(await store.recordings.get(id)).toBeNull();
    expect(await erasure.erase(ALICE)).toMatchObject({ recordings: 0, complete: false });
    network.restore();
    clock += 11_000;
    await server.has(0);
    await nothingWaits();
    expect(await erasure.erase(ALICE)).toMatchObject({ recordings: 0, complete: true });
  });
});

describe('an object goes', () => {
  test('with its recording: on demand, by age, and with its person', async () => {
    const { start, keeper, janitor, erasure } = controller();
    start();
    await keeper.remove(await stored(await recorded()));
    expect((await server.objects()).size).toBe(0);

    await stored(await recorded());
    await janitor({ retention: DAY }).round();
    expect((await server.objects()).size).toBe(1);
    clock += DAY + 1_000;
    await janitor({ retention: DAY }).round();
    expect((await server.objects()).size).toBe(0);

    await stored(await recorded());
    expect((await server.objects()).size).toBe(1);
    expect(await erasure.erase(BOB)).toMatchObject({ recordings: 1, complete: true });
    expect((await server.objects()).size).toBe(0);
    await nothingWaits();
    expect(await fixture.raw.keys('maskline:recording:*')).toEqual([]);
  });

  test('also when its recording was removed while it was on its way', async () => {
    const { start, keeper, objects } = controller();
    server.unanswered.add('HEAD');
    start();
    const id = await recorded();
    const recording = await known(id);
    await server.has(1);
    const file = join(folder, 'a copy');
    await writeFile(file, CONTENT);
    await keeper.remove(recording);
    server.unanswered.clear();
    // The same upload, as if it had arrived only now; whoever sent it gets no answer.
    await new RecordingBucket(server.settings()).put(file, `${id}.wav`, going);
    network.cut();
    await until('the bucket is found away', () => objects.isUp === false);
    network.restore();
    clock += 61_000;
    await server.has(0);
    await nothingWaits();
    expect(await filesHere()).toEqual([]);
  });

  test('once there is a bucket again, when its recording was removed without one', async () => {
    const first = controller();
    first.start();
    const recording = await stored(await recorded());
    await nothingWaits();
    await first.stop();
    const without = controller(null);
    await without.keeper.remove(recording);
    expect(await waiting()).toEqual([0, 1]);
    expect((await server.objects()).size).toBe(1);
    clock += 11_000;
    controller().start();
    await server.has(0);
    await nothingWaits();
  });
});

test('a full disk gets room from what is only there, never from what is in the bucket', async () => {
  const { start, janitor, objects, keeper } = controller();
  start();
  const safe = await stored(await recorded());
  await nothingWaits();
  await objects.stop();
  const waits = await known(await recorded());
  await until('one upload waits', async () => (await waiting())[0] === 1);
  await keeper.stop();
  await janitor({ retention: null, free: 0 }).round();
  expect(await store.recordings.get(waits.id)).toBeNull();
  expect(await filesHere()).toEqual([]);
  expect((await store.recordings.get(safe.id))?.stored).toBeDefined();
  expect((await server.objects()).size).toBe(1);
});
