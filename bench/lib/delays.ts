import { percentile } from './statistics.js';

/**
 * Milliseconds from each event to its receipt, one value an event; Infinity for one that did not arrive. `told` and
 * `arrived`: instants by key.
 */
export function delaysOf(told: ReadonlyMap<string, number>, arrived: ReadonlyMap<string, number>): number[] {
  return [...told].map(([key, at]) => (arrived.get(key) ?? Number.POSITIVE_INFINITY) - at);
}

/** A percentile of delays in words: one that fell on what never arrived has no figure. */
export function delayText(delays: readonly number[], p: number): string {
  const delay = percentile(delays, p);
  return delay === Number.POSITIVE_INFINITY ? 'missing' : delay.toFixed(1);
}
