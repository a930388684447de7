import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { silentMp3, silentWav } from '../../../sandbox/freeswitch/recording.js';
import type { Recording } from '../../../src/masking/recording.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import { RecordingFiles } from '../../../src/recordings/recording-files.js';
import { RecordingKeeper } from '../../../src/recordings/recording-keeper.js';
import { StoreUnavailableError } from '../../../src/store/errors.js';
import type { RecordingQuery, Store } from '../../../src/store/index.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { until } from '../../helpers/until.js';
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
  leg,
  NOW,
  startOf,
  STRANGER,
} from '../store/fixture.js';

let fixture: Fixture;
let store: Store;
let session: MaskingSession;
let folder: string;
let files: RecordingFiles;
let clock: number;
const keepers: RecordingKeeper[] = [];
const log = createLogger({ level: 'silent' });

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.raw.flushall();
  folder = await mkdtemp(join(tmpdir(), 'maskline-recordings-'));
  files = new RecordingFiles(folder);
  clock = NOW + 6_000;
  store = fixture.store();
  await store.numbers.add(did(DID));
  session = await store.sessions.create(
    draft({ settings: { record: true, recordingCallbackUrl: 'https://receiver.example/r' } }),
  );
});
afterEach(async () => {
  await Promise.all(keepers.splice(0).map((keeper) => keeper.stop()));
  await rm(folder, { recursive: true, force: true });
});

const EVERYTHING: RecordingQuery = { accountIds: null, added: {}, limit: 20, offset: 0 };

function keeper(of: Store = store): RecordingKeeper {
  const made = new RecordingKeeper({
    store: of.recordings,
    interactions: of.callLog,
    files,
    now: () => clock,
    log,
  });
  keepers.push(made);
  return made;
}

/** A call of 3.5 s that was recorded into `content`. */
async function recorded(
  content: Buffer | null,
  format: 'wav' | 'mp3' = 'wav',
  of = session,
): Promise<string> {
  const id = randomUUID();
  const people = { a: ALICE, b: BOB, aWasCalled: false };
  await store.calls.begin(startOf(of, id, { recording: `${id}.${format}`, people }), NOW);
  if (content !== null) {
    await writeFile(join(folder, `${id}.${format}`), content);
    await utimes(join(folder, `${id}.${format}`), NOW / 1000, (NOW + 5_500) / 1000);
  }
  await store.calls.finishLeg(addressOf(of, id), leg('b', randomUUID()));
  await store.calls.finishLeg(addressOf(of, id), leg('a', id, { trunk: '' }));
  return id;
}

async function entered(id: string): Promise<Recording> {
  for (;;) {
    const recording = await store.recordings.get(id);
    if (recording !== null) return recording;
    await sleep(20);
  }
}

async function nothingDue(): Promise<void> {
  while ((await fixture.raw.zcard('maskline:{recordings}:due')) > 0) await sleep(20);
}

async function told(): Promise<{ kind: string; data: string }[]> {
  const page = await store.outbox.read(DID, 0, 100);
  return page.entries
    .filter(({ kind }) => kind.startsWith('recording'))
    .map(({ kind, data }) => ({ kind, data }));
}

