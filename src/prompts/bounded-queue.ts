/** Runs tasks, at most `width` at once, and lets at most `depth` wait. */
export class BoundedQueue {
  readonly #width: number;
  readonly #depth: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(width: number, depth: number) {
    this.#width = width;
    this.#depth = depth;
  }

  get full(): boolean {
    return this.#running >= this.#width && this.#waiting.length >= this.#depth;
  }

  /** Settles as the task does, which may begin later. Ask `full` first: the bound is the caller's to keep. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#width) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // The place passes on to the next one without becoming free in between.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
