export interface WriteBehindOptions<T> {
  /** Writes one part. Rejects when it is to wait for another try; what it has written by then it has to know by itself. */
  readonly write: (part: T) => Promise<void>;
  /** Milliseconds from the first thing that waits until it is written, for more to come along. */
  readonly pauseMs: number;
  /** Additions that wait at most; what comes then is left out. */
  readonly most: number;
  /** Told how many additions were left out, or given up. Must not throw. */
  readonly onLost: (additions: number) => void;
}

/** What waits under one key, and how many additions it holds. */
interface Part<T> {
  readonly value: T;
  additions: number;
  tries: number;
}

/** Milliseconds until another try, after one that failed. */
const RETRY_MS = 1_000;
/** Tries after which a part is given up: five minutes. Else one that can never be written would be tried for ever. */
const MOST_TRIES = 300;
/** Parts that are begun in one turn of the event loop: a caller may be waiting for the next. */
const AT_ONCE = 4;
/** Milliseconds that the last try of all may take. */
const CLOSE_MS = 1_000;

/**
 * Gathers what need not be written at once, by key, and writes it some at a time, a part for each key. A part that could
 * not be written is tried again, and nothing is added to it any more: what comes later under its key is a part of its own.
 */
export class WriteBehind<T> {
  readonly #options: WriteBehindOptions<T>;
  /** What may still be added to. */
  #open = new Map<string, Part<T>>();
  /** What could not be written, oldest first. */
  #again: Part<T>[] = [];
  #waiting = 0;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: WriteBehindOptions<T>) {
    this.#options = options;
  }

  /** `merge` makes what waits under `key` from what waited there. Never throws. */
  add(key: string, merge: (waiting: T | undefined) => T): void {
    if (this.#isClosed || this.#waiting >= this.#options.most) {
      this.#lost += 1;
      if (this.#isClosed) this.#tellLost();
      return;
    }
    const part = this.#open.get(key);
    this.#open.set(key, {
      value: merge(part?.value),
      additions: (part?.additions ?? 0) + 1,
      tries: 0,
    });
    this.#waiting += 1;
    this.#schedule(this.#options.pauseMs);
  }

  /** Resolves once what waits was written, or could not be. */
  async flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeAll());
    await this.#writing;
  }

  /** Writes what waits, if that can be done within a second, and takes nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    let deadline: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      deadline = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.flush(), limit]);
    clearTimeout(deadline);
    this.#lost += this.#waiting;
    this.#tellLost();
  }

  #schedule(pauseMs: number): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.flush().then(() => {
        this.#timer = undefined;
        if (this.#again.length > 0) this.#schedule(RETRY_MS);
        else if (this.#open.size > 0) this.#schedule(this.#options.pauseMs);
      });
    }, pauseMs);
    this.#timer.unref();
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    const parts = [...this.#again, ...this.#open.values()];
    this.#again = [];
    this.#open = new Map();
    for (const [index, { status }] of (await this.#begin(parts)).entries()) {
      const part = parts[index];
      if (part === undefined) continue;
      part.tries += 1;
      if (status === 'rejected' && part.tries < MOST_TRIES) {
        this.#again.push(part);
        continue;
      }
      this.#waiting -= part.additions;
      if (status === 'rejected') this.#lost += part.additions;
    }
    this.#tellLost();
  }

  async #begin(parts: readonly Part<T>[]): Promise<PromiseSettledResult<void>[]> {
    const settled: Promise<PromiseSettledResult<void>[]>[] = [];
    for (let start = 0; start < parts.length; start += AT_ONCE) {
      if (start > 0) await new Promise((resolve) => setImmediate(resolve));
      const some = parts.slice(start, start + AT_ONCE);
      settled.push(Promise.allSettled(some.map(({ value }) => this.#options.write(value))));
    }
    return (await Promise.all(settled)).flat();
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#options.onLost(lost);
  }
}
