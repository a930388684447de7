import { setTimeout as sleep } from 'node:timers/promises';
import { PollLoop } from './poll-loop.js';
import type { Logger } from './telemetry/logger.js';

export interface QuestionGateOptions {
  readonly port: {
    readonly accepting: boolean;
    setAccepting(accepting: boolean): Promise<void>;
  };
  /** Rejects when the store does not answer; may take its time about it. */
  readonly ask: () => Promise<void>;
  readonly log: Logger;
  /** Without the store some questions can be answered all the same: the port stays open. Default false. */
  readonly staysOpen?: boolean;
  /** Milliseconds between two looks. Default 250. */
  readonly intervalMs?: number;
  /** Milliseconds of silence after which the port is closed. Default 1500. */
  readonly limitMs?: number;
}

/** As long as a decision may take: one that waits for longer fails anyhow. */
const LIMIT_MS = 1_500;
const INTERVAL_MS = 250;
/**
 * A look takes the limit at most. One that took so many times as long says that we ourselves stood still, and that what
 * failed in it was timed out by us: the silence counts from then on.
 */
const PAUSED = 1.25;

/**
 * Keeps the question port open only while this controller can answer. Without its store it would cost every
 * caller the time of a decision that fails; a closed port costs nothing, and FreeSWITCH asks the next
 * controller on its list at once. When every port is closed, callers hear the announcement at once.
 */
export class QuestionGate {
  readonly #options: QuestionGateOptions;
  readonly #loop: PollLoop;
  #heardAt = 0;
  #isAway = false;

  constructor(options: QuestionGateOptions) {
    this.#options = options;
    this.#loop = new PollLoop((signal) => this.#round(signal), options.intervalMs ?? INTERVAL_MS);
  }

  /** True while the store does not answer. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** The port is open by now; it stays so for as long as the store may be silent. */
  start(): void {
    this.#heardAt = performance.now();
    this.#loop.start();
  }

  /** Leaves the port as it is from here on. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  async #round(signal: AbortSignal): Promise<boolean> {
    const { limitMs = LIMIT_MS } = this.#options;
    const begun = performance.now();
    const answers = await this.#answers(signal);
    if (signal.aborted) return false;
    if (answers) {
      this.#heardAt = performance.now();
      await this.#found(true);
    } else if (performance.now() - begun > limitMs * PAUSED) {
      this.#heardAt = performance.now();
    } else if (performance.now() - this.#heardAt >= limitMs) {
      await this.#found(false);
    }
    return false;
  }

  /** False when the store fails, or is silent for the whole limit. */
  async #answers(signal: AbortSignal): Promise<boolean> {
    const { ask, limitMs = LIMIT_MS } = this.#options;
    const settled = new AbortController();
    const until = AbortSignal.any([signal, settled.signal]);
    const answered = ask().then(
      () => true,
      () => false,
    );
    // A pause of our own event loop is no silence of the store: the answer has come by the time that this is asked.
    const silence = sleep(limitMs, false, { signal: until })
      .then(() => sleep(1, false, { signal: until }))
      .catch(() => false);
    const result = await Promise.race([answered, silence]);
    settled.abort();
    return result;
  }

  async #found(answers: boolean): Promise<void> {
    const { staysOpen = false, log } = this.#options;
    const isNews = answers === this.#isAway;
    this.#isAway = !answers;
    if (!staysOpen) return this.#open(answers);
    if (!isNews) return;
    if (answers) log.info('Redis answers: calls are decided by it again');
    else log.error('Redis is silent: known callers are led on by the local copy');
  }

  async #open(open: boolean): Promise<void> {
    const { port, log } = this.#options;
    if (port.accepting === open) return;
    if (open) log.info('Redis answers: questions are taken again');
    else log.error('Redis is silent: no question is taken, so that FreeSWITCH asks another controller');
    await port.setAccepting(open).catch((error: unknown) => {
      log.error({ err: error }, 'the question port could not be opened; it is tried again');
    });
  }
}
