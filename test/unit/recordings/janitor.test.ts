import { expect, test, vi } from 'vitest';

import { DiskWatch } from '../../../src/recordings/disk-watch.js';
import { RecordingJanitor } from '../../../src/recordings/recording-janitor.js';
import type { FolderEntry } from '../../../src/recordings/recording-files.js';
import type { Recording } from '../../../src/masking/recording.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { DID, FIRST, NOW } from '../../helpers/sessions.js';

const DAY = 24 * 3_600_000;

function recording(index: number, addedAt: number): Recording {
  return {
    id: `${String(index).padStart(8, '0')}-55a5-4a2f-9f1d-6b1f5a0c9d11`,
    sessionId: 'session-1',
    accountId: 'MAXXXXXXXXXXXXXXXXXX',
    virtualNumber: DID,
    from: FIRST,
    to: DID,
    format: 'mp3',
    state: 'completed',
    problem: '',
    startedAt: addedAt,
    endedAt: addedAt,
    durationMs: 0,
    bytes: 0,
    addedAt,
  };
}

/** A janitor over recordings in memory; each removed one frees a byte. */
function scene(options: {
  count: number;
  age: number;
  free?: number;
  makeRoom?: boolean;
  files?: FolderEntry[];
}) {
  const kept = Array.from({ length: options.count }, (_, index) =>
    recording(index, NOW - options.age + index),
  );
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  let free = options.free ?? 1_000;
  const disk = new DiskWatch({ files: { freeBytes: () => Promise.resolve(free) }, floor: 100, log });
  const lease = { held: false };
  const janitor = new RecordingJanitor({
    controllerId: 'one',
    leases: {
      acquire: () => Promise.resolve(lease.held ? null : { fence: 1 }),
      release: () => Promise.resolve(true),
    },
    store: {
      oldest: (until, limit) =>
        Promise.resolve(kept.filter(({ addedAt }) => addedAt <= until).slice(0, limit)),
      areKnown: (ids) => Promise.resolve(ids.map((id) => kept.some((each) => each.id === id))),
    },
    remove: (old) => {
      kept.splice(kept.indexOf(old), 1);
      free += 1;
      return Promise.resolve();
    },
    files: {
      async *entries() {
        yield* await Promise.resolve(options.files ?? []);
      },
    },
    retention: 90 * DAY,
    makeRoom: options.makeRoom ?? false,
    disk,
    now: () => NOW,
    log,
  });
  return { janitor, kept, disk, lease, lines, setFree: (bytes: number) => (free = bytes) };
}

test('what is older than the retention goes, a bounded number in one round', async () => {
  const { janitor, kept } = scene({ count: 250, age: 91 * DAY });
  await janitor.round();
  expect(kept).toHaveLength(50);
  await janitor.round();
  expect(kept).toHaveLength(0);
});

test('what is younger stays, and so does everything while another controller has the lease', async () => {
  const young = scene({ count: 30, age: 89 * DAY });
  await young.janitor.round();
  expect(young.kept).toHaveLength(30);
  const other = scene({ count: 30, age: 91 * DAY });
  other.lease.held = true;
  await other.janitor.round();
  expect(other.kept).toHaveLength(30);
});

test('below the floor new calls are not recorded, until there is a margin again', async () => {
  const { disk, setFree, lines } = scene({ count: 0, age: 0, free: 99 });
  expect(disk.mayRecord).toBe(true);
  await disk.look();
  expect(disk.mayRecord).toBe(false);
  expect(disk.detail).toContain('below the floor');
  setFree(105);
  await disk.look();
  expect(disk.mayRecord).toBe(false);
  setFree(110);
  await disk.look();
  expect(disk.mayRecord).toBe(true);
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'too little space for recordings: new calls are not recorded',
    'there is space for recordings again',
  ]);
});

test('below the floor the oldest go, if that is configured, and no more than needed', async () => {
  const full = scene({ count: 100, age: DAY, free: 90, makeRoom: true });
  await full.disk.look();
  await full.janitor.round();
  // 110 bytes are needed, and it looks again after every 20.
  expect(full.kept).toHaveLength(80);
  expect(full.disk.mayRecord).toBe(true);
  const stop = scene({ count: 100, age: DAY, free: 90 });
  await stop.disk.look();
  await stop.janitor.round();
  expect(stop.kept).toHaveLength(100);
});

test('files that no record knows are reported once they are a day old, and stay', async () => {
  const known = recording(0, NOW);
  const files = [
    { name: `${known.id}.mp3`, changedAt: NOW - 2 * DAY },
    { name: `11111111-55a5-4a2f-9f1d-6b1f5a0c9d11.wav`, changedAt: NOW - 2 * DAY },
    { name: `22222222-55a5-4a2f-9f1d-6b1f5a0c9d11.wav`, changedAt: NOW - DAY + 1 },
  ];
  const { janitor, lines } = scene({ count: 1, age: 0, files });
  await janitor.round();
  await janitor.round();
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 'warn', count: 1, files: ['11111111-55a5-4a2f-9f1d-6b1f5a0c9d11.wav'] },
  ]);
});

test('a disk that cannot be looked at counts as it was, and a failing store ends the round', async () => {
  const log = createLogger({ level: 'silent' });
  const freeBytes = vi.fn(() => Promise.resolve(1));
  const disk = new DiskWatch({ files: { freeBytes }, floor: 100, log });
  await disk.look();
  freeBytes.mockRejectedValueOnce(new Error('EIO'));
  await disk.look();
  expect(disk.mayRecord).toBe(false);
});
