import type { Clock } from '../clock.js';

/** Keys that a phone has pressed and nobody has read yet. */
export class DigitQueue {
  #digits: string[] = [];
  #waiter: (() => void) | null = null;

  push(digit: string): void {
    // A channel's own queue holds so many (switch_channel.c, dtmf_queue); what comes later is lost.
    if (this.#digits.length < 500) this.#digits.push(digit);
    this.#waiter?.();
  }

  shift(): string | undefined {
    return this.#digits.shift();
  }

  flush(): void {
    this.#digits = [];
  }

  /** Resolves with true when a digit is there, with false after `ms` milliseconds or when `signal` aborts. */
  async wait(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
    if (this.#digits.length > 0) return true;
    const arrived = new AbortController();
    const stop = AbortSignal.any([signal, arrived.signal]);
    this.#waiter = () => arrived.abort();
    try {
      await clock.sleep(ms, stop);
    } finally {
      this.#waiter = null;
    }
    return this.#digits.length > 0 && !signal.aborted;
  }
}

export interface CollectOptions {
  readonly max: number;
  /** "" or characters that end the input; a leading `=` demands one. */
  readonly terminators: string;
  /** Milliseconds to the first digit and between digits. */
  readonly firstTimeout: number;
  readonly digitTimeout: number;
}

export interface Collected {
  readonly digits: string;
  /** The terminator that ended the input, or "". */
  readonly terminator: string;
  readonly status: 'success' | 'timeout' | 'false';
}

/** switch_ivr_collect_digits_count: adds to `digits` until there are `max`, a terminator, or a pause. */
export async function collectDigits(
  queue: DigitQueue,
  clock: Clock,
  signal: AbortSignal,
  begun: string,
  options: CollectOptions,
): Promise<Collected> {
  const { max, terminators, firstTimeout, digitTimeout } = options;
  let digits = begun;
  if (digits.length >= max) return { digits, terminator: '', status: 'false' };
  const early = Array.from(digits).findIndex((digit) => terminators.includes(digit));
  if (early >= 0) {
    return { digits: digits.slice(0, early), terminator: digits.charAt(early), status: 'success' };
  }
  let timeout = firstTimeout;
  for (;;) {
    const arrived = await queue.wait(clock, timeout, signal);
    if (signal.aborted) return { digits, terminator: '', status: 'false' };
    if (!arrived) return { digits, terminator: '', status: 'timeout' };
    timeout = digitTimeout;
    const digit = queue.shift() ?? '';
    if (terminators.includes(digit)) return { digits, terminator: digit, status: 'success' };
    digits += digit;
    if (digits.length >= max) return { digits, terminator: '', status: 'success' };
  }
}
