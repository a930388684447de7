import { setTimeout as sleep } from 'node:timers/promises';

/** One round of work, which ends early when `signal` aborts. True when there may be more to do at once. Never rejects. */
export type Round = (signal: AbortSignal) => Promise<boolean>;

/** Takes rounds with a pause between them, from `start` to `stop`, and again if it is started again. */
export class PollLoop {
  readonly #round: Round;
  readonly #pauseMs: number;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;

  /** `pauseMs`: milliseconds after a round that left nothing to do. */
  constructor(round: Round, pauseMs: number) {
    this.#round = round;
    this.#pauseMs = pauseMs;
  }

  /** True from `stop` until the next `start`. */
  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Begins with a round at once; does nothing while it runs. */
  start(): void {
    if (this.#running !== undefined) return;
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Ends the pause, and waits for the round in progress. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#running = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const more = await this.#round(signal);
      // An abort ends the pause early; that is its only way to fail.
      if (!more) await sleep(this.#pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
