import type { Logger } from '../telemetry/logger.js';

export interface BucketWatchOptions {
  readonly log: Logger;
  /** Milliseconds, of a clock that never goes back. Default: since the process began. */
  readonly clock?: () => number;
}

/** Milliseconds from a failure to the next attempt: doubled each time, to the longest. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Milliseconds between two lines about one and the same outage. */
const REMIND_MS = 600_000;

/** Whether the bucket can be used, as far as the last attempts told, and when the next one is worth it. */
export class BucketWatch {
  readonly #log: Logger;
  readonly #clock: () => number;
  #reason: string | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #nextAt = Number.NEGATIVE_INFINITY;
  #remindAt = Number.NEGATIVE_INFINITY;

  constructor({ log, clock = () => performance.now() }: BucketWatchOptions) {
    this.#log = log;
    this.#clock = clock;
  }

  get isUp(): boolean {
    return this.#reason === null;
  }

  /** For readiness: nothing private. */
  get detail(): string {
    return this.#reason === null
      ? 'the bucket takes recordings'
      : `the bucket cannot be used (${this.#reason}): recordings wait in their folder`;
  }

  /** False during the pause after a failure. */
  get mayTry(): boolean {
    return this.#reason === null || this.#clock() >= this.#nextAt;
  }

  worked(): void {
    if (this.#reason !== null) this.#log.info('the bucket for recordings can be used again');
    this.#reason = null;
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  failed(reason: string): void {
    const now = this.#clock();
    // What was under way together fails together, and is one failure.
    if (this.#reason === null || now >= this.#nextAt) {
      this.#nextAt = now + this.#pauseMs;
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    }
    if (reason !== this.#reason || now >= this.#remindAt) {
      this.#log.error({ reason }, 'the bucket for recordings cannot be used: they wait in their folder');
      this.#remindAt = now + REMIND_MS;
    }
    this.#reason = reason;
  }
}
