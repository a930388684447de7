import { table } from '../../../bench/lib/statistics.js';
import type { Fault } from './faults.js';
import type { FaultResult } from './inject.js';
import type { Totals } from './verdict.js';

/** A fault's table, with what it may cost above and what it did cost below. */
export function printed(fault: Fault, result: FaultResult): string {
  const rows = result.groups.map((group) => [
    group.group,
    group.allowed,
    ...counts(group),
    group.slowestMs === null ? '' : String(group.slowestMs),
  ]);
  const complete =
    result.completeAfter === null ? 'never' : `${result.completeAfter.toFixed(0)} s after the last call`;
  return [
    `${fault.name}: ${fault.what}`,
    `  allowed: ${fault.allows}`,
    table([['stage', 'allowed', ...COUNTS, 'slowest ms'], ...rows]),
    `wrong connections: ${result.wrong}; left: ${result.channels} channels, ${result.live} live interactions, ` +
      `${result.stuckSessions} sessions in progress; records complete: ${complete}; PINs keyed twice: ${result.keyedTwice}; ` +
      `controllers that ended beside the fault: ${result.deaths}; the phones stood still ${result.standstills.length} times, ` +
      `${Math.max(0, ...result.standstills)} ms at most`,
    ...result.failures.map((failure) => `FAILED: ${failure}`),
  ].join('\n');
}

/** One line for each fault. */
export function summary(results: readonly FaultResult[]): string {
  const rows = results.map((result) => [
    result.fault,
    ...counts(sum(result.groups)),
    String(result.wrong),
    result.failures.length === 0 ? 'ok' : 'FAILED',
  ]);
  return table([['fault', ...COUNTS, 'wrong', ''], ...rows]);
}

const COUNTS = ['up', 'kept', 'told', 'lost', 'written/expected', 'callbacks/expected'];

function counts(totals: Totals): string[] {
  return [
    String(totals.up),
    String(totals.kept),
    String(totals.told),
    String(totals.lost),
    `${totals.written}/${totals.expected}`,
    `${totals.callbacksDelivered}/${totals.callbacksExpected}`,
  ];
}

function sum(all: readonly Totals[]): Totals {
  const total = (count: (totals: Totals) => number): number =>
    all.reduce((so, totals) => so + count(totals), 0);
  return {
    up: total(({ up }) => up),
    kept: total(({ kept }) => kept),
    told: total(({ told }) => told),
    lost: total(({ lost }) => lost),
    expected: total(({ expected }) => expected),
    written: total(({ written }) => written),
    callbacksExpected: total(({ callbacksExpected }) => callbacksExpected),
    callbacksDelivered: total(({ callbacksDelivered }) => callbacksDelivered),
  };
}
