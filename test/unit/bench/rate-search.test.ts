import { describe, expect, it } from 'vitest';

import { RateSearch } from '../../../bench/lib/rate-search.js';

const OPTIONS = { from: 20, to: 1_000, growth: 1.25, within: 0.05 };

/** Rates that are tried, in order, where all up to `most` are sustained. */
function tried(most: number, options = OPTIONS): { rates: number[]; search: RateSearch } {
  const search = new RateSearch(options);
  const rates: number[] = [];
  for (let rate = search.next; rate !== null; rate = search.next) {
    rates.push(rate);
    search.note(rate, rate <= most);
  }
  return { rates, search };
}

describe('the search for the highest rate that is sustained', () => {
  it('goes up until a rate is not, and then half-way between the nearest two', () => {
    const { rates, search } = tried(42);
    expect(rates).toEqual([20, 25, 31, 39, 49, 44, 41, 42]);
    expect([search.highest, search.limit]).toEqual([42, 44]);
  });

  it('ends within what it is to be told to, wherever the limit is', () => {
    for (let most = 1; most <= 500; most += 1) {
      const { rates, search } = tried(most);
      expect(search.highest).toBeLessThanOrEqual(most);
      expect(search.limit).toBeGreaterThan(most);
      expect(search.limit - search.highest).toBeLessThanOrEqual(Math.max(1, search.highest * OPTIONS.within));
      expect(new Set(rates).size).toBe(rates.length);
    }
  });

  it('goes down from a first rate that is not sustained, to none at all', () => {
    expect(tried(7).search.highest).toBe(7);
    expect(tried(0).rates).toEqual([20, 10, 5, 2, 1]);
    expect(tried(0).search.highest).toBe(0);
  });

  it('goes up by one at least', () => {
    expect(tried(3, { ...OPTIONS, from: 1, growth: 1.1 }).rates).toEqual([1, 2, 3, 4]);
  });

  it('tries no rate above the highest that it may', () => {
    const { rates, search } = tried(500, { ...OPTIONS, to: 45 });
    expect(rates).toEqual([20, 25, 31, 39, 45]);
    expect([search.highest, search.limit]).toEqual([45, Infinity]);
  });

  it('has nothing to say of a limit before one was met', () => {
    const search = new RateSearch(OPTIONS);
    search.note(20, true);
    expect([search.highest, search.limit]).toEqual([20, Infinity]);
  });
});
