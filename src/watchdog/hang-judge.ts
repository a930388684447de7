/** What a watcher thinks of the process that it watches. */
export type Verdict = 'alive' | 'hung';

/**
 * Decides from heartbeats whether a process hangs. Pure: instants are milliseconds of one monotonic clock.
 *
 * A watcher that was itself held up (a machine that was suspended, or has no time for anybody) knows
 * nothing about the time in between, so it gives the process a whole limit from then on.
 */
export class HangJudge {
  readonly #limit: number;
  readonly #interval: number;
  #heardAt: number;
  #lookedAt: number;

  /** `limit`: longest silence. `interval`: between two looks. Milliseconds both. */
  constructor(limit: number, interval: number, now: number) {
    this.#limit = limit;
    this.#interval = interval;
    this.#heardAt = now;
    this.#lookedAt = now;
  }

  /** The process gave a sign of life. */
  beat(now: number): void {
    this.#heardAt = now;
  }

  /** To be called every `interval`. */
  look(now: number): Verdict {
    const late = now - this.#lookedAt > 2 * this.#interval;
    this.#lookedAt = now;
    if (late) this.#heardAt = now;
    return now - this.#heardAt > this.#limit ? 'hung' : 'alive';
  }
}
