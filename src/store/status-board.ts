import type { ControllerReport } from '../calls/node-report.js';
import { STATUS_BOARD_KEY } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded } from './scripts.js';

/** Milliseconds after which a controller that told nothing more is not there any more. */
const SILENCE_MS = 20_000;

/**
 * What each controller last told of itself and its nodes: for people who look, and for controllers to share the nodes out.
 * Nothing that has to be right is decided by it.
 */
export class StatusBoard {
  readonly #client: RedisClient;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** Throws StoreUnavailableError. */
  async report(report: ControllerReport): Promise<void> {
    await guarded(() => this.#client.hset(STATUS_BOARD_KEY, report.id, JSON.stringify(report)));
  }

  /** A controller that goes takes its report along. Throws StoreUnavailableError. */
  async leave(id: string): Promise<void> {
    await guarded(() => this.#client.hdel(STATUS_BOARD_KEY, id));
  }

  /** Of the controllers that are there at `now`; what others left is removed. Throws StoreUnavailableError. */
  async read(now: number): Promise<ControllerReport[]> {
    const reports = Object.values(await guarded(() => this.#client.hgetall(STATUS_BOARD_KEY))).map(
      (text) => JSON.parse(text) as ControllerReport,
    );
    const silent = reports.filter(({ at }) => now - at > SILENCE_MS).map(({ id }) => id);
    if (silent.length > 0) await guarded(() => this.#client.hdel(STATUS_BOARD_KEY, ...silent));
    return reports
      .filter(({ id }) => !silent.includes(id))
      .sort((one, other) => one.startedAt - other.startedAt);
  }
}
