/** A timer of the simulation; cancelling one that has fired does nothing. */
export interface ClockTimer {
  cancel(): void;
}

export interface ClockOptions {
  /** How many simulated milliseconds pass in a real one. 1 is real time, 60 makes a minute a second. */
  readonly speed?: number;
}

/** Stops at single instants while time is moved on; beyond them it goes in equal steps. */
const EXACT_STOPS = 200;
/** Real milliseconds at each stop, in which what happened there is carried out: a question to a controller, say. */
const STOP_MS = 10;
/** Real milliseconds that a stop lasts at most while time is held. */
const LONGEST_HOLD_MS = 5_000;

interface Waiting {
  readonly due: number;
  readonly callback: () => void;
  timeout: NodeJS.Timeout | undefined;
}

/**
 * The one source of time and timers of the sandbox.
 *
 * Simulated time starts at the real time of construction and runs `speed` times as fast; it can be moved on.
 * Everything that waits in the simulation waits here, so that closing the clock leaves no timer behind.
 */
export class Clock {
  #speed: number;
  #epochMs = Date.now();
  #origin = performance.now();
  readonly #waiting = new Set<Waiting>();
  #holds = 0;
  #advancing: Promise<void> = Promise.resolve();
  #closed = false;

  /** @throws RangeError when the speed is not a positive number. */
  constructor(options: ClockOptions = {}) {
    this.#speed = positive(options.speed ?? 1);
  }

  /** How many simulated milliseconds pass in a real one. */
  get speed(): number {
    return this.#speed;
  }

  /** @throws RangeError when it is not a positive number. */
  set speed(speed: number) {
    const now = this.now();
    this.#speed = positive(speed);
    this.#setTo(now);
  }

  /**
   * Moves on by so many simulated milliseconds. What was to happen meanwhile happens, in its order and at its
   * time; where that is more than 200 instants, the rest of them is late by up to a 200th of what is left.
   *
   * Resolves when it is that late; one after the other when several ask. Rejects with RangeError when `ms` is
   * negative: time does not go back.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0) || !Number.isFinite(ms)) throw new RangeError('time does not go back');
    const advanced = this.#advancing.then(() => this.#moveOn(ms));
    this.#advancing = advanced;
    await advanced;
  }

  async #moveOn(ms: number): Promise<void> {
    const target = this.now() + ms;
    let step = 0;
    for (let stop = 0; this.now() < target && !this.#closed; stop += 1) {
      if (stop === EXACT_STOPS) step = (target - this.now()) / EXACT_STOPS;
      this.#setTo(Math.min(target, Math.max(this.now() + step, this.#nextDue(target))));
      const arrived = performance.now();
      do {
        await new Promise((resolve) => setTimeout(resolve, STOP_MS));
      } while (this.#holds > 0 && performance.now() - arrived < LONGEST_HOLD_MS);
    }
  }

  /** Something takes real time, such as a question to a controller: time is not moved on before it is over. */
  hold(): () => void {
    this.#holds += 1;
    return () => {
      this.#holds -= 1;
    };
  }

  /** Simulated milliseconds since the epoch, with fractions. */
  now(): number {
    return this.#epochMs + (performance.now() - this.#origin) * this.#speed;
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
    const waiting: Waiting = { due: this.now() + Math.max(0, ms), callback, timeout: undefined };
    this.#waiting.add(waiting);
    this.#arm(waiting);
    return {
      cancel: () => {
        clearTimeout(waiting.timeout);
        this.#waiting.delete(waiting);
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
    return this.#waiting.size;
  }

  /** Cancels every timer. Whoever waits then waits for ever, so end the calls first. */
  close(): void {
    this.#closed = true;
    for (const { timeout } of this.#waiting) clearTimeout(timeout);
    this.#waiting.clear();
  }

  /** The first instant from now on, and at most `latest`, at which something is to happen. */
  #nextDue(latest: number): number {
    const now = this.now();
    let next = latest;
    for (const { due } of this.#waiting) if (due > now && due < next) next = due;
    return next;
  }

  #setTo(now: number): void {
    this.#epochMs = now;
    this.#origin = performance.now();
    for (const waiting of [...this.#waiting].sort((one, other) => one.due - other.due)) {
      clearTimeout(waiting.timeout);
      this.#arm(waiting);
    }
  }

  #arm(waiting: Waiting): void {
    const left = Math.ceil(Math.max(0, waiting.due - this.now()) / this.#speed);
    waiting.timeout = setTimeout(
      () => {
        // A timer of the platform may fire a little early; a simulated second must be over when it is.
        if (this.now() < waiting.due) {
          this.#arm(waiting);
          return;
        }
        this.#waiting.delete(waiting);
        waiting.callback();
      },
      Math.min(2 ** 31 - 1, left),
    );
  }
}

function positive(speed: number): number {
  if (!(speed > 0) || !Number.isFinite(speed)) throw new RangeError('the clock speed must be positive');
  return speed;
}
