import { isE164, type E164 } from '../masking/phone-number.js';
import { numberKey, REMOVED_NUMBERS_KEY } from './keys.js';
import type { NumberRepository } from './number-repository.js';
import type { Outbox } from './outbox.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** Sessions that one script reports at most. */
const SESSIONS_AT_A_TIME = 100;

/** Reports sessions whose time is over. The clock ends them, not this. */
export class SessionExpiry {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #numbers: NumberRepository;
  readonly #outbox: Outbox;
  /** Numbers that are ours no more, as last read. */
  #removed = new Set<string>();

  constructor(client: RedisClient, scripts: Scripts, numbers: NumberRepository, outbox: Outbox) {
    this.#client = client;
    this.#scripts = scripts;
    this.#numbers = numbers;
    this.#outbox = outbox;
  }

  /** Numbers that may carry sessions to report: ours, and those that were given up with some. */
  async numbers(): Promise<E164[]> {
    const [inventory, removed] = await Promise.all([
      this.#numbers.inventory(),
      guarded(() => this.#client.smembers(REMOVED_NUMBERS_KEY)),
    ]);
    this.#removed = new Set(removed);
    return [...new Set([...inventory.map(({ number }) => number), ...removed.filter(isE164)])];
  }

  /**
   * Reports at most 100 sessions of a number that are over at `now` (milliseconds since the epoch), each
   * once, and answers how many, and whether there are more.
   */
  async report(number: E164, now: number): Promise<{ reported: number; more: boolean }> {
    const [, , over, later] = await this.#run(number, now, 0);
    if (over === 0) {
      if (later === 0 && this.#removed.delete(number)) {
        await guarded(() => this.#client.srem(REMOVED_NUMBERS_KEY, number));
      }
      return { reported: 0, more: false };
    }
    void this.#outbox.mark(number);
    const [reported, appended, left] = await this.#run(number, now, SESSIONS_AT_A_TIME);
    if (appended === 1) this.#outbox.appended(number);
    return { reported, more: left > 0 };
  }

  async #run(number: E164, now: number, limit: number): Promise<[number, number, number, number]> {
    const reply = await this.#scripts.run('expire-sessions', [numberKey(number)], [now, limit]);
    return reply as [number, number, number, number];
  }
}
