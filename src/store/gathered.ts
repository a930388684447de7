/** What is to be written in one go, and what awaits it. */
interface Batch<T> {
  readonly items: T[];
  readonly written: Promise<void>;
  readonly send: () => void;
}

/** Milliseconds from the first of a batch until it is written, for others to come along. */
const PAUSE_MS = 5;
/** Of a batch, at most: a script goes through them, and Redis does nothing else meanwhile. */
const MOST = 100;

/**
 * Writes together, by key, what many ask for within a moment and nobody answers a client by: one script for a batch
 * costs Redis and us a fraction of one for each. Each of them still hears what came of its own.
 */
export class Gathered<T> {
  readonly #write: (key: string, items: readonly T[]) => Promise<unknown>;
  readonly #open = new Map<string, Batch<T>>();

  /** `write` is told at most 100 at a time. What it rejects with, everybody hears whose item was among them. */
  constructor(write: (key: string, items: readonly T[]) => Promise<unknown>) {
    this.#write = write;
  }

  /** Resolves once the item is written, and rejects as `write` does. */
  add(key: string, item: T): Promise<void> {
    const batch = this.#open.get(key) ?? this.#begin(key);
    batch.items.push(item);
    if (batch.items.length >= MOST) batch.send();
    return batch.written;
  }

  /** Writes now what waits. */
  flush(): void {
    for (const batch of [...this.#open.values()]) batch.send();
  }

  #begin(key: string): Batch<T> {
    const items: T[] = [];
    let begin = (): void => undefined;
    const due = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const timer = setTimeout(() => batch.send(), PAUSE_MS);
    const batch: Batch<T> = {
      items,
      written: due.then(async () => {
        await this.#write(key, items);
      }),
      send: () => {
        clearTimeout(timer);
        // At once: what comes from here on is of the next batch.
        if (this.#open.get(key) === batch) this.#open.delete(key);
        begin();
      },
    };
    this.#open.set(key, batch);
    return batch;
  }
}
