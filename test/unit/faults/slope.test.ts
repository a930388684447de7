import { expect, it } from 'vitest';
import { trendOf } from '../../faults/lib/slope.js';

it('is the growth in an hour of a line through the points', () => {
  const trend = trendOf([
    [0, 10],
    [30, 11.5],
    [60, 13],
  ]);
  expect(trend.slope).toBeCloseTo(3);
  expect(trend.from).toBeCloseTo(10);
  expect(trend.to).toBeCloseTo(13);
});

it('is flat for values that go up and down around one', () => {
  const points = Array.from({ length: 200 }, (_, index) => [index / 4, 50 + (index % 2)] as const);
  expect(Math.abs(trendOf(points).slope)).toBeLessThan(0.1);
});

it('is none for a single point', () => {
  expect(trendOf([[5, 7]])).toEqual({ slope: 0, from: 7, to: 7 });
});
