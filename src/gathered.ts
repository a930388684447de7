interface Batch<T> {
  readonly items: T[];
  readonly done: Promise<void>;
  readonly begin: () => void;
}

/**
 * Resolves once what was asked for before in this turn of the event loop, of whatever `Gathered`, is carried out: what it
 * sends was sent.
 */
export async function gathered(): Promise<void> {
  // Batches begin in the order in which their first items came, and none of them later than its item's turn of this queue.
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

/**
 * Carries out together, by key, what is asked for in one turn of the event loop, or within some milliseconds where nobody's
 * answer waits for it. Whoever asked hears when it is done, so nothing more can be lost by it; under load there is more in
 * a batch, and it costs less by the piece.
 */
export class Gathered<T> {
  readonly #carryOut: (items: readonly T[], key: string) => Promise<unknown>;
  readonly #most: number;
  readonly #pauseMs: number;
  readonly #open = new Map<string, Batch<T>>();

  /**
   * `most`: what is carried out together at most. `pauseMs`: milliseconds from the first of a batch until it is carried
   * out, for others to come along; default 0, until the end of the turn.
   */
  constructor(
    carryOut: (items: readonly T[], key: string) => Promise<unknown>,
    { most, pauseMs = 0 }: { readonly most: number; readonly pauseMs?: number },
  ) {
    this.#carryOut = carryOut;
    this.#most = most;
    this.#pauseMs = pauseMs;
  }

  /** Resolves once `item` is carried out; rejects when what it was carried out with failed. */
  add(key: string, item: T): Promise<void> {
    const batch = this.#open.get(key) ?? this.#begin(key);
    batch.items.push(item);
    if (batch.items.length >= this.#most) batch.begin();
    return batch.done;
  }

  /** Carries out now what waits for others. Resolves once it is carried out, or has failed. */
  async flush(): Promise<void> {
    const batches = [...this.#open.values()];
    for (const batch of batches) batch.begin();
    await Promise.allSettled(batches.map(({ done }) => done));
  }

  async #carriedOut(items: readonly T[], key: string): Promise<void> {
    await this.#carryOut(items, key);
  }

  #begin(key: string): Batch<T> {
    const items: T[] = [];
    let isBegun = false;
    let carryOut = (): void => undefined;
    const done = new Promise<void>((resolve, reject) => {
      carryOut = () => {
        this.#carriedOut(items, key).then(resolve, reject);
      };
    });
    const begin = (): void => {
      if (isBegun) return;
      isBegun = true;
      clearTimeout(timer);
      // What comes from here on is of the next batch.
      if (this.#open.get(key)?.items === items) this.#open.delete(key);
      carryOut();
    };
    const timer = this.#pauseMs === 0 ? undefined : setTimeout(begin, this.#pauseMs);
    // Once everything that this turn leads to without waiting has been asked for.
    if (timer === undefined) process.nextTick(begin);
    const batch = { items, done, begin };
    this.#open.set(key, batch);
    return batch;
  }
}
