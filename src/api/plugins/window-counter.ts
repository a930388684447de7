interface Window {
  ends: number;
  count: number;
}

/** Counts what happens under each key in fixed windows of time, in bounded memory. */
export class WindowCounter {
  readonly #length: number;
  readonly #most: number;
  /** In the order in which they began. */
  readonly #windows = new Map<string, Window>();

  /** `length` of a window in milliseconds; of `most` keys the one whose window began first gives way. */
  constructor(length: number, most: number) {
    this.#length = length;
    this.#most = most;
  }

  /** Keys that are counted. */
  get size(): number {
    return this.#windows.size;
  }

  /** Counts one more under `key`. Milliseconds until it may come again when that is beyond `limit`, else 0. */
  take(key: string, limit: number, now: number): number {
    const window = this.#current(key, now) ?? this.#begin(key, now);
    window.count += 1;
    return window.count <= limit ? 0 : window.ends - now;
  }

  /** The same without counting: whether another one would be beyond `limit`. */
  wait(key: string, limit: number, now: number): number {
    const window = this.#current(key, now);
    return window === null || window.count < limit ? 0 : window.ends - now;
  }

  #current(key: string, now: number): Window | null {
    const window = this.#windows.get(key);
    // A clock that was set back begins a new window, too.
    return window === undefined || now >= window.ends || now < window.ends - this.#length ? null : window;
  }

  #begin(key: string, now: number): Window {
    this.#windows.delete(key);
    const window = { ends: now + this.#length, count: 0 };
    this.#windows.set(key, window);
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= this.#most && this.#current(oldest, now) !== null) break;
      this.#windows.delete(oldest);
    }
    return window;
  }
}
