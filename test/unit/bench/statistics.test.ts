import { expect, it } from 'vitest';

import { median, percentile, sum } from '../../../bench/lib/statistics.js';

it.each([
  [[3], 3],
  [[4, 1], 2.5],
  [[9, 1, 2], 2],
  [[10, 1, 3, 2], 2.5],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});

it('nothing has no median, no percentile, and the sum 0', () => {
  expect(median([])).toBeNaN();
  expect(percentile([], 0.99)).toBeNaN();
  expect(sum([])).toBe(0);
});
