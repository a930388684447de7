/** A timer of the simulation; cancelling one that has fired does nothing. */
export interface ClockTimer {
  cancel(): void;
}

export interface ClockOptions {
  /** How many simulated milliseconds pass in a real one. 1 is real time, 60 makes a minute a second. */
  readonly speed?: number;
}

/**
 * The one source of time and timers of the sandbox.
 *
 * Simulated time starts at the real time of construction and runs `speed` times as fast. Everything
 * that waits in the simulation waits here, so that closing the clock leaves no timer behind.
 */
export class Clock {
  readonly speed: number;
  readonly #epochMs = Date.now();
  readonly #origin = performance.now();
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  /** @throws RangeError when the speed is not a positive number. */
  constructor(options: ClockOptions = {}) {
    this.speed = options.speed ?? 1;
    if (!(this.speed > 0) || !Number.isFinite(this.speed)) {
      throw new RangeError('the clock speed must be positive');
    }
  }

  /** Simulated milliseconds since the epoch, with fractions. */
  now(): number {
    return this.#epochMs + (performance.now() - this.#origin) * this.speed;
  }

  /** Simulated microseconds since the epoch, as FreeSWITCH writes them. */
  micros(): number {
    return Math.floor(this.now() * 1000);
  }

  /** Whole seconds since the epoch: what FreeSWITCH compares its timeouts with. */
  epochSecond(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Runs `callback` after `ms` simulated milliseconds. After close nothing is scheduled any more. */
  schedule(ms: number, callback: () => void): ClockTimer {
    if (this.#closed) return { cancel: () => undefined };
    const due = this.now() + Math.max(0, ms);
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      timer = setTimeout(
        () => {
          this.#timers.delete(timer);
          // A timer of the platform may fire a little early; a simulated second must be over when it is.
          if (this.now() < due) arm();
          else callback();
        },
        Math.min(2 ** 31 - 1, Math.ceil(Math.max(0, due - this.now()) / this.speed)),
      );
      this.#timers.add(timer);
    };
    arm();
    return {
      cancel: () => {
        clearTimeout(timer);
        this.#timers.delete(timer);
      },
    };
  }

  /** Resolves after `ms` simulated milliseconds with true, or with false as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve(false);
        return;
      }
      const onAbort = (): void => {
        timer.cancel();
        resolve(false);
      };
      const timer = this.schedule(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve(true);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Milliseconds until the next whole epoch second. */
  untilNextSecond(): number {
    return (this.epochSecond() + 1) * 1000 - this.now();
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Cancels every timer. Whoever waits then waits for ever, so end the calls first. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
