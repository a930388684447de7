import { afterEach, describe, expect, it } from 'vitest';

import { BucketError } from '../../../src/recordings/bucket-errors.js';
import { RecordingObjects } from '../../../src/recordings/recording-objects.js';
import { StoreUnavailableError } from '../../../src/store/errors.js';
import { createLogger } from '../../../src/telemetry/logger.js';

const NAME = '0b6f2a34-4a0a-4b7e-9d4e-2f6c3a1b5c7d.wav';
const NOW = 1_900_000_000_000;

let running: RecordingObjects | undefined;
afterEach(() => running?.stop());

/** Tries one upload, in which Redis answers with `failure`; when it is due again, and the log's levels. */
async function pauseAfter(failure: Error): Promise<{ pause: number; levels: string[] }> {
  const levels: string[] = [];
  const due = [NAME];
  const pause = await new Promise<number>((resolve) => {
    running = new RecordingObjects({
      bucket: {
        put: () => Promise.reject(failure),
        read: () => Promise.reject(failure),
        remove: () => Promise.reject(failure),
        close: () => Promise.resolve(),
      },
      transfers: {
        take: (kind) => Promise.resolve(kind === 'upload' ? due.splice(0) : []),
        schedule: (_, __, at) => {
          resolve(at - NOW);
          return Promise.resolve();
        },
        add: () => Promise.resolve(),
        hold: () => Promise.resolve(),
        done: () => Promise.resolve(),
        waiting: () => Promise.resolve(1),
      },
      store: { get: () => Promise.reject(failure), noteStored: () => Promise.resolve(true) },
      files: {
        path: (name) => name,
        facts: () => Promise.resolve(null),
        remove: () => Promise.resolve(),
        entries: async function* () {
          // There are none.
        },
      },
      meter: { transferred: () => undefined },
      now: () => NOW,
      log: createLogger({
        level: 'warn',
        destination: { write: (line) => void levels.push((JSON.parse(line) as { level: string }).level) },
      }),
    });
    running.start();
  });
  return { pause, levels };
}

describe('a recording that could not go to the bucket is due again', () => {
  it.each([
    ['soon, when the bucket is away', new BucketError('ECONNRESET'), 5_000, 'error'],
    ['soon, when Redis is away', new StoreUnavailableError('Redis did not answer'), 5_000, 'warn'],
    ['late, when the reason is its own', new Error('it cannot be read'), 300_000, 'error'],
  ])('%s', async (_, failure, pause, level) => {
    expect(await pauseAfter(failure)).toEqual({ pause, levels: [level] });
  });
});
