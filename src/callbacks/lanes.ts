/** Leave of a receiver to be sent one more callback. */
export interface Entry {
  /** To be called once the attempt is over. `healthy`: the receiver answered in time, whatever it said. */
  leave(healthy: boolean): void;
}

interface Lane {
  /** Attempts under way. */
  running: number;
  /** Attempts that may be under way at once. */
  limit: number;
  /** Milliseconds that an attempt takes, on average. */
  average: number;
  /** Until when places were promised to those that had to wait, by the clock in milliseconds. */
  promised: number;
}

const FIRST_LIMIT = 16;
const LEAST_LIMIT = 2;
const FIRST_AVERAGE = 200;
/** Share of the newest attempt in the average. */
const WEIGHT = 0.2;
/** Bounds of a wait, in milliseconds: a receiver that is well again is found to be so soon. */
const SHORTEST_WAIT = 100;
const LONGEST_WAIT = 60_000;
/** Receivers that are remembered; past that the one that was met first and is idle is forgotten. */
const MOST_RECEIVERS = 10_000;

/**
 * Bounds the attempts under way per receiver, so that one who hangs leaves room for the others: its limit
 * is halved by each attempt without an answer, down to two, and grows by one with each that has one.
 */
export class ReceiverLanes {
  readonly #most: number;
  readonly #now: () => number;
  readonly #lanes = new Map<string, Lane>();

  /** `most`: attempts under way at one receiver, at most. */
  constructor(most: number, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#now = now;
  }

  /**
   * Leave to send to the receiver now, or the milliseconds after which to ask again. Those who wait are
   * spread over the time in which their turn is likely to come.
   */
  enter(receiver: string): Entry | number {
    const lane = this.#lanes.get(receiver) ?? {
      running: 0,
      limit: Math.min(FIRST_LIMIT, this.#most),
      average: FIRST_AVERAGE,
      promised: 0,
    };
    if (lane.running >= lane.limit) return this.#turnOf(lane);
    lane.running += 1;
    this.#lanes.set(receiver, lane);
    this.#forgetOne();
    const since = this.#now();
    let left = false;
    return {
      leave: (healthy) => {
        if (left) return;
        left = true;
        lane.running -= 1;
        lane.average += WEIGHT * (this.#now() - since - lane.average);
        lane.limit = healthy
          ? Math.min(this.#most, lane.limit + 1)
          : Math.max(Math.min(LEAST_LIMIT, this.#most), Math.floor(lane.limit / 2));
        // A receiver without attempts is forgotten unless there is something to remember of it.
        if (lane.running === 0 && healthy) this.#lanes.delete(receiver);
      },
    };
  }

  #forgetOne(): void {
    if (this.#lanes.size <= MOST_RECEIVERS) return;
    for (const [receiver, { running }] of this.#lanes) {
      if (running > 0) continue;
      this.#lanes.delete(receiver);
      return;
    }
  }

  #turnOf(lane: Lane): number {
    const now = this.#now();
    lane.promised = Math.max(now, lane.promised) + lane.average / lane.limit;
    return Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, lane.promised - now));
  }
}
