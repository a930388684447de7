/**
 * A look at the clock of a Redis. By it an instant is told to that Redis in its own time, so that no two clocks need
 * to agree; both have to run at the same pace, and Redis' must not be set back meanwhile.
 */
export class ClockReading {
  readonly #shown: number;
  readonly #known: number;

  /** `reply`: the answer of Redis' TIME, just now. */
  constructor(reply: unknown) {
    const [seconds, microseconds] = reply as [string, string];
    this.#shown = Number(seconds) * 1000 + Number(microseconds) / 1000;
    this.#known = performance.now();
  }

  /**
   * What that clock shows in `patience` milliseconds from now, or a little less: the answer was on its way while it
   * went on. Milliseconds since the epoch.
   */
  in(patience: number): number {
    return Math.floor(this.#shown + (performance.now() - this.#known) + patience);
  }
}
