/** Remembers the texts that were added last: the one that was added longest ago gives way. */
export class RecentSet {
  readonly #most: number;
  readonly #texts = new Set<string>();

  /** `most`: how many are remembered. */
  constructor(most: number) {
    this.#most = most;
  }

  has(text: string): boolean {
    return this.#texts.has(text);
  }

  add(text: string): void {
    this.#texts.add(text);
    if (this.#texts.size <= this.#most) return;
    const [oldest] = this.#texts;
    if (oldest !== undefined) this.#texts.delete(oldest);
  }

  delete(text: string): void {
    this.#texts.delete(text);
  }
}
