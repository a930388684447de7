import { RECORDING_REMOVALS_KEY, RECORDING_UPLOADS_KEY } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** `upload`: a recording's file is to go to the bucket. `remove`: its object is to go from there. */
export type TransferKind = 'upload' | 'remove';

const KEYS: Readonly<Record<TransferKind, string>> = {
  upload: RECORDING_UPLOADS_KEY,
  remove: RECORDING_REMOVALS_KEY,
};

/**
 * What is to be done between the folder of recordings and their bucket, by file name (`<id>.<format>`). It stays until
 * it is done, however long the bucket is away and whoever dies over it. Instants are milliseconds since the epoch.
 */
export class RecordingTransfers {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;

  constructor(client: RedisClient, scripts: Scripts) {
    this.#client = client;
    this.#scripts = scripts;
  }

  /** To be done from `at` on; what waits already is put off or moved up. */
  async schedule(kind: TransferKind, name: string, at: number): Promise<void> {
    await guarded(() => this.#client.zadd(KEYS[kind], at, name));
  }

  /** The same for what does not wait yet. */
  async add(kind: TransferKind, names: readonly string[], at: number): Promise<void> {
    if (names.length === 0) return;
    await guarded(() => this.#client.zadd(KEYS[kind], 'NX', ...names.flatMap((name) => [at, name])));
  }

  /** What is due, `limit` at most. For `holdMs` nobody else gets it. */
  async take(kind: TransferKind, now: number, limit: number, holdMs: number): Promise<string[]> {
    return (await this.#scripts.run('take-due', [KEYS[kind]], [now, limit, holdMs])) as string[];
  }

  /** Says again whose it is, until `until`. Does nothing once it is done. */
  async hold(kind: TransferKind, name: string, until: number): Promise<void> {
    await guarded(() => this.#client.zadd(KEYS[kind], 'XX', until, name));
  }

  async done(kind: TransferKind, name: string): Promise<void> {
    await guarded(() => this.#client.zrem(KEYS[kind], name));
  }

  /** How many wait, with those that are under way. */
  async waiting(kind: TransferKind): Promise<number> {
    return guarded(() => this.#client.zcard(KEYS[kind]));
  }
}
