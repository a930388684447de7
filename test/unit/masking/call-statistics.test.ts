import { describe, expect, it } from 'vitest';

import { DELAY_BOUNDS, delayClass, delayQuantile, NO_CALLS } from '../../../src/masking/call-statistics.js';

function classes(...delays: number[]): number[] {
  const counts = [...NO_CALLS.delays];
  for (const delay of delays) counts[delayClass(delay)] = (counts[delayClass(delay)] ?? 0) + 1;
  return counts;
}

describe('post-dial delays', () => {
  it('are counted in the first class that holds them, and beyond the last in one of its own', () => {
    expect(delayClass(0)).toBe(0);
    expect(delayClass(100)).toBe(0);
    expect(delayClass(101)).toBe(1);
    expect(delayClass(1_000_000)).toBe(DELAY_BOUNDS.length);
    expect(NO_CALLS.delays).toHaveLength(DELAY_BOUNDS.length + 1);
  });

  it('have no quantile when there are none', () => {
    expect(delayQuantile(NO_CALLS.delays, 0.5)).toBeNull();
  });

  it('have quantiles within their class', () => {
    const counts = classes(...Array.from({ length: 100 }, () => 1_750));
    expect(delayQuantile(counts, 0.5)).toBe(1_750);
    expect(delayQuantile(counts, 1)).toBe(2_000);
    expect(delayQuantile(classes(50, 50, 50, 4_500), 0.5)).toBeLessThanOrEqual(100);
    expect(delayQuantile(classes(50, 50, 50, 4_500), 0.95)).toBeGreaterThan(4_000);
    expect(delayQuantile(classes(60_000), 0.95)).toBe(45_000);
  });
});
