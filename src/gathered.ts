interface Batch<T> {
  readonly items: T[];
  readonly done: Promise<void>;
}

/**
 * Carries out together, by key, what is asked for in one turn of the event loop. Whoever asked waits until it is done, so
 * nothing is put off by it and nothing more can be lost; under load there is more in a turn, and it costs less by the piece.
 */
export class Gathered<T> {
  readonly #carryOut: (items: readonly T[], key: string) => Promise<void>;
  readonly #most: number;
  readonly #open = new Map<string, Batch<T>>();

  /** `most`: what is carried out together at most. */
  constructor(carryOut: (items: readonly T[], key: string) => Promise<void>, most: number) {
    this.#carryOut = carryOut;
    this.#most = most;
  }

  /** Resolves once `item` is carried out; rejects when what it was carried out with failed. */
  add(key: string, item: T): Promise<void> {
    const batch = this.#open.get(key) ?? this.#begin(key);
    batch.items.push(item);
    if (batch.items.length >= this.#most) this.#open.delete(key);
    return batch.done;
  }

  #begin(key: string): Batch<T> {
    const items: T[] = [];
    // Once everything that this turn leads to without waiting has been asked for.
    const turnIsOver = new Promise<void>((resolve) => process.nextTick(resolve));
    const done = turnIsOver.then(() => {
      if (this.#open.get(key)?.items === items) this.#open.delete(key);
      return this.#carryOut(items, key);
    });
    const batch = { items, done };
    this.#open.set(key, batch);
    return batch;
  }
}