describe('a recording', () => {
  test.each([
    ['wav', silentWav(28_000, 2)],
    ['mp3', silentMp3(3_500)],
  ] as const)('to %s is entered when its call has ended, and told of', async (format, content) => {
    const id = await recorded(content, format);
    keeper().start();
    const recording = await entered(id);
    expect(recording).toMatchObject({
      id,
      sessionId: session.id,
      accountId: session.accountId,
      from: ALICE,
      to: DID,
      format,
      state: 'completed',
      startedAt: NOW + 2000,
      bytes: content.length,
      addedAt: clock,
    });
    expect(Math.abs(recording.durationMs - 3_500)).toBeLessThan(80);
    await nothingDue();
    const events = await told();
    expect(events.map(({ kind }) => kind)).toEqual(['recording-started', 'recording-ended']);
    expect(JSON.parse(events[1]?.data ?? '')).toMatchObject({ state: 'completed', problem: '' });
    expect((await store.recordings.list(EVERYTHING)).recordings).toEqual([recording]);
  });

  test('is entered once, whoever reports the end and however many controllers keep', async () => {
    const other = fixture.store();
    const id = await recorded(silentWav(28_000, 2));
    for (const of of [store, other, store]) keeper(of).start();
    const first = await entered(id);
    clock += 60_000;
    // A CDR that lay about for a minute.
    await other.calls.finishLeg(addressOf(session, id), leg('a', id, { trunk: '' }));
    await nothingDue();
    expect(await store.recordings.get(id)).toEqual(first);
    expect((await store.recordings.list(EVERYTHING)).total).toBe(1);
    expect((await told()).filter(({ kind }) => kind === 'recording-ended')).toHaveLength(1);
  });

  test('of a call that ended while no controller ran is entered by the next one', async () => {
    const id = await recorded(silentWav(28_000, 2));
    await fixture.raw.del('maskline:{recordings}:due');
    // All that is left is the CDR, which is taken whenever a controller comes.
    clock += 3_600_000;
    await store.calls.finishLeg(addressOf(session, id), leg('a', id, { trunk: '' }));
    keeper().start();
    expect(await entered(id)).toMatchObject({ state: 'completed', endedAt: NOW + 5_500 });
  });

  test('is finished by another when its keeper died after the record itself', async () => {
    const id = await recorded(silentWav(28_000, 2));
    keeper().start();
    await entered(id);
    await nothingDue();
    await fixture.raw.del('maskline:{recordings}:all');
    await store.calls.finishLeg(addressOf(session, id), leg('a', id, { trunk: '' }));
    await nothingDue();
    expect((await store.recordings.list(EVERYTHING)).total).toBe(1);
  });

  test('is entered in its second try, a second later, when the store was away for a moment', async () => {
    const id = await recorded(silentWav(28_000, 2));
    const keep = vi.spyOn(store.recordings, 'keep').mockRejectedValueOnce(new StoreUnavailableError('away'));
    keeper().start();
    await until('the first try has failed', () => keep.mock.calls.length === 1);
    await sleep(700);
    expect(await store.recordings.get(id)).toBeNull();
    clock += 1_000;
    expect(await entered(id)).toMatchObject({ state: 'completed' });
    await nothingDue();
    expect(keep).toHaveBeenCalledTimes(2);
  });

  test('whose file is missing, empty, no audio or cut says so', async () => {
    const cut = silentWav(28_000, 2);
    cut.writeUInt32LE(0, 40);
    clock = NOW + 30_000;
    const cases: [string, Buffer | null][] = [
      ['missing', null],
      ['empty', Buffer.alloc(0)],
      ['unreadable', Buffer.from('not found')],
      ['cut', cut],
      ['short', silentWav(4_000, 2)],
    ];
    const ids: string[] = [];
    for (const [, content] of cases) ids.push(await recorded(content));
    keeper().start();
    const found = await Promise.all(ids.map(entered));
    expect(found.map(({ problem, state }) => [problem, state])).toEqual([
      ['missing', 'failed'],
      ['empty', 'failed'],
      ['unreadable', 'failed'],
      ['cut', 'partial'],
      ['short', 'partial'],
    ]);
    const mended = await readFile(join(folder, `${ids[3] ?? ''}.wav`));
    expect(mended.equals(silentWav(28_000, 2))).toBe(true);
  });

  test('is waited for while its file may still be written', async () => {
    clock = NOW + 5_600;
    const id = await recorded(silentWav(4_000, 2));
    keeper().start();
    await sleep(700);
    expect(await store.recordings.get(id)).toBeNull();
    await writeFile(join(folder, `${id}.wav`), silentWav(28_000, 2));
    clock += 1_100;
    expect(await entered(id)).toMatchObject({ state: 'completed' });
  });

  test('of a call that never connected is nothing', async () => {
    const id = randomUUID();
    clock = NOW + 30_000;
    await store.calls.begin(startOf(session, id, { recording: `${id}.wav` }), NOW);
    const rung = { answeredAt: null, bridgedAt: null, trunk: '' };
    await store.calls.finishLeg(addressOf(session, id), leg('a', id, rung));
    keeper().start();
    await nothingDue();
    expect(await store.recordings.get(id)).toBeNull();
    expect(await told()).toEqual([]);
    expect(await fixture.raw.exists(`maskline:recording:${id}`)).toBe(0);
  });
});

