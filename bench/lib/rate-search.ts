/** How a search goes about it. */
export interface SearchOptions {
  /** The rate that is tried first. */
  readonly from: number;
  /** The highest that is tried. */
  readonly to: number;
  /** The search goes up by this factor until a rate is not sustained. */
  readonly growth: number;
  /** Highest sustained and lowest unsustained rate are to be this near, as a share of the lower one. */
  readonly within: number;
}

/** Finds the highest whole rate that is sustained: up until one is not, then half-way between the nearest two. */
export class RateSearch {
  readonly #options: SearchOptions;
  #highest = 0;
  #limit = Infinity;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  /** Highest rate that was sustained, 0 for none. */
  get highest(): number {
    return this.#highest;
  }

  /** Lowest rate that was not; Infinity when none was met. */
  get limit(): number {
    return this.#limit;
  }

  /** The rate that is to be tried; null once it is found, or is `to`. */
  get next(): number | null {
    const { from, to, growth, within } = this.#options;
    const [low, high] = [this.#highest, this.#limit];
    if (low >= to) return null;
    if (high === Infinity)
      return low === 0 ? from : Math.min(to, Math.max(low + 1, Math.round(low * growth)));
    if (high - low <= 1 || high - low <= low * within) return null;
    return Math.floor((low + high) / 2);
  }

  /** What came of a rate. */
  note(rate: number, isSustained: boolean): void {
    if (isSustained) this.#highest = Math.max(this.#highest, rate);
    else this.#limit = Math.min(this.#limit, rate);
  }
}
