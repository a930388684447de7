import type { Audit, AuditedCall } from './audit.js';
import { STAGES, type LoadCall, type Stage } from './call.js';

/**
 * What a fault may do to a call: `kept`, nothing; `told`, the caller hears that it cannot be made, or it ends
 * with a final response; `lost`, anything.
 */
export type Allowed = 'kept' | 'told' | 'lost';

/** Calls that came while the fault lasted, and those of before and after, which nothing may happen to. */
export type Group = Stage | 'during' | 'before' | 'after';

export const GROUPS: readonly Group[] = ['before', ...STAGES, 'during', 'after'];

export type Bounds = Readonly<Record<Stage | 'during', Allowed>>;

/** When the fault struck, and when all was as it had been; milliseconds since the epoch. */
export interface FaultTimes {
  readonly struckAt: number;
  readonly healedAt: number;
}

/** A caller must be told within this time that its call cannot be made, in milliseconds. */
export const TOLD_WITHIN_MS = 20_000;
/** After a fault is over things may take this long to be as before, in milliseconds. */
export const RECOVERY_MS = 5_000;

/** Sums over calls. */
export interface Totals {
  readonly up: number;
  readonly kept: number;
  readonly told: number;
  readonly lost: number;
  readonly expected: number;
  readonly written: number;
  readonly callbacksExpected: number;
  readonly callbacksDelivered: number;
}

export interface GroupResult extends Totals {
  readonly group: Group;
  readonly allowed: Allowed;
  /** Longest from A's INVITE to B's, of callers who are not asked for a PIN; null when nobody came that far. */
  readonly slowestMs: number | null;
  /** Calls that fared worse than is allowed. */
  readonly worse: readonly number[];
}

export function groupOf(call: LoadCall, { struckAt, healedAt }: FaultTimes): Group {
  const stage = call.stageAt(struckAt);
  if (stage !== null) return stage;
  if (call.timeline.invited <= struckAt) return 'before';
  return call.timeline.invited <= healedAt + RECOVERY_MS ? 'during' : 'after';
}

export function fateOf(call: LoadCall): Allowed {
  if (call.kept) return 'kept';
  return call.told(TOLD_WITHIN_MS) ? 'told' : 'lost';
}

const RANK: Readonly<Record<Allowed, number>> = { kept: 0, told: 1, lost: 2 };

/** One result for each group that had calls. */
export function judge(audit: Audit, times: FaultTimes, bounds: Bounds): GroupResult[] {
  return GROUPS.map((group) => {
    const own = audit.calls.filter(({ call }) => groupOf(call, times) === group);
    const allowed = group === 'before' || group === 'after' ? 'kept' : bounds[group];
    return resultOf(group, allowed, own);
  }).filter(({ up }) => up > 0);
}

function resultOf(group: Group, allowed: Allowed, own: readonly AuditedCall[]): GroupResult {
  const delays = own.flatMap(({ call: { lane, timeline } }) =>
    lane.kind === 'pin' || timeline.bInvited === null ? [] : [timeline.bInvited - timeline.invited],
  );
  return {
    group,
    allowed,
    ...totalsOf(own),
    slowestMs: delays.length === 0 ? null : Math.max(...delays),
    worse: own.filter(({ call }) => RANK[fateOf(call)] > RANK[allowed]).map(({ call }) => call.id),
  };
}

export function totalsOf(calls: readonly AuditedCall[]): Totals {
  const fates = calls.map(({ call }) => fateOf(call));
  const count = (fate: Allowed): number => fates.filter((each) => each === fate).length;
  return {
    up: calls.length,
    kept: count('kept'),
    told: count('told'),
    lost: count('lost'),
    expected: calls.filter((each) => each.expected).length,
    written: calls.filter((each) => each.expected && each.written).length,
    callbacksExpected: calls.reduce((sum, each) => sum + each.callbacksExpected, 0),
    callbacksDelivered: calls.reduce((sum, each) => sum + each.callbacksDelivered, 0),
  };
}

/** In words, everything that is worse than a fault may make it; empty when all is well. */
export function failuresOf(results: readonly GroupResult[], audit: Audit): string[] {
  const calls = results
    .filter(({ worse }) => worse.length > 0)
    .map(({ group, worse, allowed }) => `${worse.length} calls (${group}) were not ${WORDS[allowed]}`);
  return [...calls, ...faultsOfRecords(audit)];
}

/** In words, what no fault excuses: records and callbacks that are missing or wrong, and what was left behind. */
export function faultsOfRecords(audit: Audit): string[] {
  const totals = totalsOf(audit.calls);
  const counted: readonly (readonly [number, string])[] = [
    [totals.expected - totals.written, 'interactions were not written'],
    [totals.callbacksExpected - totals.callbacksDelivered, 'callbacks were not delivered'],
    [audit.callbackGaps, 'numbers are missing in the sequences of callbacks'],
    [audit.calls.filter(({ twice }) => twice).length, 'calls were written twice'],
    [audit.strangers, 'interactions belong to no call'],
    [audit.calls.filter(({ wrongLength }) => wrongLength).length, 'calls were written with a wrong length'],
    [audit.wrong, 'wrong connections'],
    [audit.channels, 'channels are stuck on FreeSWITCH'],
    [audit.live, 'interactions are still said to run'],
    [audit.stuckSessions, 'sessions are stuck in progress'],
  ];
  return counted.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
}

const WORDS: Readonly<Record<Allowed, string>> = {
  kept: 'kept',
  told: 'kept, nor was their caller told in time',
  lost: 'lost',
};
