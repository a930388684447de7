/** Upper bounds of the classes in which post-dial delays are counted, milliseconds; the last class has none. */
export const DELAY_BOUNDS = [
  100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000,
  45_000,
] as const;

/** What became of the calls, and of the creates of sessions, of a span of time. */
export interface CallCounts {
  /** Dialled for a session, and the two were joined. */
  readonly connected: number;
  /** Dialled for a session, and they were not. */
  readonly unanswered: number;
  /** Not dialled at all, by why. */
  readonly unconnected: Readonly<Record<string, number>>;
  /** Hangup causes of those that were dialled and not joined. */
  readonly causes: Readonly<Record<string, number>>;
  readonly talkSeconds: number;
  /** Sessions that were created, and those for which no number was left. */
  readonly created: number;
  readonly exhausted: number;
  /** Post-dial delays by class of {@link DELAY_BOUNDS}. */
  readonly delays: readonly number[];
}

export const NO_CALLS: CallCounts = {
  connected: 0,
  unanswered: 0,
  unconnected: {},
  causes: {},
  talkSeconds: 0,
  created: 0,
  exhausted: 0,
  delays: DELAY_BOUNDS.map(() => 0).concat(0),
};

/** The class of a post-dial delay in milliseconds. */
export function delayClass(delayMs: number): number {
  const found = DELAY_BOUNDS.findIndex((bound) => delayMs <= bound);
  return found === -1 ? DELAY_BOUNDS.length : found;
}

/**
 * The delay in milliseconds that a share of the delays (0 to 1) stays below, as well as classes tell: within a class
 * they are taken to lie evenly. Null when there are none.
 */
export function delayQuantile(delays: readonly number[], share: number): number | null {
  const total = delays.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let rest = share * total;
  for (const [index, count] of delays.entries()) {
    if (count > 0 && rest <= count) {
      const from = DELAY_BOUNDS[index - 1] ?? 0;
      const until = DELAY_BOUNDS[index] ?? from;
      return Math.round(from + (until - from) * (rest / count));
    }
    rest -= count;
  }
  return DELAY_BOUNDS.at(-1) ?? null;
}
