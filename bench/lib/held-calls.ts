/** A process at an instant. */
export interface Sample {
  /** Milliseconds of any clock that never goes back. */
  readonly at: number;
  /** Milliseconds of CPU since it began. */
  readonly cpuMs: number;
  /** Resident memory, KiB. */
  readonly kib: number;
}

/** A process while calls came in and then were held. */
export interface Level {
  /** CPU that it has without a call, ms a second. */
  readonly emptyRate: number;
  /** When the calls of this level began to come in, and when the last was up. */
  readonly begun: Sample;
  readonly up: Sample;
  /** CPU that it had for the calls held before, ms a second. */
  readonly rateBefore: number;
  /** Two looks between which nothing happened but held calls. */
  readonly still: readonly [Sample, Sample];
  /** Calls that were up before, and with this level's. */
  readonly heldBefore: number;
  readonly held: number;
}

/** What a held call costs a process. NaN where there is none. */
export interface HeldFigures {
  /** Resident memory of each call that came in at this level, KiB. */
  readonly kibPerCall: number;
  /** CPU of a call's set-up, ms. */
  readonly setUpMs: number;
  /** CPU of 100 held calls, ms a second. */
  readonly heldMsPer100: number;
}

/** Milliseconds of CPU a second between two looks. */
export function cpuRate(from: Sample, to: Sample): number {
  return (to.cpuMs - from.cpuMs) / ((to.at - from.at) / 1_000);
}

/**
 * What a call costs at a level. While calls come in, those that are up already cost CPU too: in the mean, what they cost
 * before and what they cost after; the rest is set-up.
 */
export function heldFigures(level: Level): HeldFigures {
  const { emptyRate, begun, up, rateBefore, still, heldBefore, held } = level;
  const rate = cpuRate(...still);
  const ofHeld = ((up.at - begun.at) / 1_000) * ((rateBefore + rate) / 2);
  const added = countOf(held - heldBefore);
  return {
    kibPerCall: (still[1].kib - begun.kib) / added,
    setUpMs: (up.cpuMs - begun.cpuMs - ofHeld) / added,
    heldMsPer100: ((rate - emptyRate) / countOf(held)) * 100,
  };
}

/** Whether so many more calls find room in the machine's memory, with a tenth of what is available left over. KiB. */
export function hasRoom(more: number, kibPerCall: number, available: number): boolean {
  return !(more * kibPerCall > available * 0.9);
}

function countOf(calls: number): number {
  return calls > 0 ? calls : Number.NaN;
}
