import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { outlineOf, peaksOf } from '../../../console/src/audio/peaks.js';
import { failureTotals } from '../../../console/src/charts/failures.js';
import { axisOf, everyOf, linePath } from '../../../console/src/charts/scale.js';

describe('a chart’s axis', () => {
  it.each([
    [0, 1, 1],
    [7, 8, 2],
    [92, 100, 50],
    [3_460, 4_000, 1_000],
    [0.3, 0.3, 0.1],
  ])('up to %d ends at %d in steps of %d', (most, top, step) => {
    expect(axisOf(most).top).toBeCloseTo(top);
    expect(axisOf(most).step).toBeCloseTo(step);
  });

  it('holds any value in a few steps', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (most) => {
        const { top, step } = axisOf(most);
        return top >= most * (1 - 1e-6) && top / step <= 5.001 && top / step >= 1;
      }),
    );
  });

  it('has no more labels than there is room for', () => {
    expect([everyOf(48, 6.9), everyOf(5, 10), everyOf(5, 0)]).toEqual([8, 1, 5]);
  });
});

describe('a line', () => {
  it('has a gap where there is no value, and a dot for one alone', () => {
    const points = [1, null, 2, 3, null].map((y, x) => ({ x, y }));
    expect(linePath(points)).toBe('M0 1h0M2 2L3 3');
  });
});

describe('failures', () => {
  it('are summed by cause, the most frequent first', () => {
    const steps = [
      { failures: { USER_BUSY: 2, 'wrong-pin': 1 } },
      { failures: { 'wrong-pin': 4 } },
      { failures: {} },
    ];
    expect(failureTotals(steps)).toEqual([
      { cause: 'wrong-pin', count: 5 },
      { cause: 'USER_BUSY', count: 2 },
    ]);
  });
});

describe('a waveform', () => {
  it('shows the loudest of each part', () => {
    expect(peaksOf(Float32Array.from([0, 0.5, -1, 0.25]), 2)).toEqual([0.5, 1]);
  });

  it('has every bucket, also where there are fewer samples', () => {
    expect(peaksOf(Float32Array.from([0.5]), 3)).toEqual([0.5, 0.5, 0.5]);
  });

  it('is drawn around its middle, closed', () => {
    expect(outlineOf([1, 0.5], 3, 10, 8)).toBe('M0 2L3 6L3 14L0 18Z');
    expect(outlineOf([], 3, 10, 8)).toBe('');
  });
});
