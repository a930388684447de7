import type { PinGuardNews } from '../masking/pin-guard.js';
import { PollLoop } from '../poll-loop.js';
import type { Logger } from '../telemetry/logger.js';

export interface PinGuardWatchOptions {
  readonly guards: { review(now: number): Promise<PinGuardNews[]> };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Milliseconds between two looks. Default a minute. */
  readonly pauseMs?: number;
}

/** Says in the log when callers begin to be asked for more than a PIN, and when that is over. */
export class PinGuardWatch {
  readonly #options: PinGuardWatchOptions;
  readonly #loop: PollLoop;

  constructor(options: PinGuardWatchOptions) {
    this.#options = options;
    this.#loop = new PollLoop(() => this.#review(), options.pauseMs ?? 60_000);
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  async #review(): Promise<boolean> {
    const { guards, now, log } = this.#options;
    try {
      for (const news of await guards.review(now())) logPinGuard(log, news);
    } catch (error) {
      log.warn({ err: error }, 'the guards of PINs were not looked at; the next look makes up for it');
    }
    return false;
  }
}

/** One line for what happened to a guard. Virtual numbers are public. */
export function logPinGuard(log: Pick<Logger, 'info' | 'warn' | 'error'>, news: PinGuardNews): void {
  switch (news.kind) {
    case 'began': {
      const { number: did, length, until } = news;
      const lasts = Number.isFinite(until) ? { until: new Date(until).toISOString() } : {};
      log.warn({ did, length, ...lasts }, 'a number is guarded: strangers are asked for more than a PIN');
      return;
    }
    case 'ended':
      log.info({ did: news.number, length: news.length }, 'a number is guarded no more');
      return;
    case 'overall-began':
      log.error(
        { until: new Date(news.until).toISOString() },
        'PINs are being guessed: all numbers are guarded (PIN_GUESS_RISK_OVERALL)',
      );
      return;
    case 'overall-ended':
      log.warn('not all numbers are guarded any more');
  }
}
