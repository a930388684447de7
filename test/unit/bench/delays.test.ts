import { expect, it } from 'vitest';

import { delaysOf, delayText } from '../../../bench/lib/delays.js';

it('is the time from each event to its receipt', () => {
  const told = new Map([
    ['a 1', 100],
    ['a 2', 200],
  ]);
  const arrived = new Map([
    ['a 2', 230.5],
    ['a 1', 104],
    // Of something else.
    ['b 1', 1],
  ]);
  expect(delaysOf(told, arrived)).toEqual([4, 30.5]);
});

it('counts what never arrived among the slowest, and gives it no figure', () => {
  const told = new Map(Array.from({ length: 100 }, (_, n) => [`s ${n}`, n] as const));
  const arrived = new Map([...told].slice(0, 98).map(([key, at]) => [key, at + 7] as const));
  const delays = delaysOf(told, arrived);
  expect(delays).toHaveLength(100);
  expect(delayText(delays, 0.5)).toBe('7.0');
  expect(delayText(delays, 0.98)).toBe('7.0');
  expect(delayText(delays, 0.99)).toBe('missing');
});
