import type { Logger } from './logger.js';

/** Milliseconds between two lines. */
const PAUSE_MS = 60_000;

/** Warnings about something that may go wrong a thousand times a second: one line a minute, with how many it stands for. */
export class RareLog {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #now: () => number;
  #next = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  /** `now`: milliseconds, of a clock that never goes back. */
  constructor(log: Pick<Logger, 'warn'>, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  warn(about: Readonly<Record<string, unknown>>, message: string): void {
    const now = this.#now();
    if (now < this.#next) {
      this.#unsaid += 1;
      return;
    }
    this.#log.warn({ ...about, ...(this.#unsaid === 0 ? {} : { unsaid: this.#unsaid }) }, message);
    this.#next = now + PAUSE_MS;
    this.#unsaid = 0;
  }
}