describe('removing a recording', () => {
  test('takes file, record and listings, and it does not come back', async () => {
    const id = await recorded(silentWav(28_000, 2));
    const kept = keeper();
    kept.start();
    const recording = await entered(id);
    await nothingDue();
    await kept.remove(recording);
    expect(await store.recordings.get(id)).toBeNull();
    expect(await store.recordings.list(EVERYTHING)).toEqual({ recordings: [], total: 0 });
    await expect(stat(join(folder, `${id}.wav`))).rejects.toMatchObject({ code: 'ENOENT' });
    await store.calls.finishLeg(addressOf(session, id), leg('a', id, { trunk: '' }));
    clock += 60_000;
    await nothingDue();
    expect(await store.recordings.get(id)).toBeNull();
    const left = await fixture.raw.keys('maskline:*recording*');
    expect(left).toEqual([]);
  });

  test('is finished by any controller when the first died in the middle', async () => {
    const id = await recorded(silentWav(28_000, 2));
    keeper().start();
    const recording = await entered(id);
    await nothingDue();
    // As far as a first one came: it had said what it was about to do, and removed the file.
    await store.recordings.schedule(
      { task: 'remove', number: DID, sessionId: session.id, interactionId: id, file: `${id}.wav` },
      clock,
    );
    await rm(join(folder, `${id}.wav`));
    await nothingDue();
    expect(await store.recordings.get(recording.id)).toBeNull();
    expect((await store.recordings.list(EVERYTHING)).total).toBe(0);
  });
});

describe('the list of recordings', () => {
  test('is newest first, and filtered by session, numbers, account and time', async () => {
    const accountId = 'SAXXXXXXXXXXXXXXXXXX';
    await store.numbers.add(did(DID2, { subaccount: accountId }));
    const mine = await store.sessions.create(
      draft({ accountId, firstParty: CAROL, secondParty: STRANGER, settings: { record: true } }),
    );
    keeper().start();
    const ids: string[] = [];
    for (const of of [session, mine, session]) {
      clock += 1_000;
      const id = await recorded(silentWav(28_000, 2), 'wav', of);
      await entered(id);
      await nothingDue();
      ids.unshift(id);
    }
    const [third = '', second = '', first = ''] = ids;
    const list = async (query: Partial<RecordingQuery>): Promise<string[]> => {
      const { recordings, total } = await store.recordings.list({ ...EVERYTHING, ...query });
      expect(total).toBe(recordings.length);
      return recordings.map(({ id }) => id);
    };
    expect(await list({})).toEqual([third, second, first]);
    expect(await list({ sessionId: session.id })).toEqual([third, first]);
    expect(await list({ accountIds: [accountId] })).toEqual([second]);
    expect(await list({ accountIds: [accountId], sessionId: session.id })).toEqual([]);
    expect(await list({ from: ALICE, to: DID2, sessionId: mine.id })).toEqual([second]);
    expect(await list({ from: BOB })).toEqual([]);
    expect(await list({ added: { gte: clock } })).toEqual([third]);
    const page = await store.recordings.list({ ...EVERYTHING, limit: 1, offset: 1 });
    expect(page).toMatchObject({ recordings: [{ id: second }], total: 3 });
    expect((await store.recordings.oldest(clock, 2)).map(({ id }) => id)).toEqual([first, second]);
    expect(await store.recordings.areKnown([first, randomUUID()])).toEqual([true, false]);
  });
});
