export interface WriteBehindOptions<T> {
  /** Writes some of what waits. Rejects when they are to wait for another try. */
  readonly write: (batch: readonly T[]) => Promise<void>;
  /** Milliseconds from the first thing that waits until it is written, for more to come along. */
  readonly pauseMs: number;
  /** Additions that wait at most; what comes then is left out. */
  readonly most: number;
  /** Told how many additions were left out. Must not throw. */
  readonly onLost: (additions: number) => void;
}

/** Milliseconds until another try, after one that failed. */
const RETRY_MS = 1_000;
/** Milliseconds that the last try of all may take. */
const CLOSE_MS = 1_000;

/**
 * Gathers what need not be written at once, by key, and writes it some at a time: in order, one batch after the
 * other. While it cannot be written it waits, up to a limit.
 */
export class WriteBehind<T> {
  readonly #options: WriteBehindOptions<T>;
  #waiting = new Map<string, T>();
  #additions = 0;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: WriteBehindOptions<T>) {
    this.#options = options;
  }

  /** `merge` makes what waits under `key` from what waited there. Never throws. */
  add(key: string, merge: (waiting: T | undefined) => T): void {
    if (this.#isClosed || this.#additions >= this.#options.most) {
      this.#lost += 1;
      if (this.#isClosed) this.#tellLost();
      return;
    }
    this.#additions += 1;
    this.#waiting.set(key, merge(this.#waiting.get(key)));
    this.#schedule(this.#options.pauseMs);
  }

  /** Resolves once what waits was written, or could not be. */
  async flush(): Promise<void> {
    await this.#writing;
    await this.#flush();
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
    this.#lost += this.#additions;
    this.#tellLost();
  }

  #schedule(pauseMs: number): void {
    if (this.#timer !== undefined || this.#writing !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#flush().finally(() => {
        this.#writing = undefined;
        if (this.#waiting.size > 0) this.#schedule(this.#options.pauseMs);
      });
    }, pauseMs);
    this.#timer.unref();
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    const batch = this.#waiting;
    const additions = this.#additions;
    if (batch.size === 0) return;
    this.#waiting = new Map();
    this.#additions = 0;
    try {
      await this.#options.write([...batch.values()]);
      this.#tellLost();
    } catch {
      await this.#takeBack(batch, additions);
    }
  }

  /** What could not be written goes before what came meanwhile; what has one key is written one after the other. */
  async #takeBack(batch: ReadonlyMap<string, T>, additions: number): Promise<void> {
    const newer = this.#waiting;
    this.#waiting = new Map(batch);
    for (const [key, value] of newer) {
      // A key of both would have to be merged: its newer part goes by a name of its own.
      this.#waiting.set(this.#waiting.has(key) ? `${key}\0${this.#waiting.size}` : key, value);
    }
    this.#additions += additions;
    if (!this.#isClosed) await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#options.onLost(lost);
  }
}
