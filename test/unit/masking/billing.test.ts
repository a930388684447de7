import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  amountAsNumber,
  billOf,
  parseAmount,
  printAmount,
  sumOf,
  type Tariff,
} from '../../../src/masking/billing.js';

const NOW = 1_800_000_000_000;
const tariff = (changes: Partial<Tariff> = {}): Tariff => ({
  callRate: 8_500,
  increment: 60,
  minimum: 0,
  sessionFee: 0,
  ...changes,
});
const leg = (ms: number): { answeredAt: number; endedAt: number } => ({ answeredAt: NOW, endedAt: NOW + ms });

describe('the bill of a leg', () => {
  test('a leg that was never answered costs nothing', () => {
    expect(billOf({ answeredAt: null, endedAt: NOW }, tariff({ minimum: 60 }))).toEqual({
      seconds: 0,
      amount: 0,
    });
  });

  test.each([
    ['a begun increment counts whole', 1, {}, 60, 8_500],
    ['an increment to the last millisecond', 60_000, {}, 60, 8_500],
    ['one millisecond more', 60_001, {}, 120, 17_000],
    ['by the second', 61_000, { increment: 1 }, 61, 8_642],
    ['at least the minimum', 4_000, { increment: 1, minimum: 30 }, 30, 4_250],
    ['the minimum in whole increments', 4_000, { increment: 20, minimum: 30 }, 40, 5_667],
    ['nothing is said in no time', 0, { increment: 6 }, 0, 0],
    ['half a millionth is rounded up', 30_000, { callRate: 1, increment: 1 }, 30, 1],
    ['less is not', 29_000, { callRate: 1, increment: 1 }, 29, 0],
  ])('%s', (_, ms, changes, seconds, amount) => {
    expect(billOf(leg(ms), tariff(changes))).toEqual({ seconds, amount });
  });

  test('a clock that went backwards bills nothing', () => {
    expect(billOf(leg(-5_000), tariff())).toEqual({ seconds: 0, amount: 0 });
  });

  test('is exact for every rate and duration, to half a millionth', () => {
    const rates = fc.nat(1_000_000_000);
    const durations = fc.nat(30 * 86_400);
    fc.assert(
      fc.property(rates, durations, (callRate, seconds) => {
        const { amount } = billOf(leg(seconds * 1000), tariff({ callRate, increment: 1 }));
        const exact = BigInt(callRate) * BigInt(seconds);
        const off = BigInt(amount) * 60n - exact;
        expect(off > -30n && off <= 30n).toBe(true);
      }),
    );
  });

  test('many bills add up without drift', () => {
    const third = billOf(leg(1_000), tariff({ callRate: 6_000_006, increment: 1 }));
    expect(third.amount).toBe(100_000);
    const sum = sumOf([...Array.from({ length: 1_000 }, () => third), undefined]);
    expect(printAmount(sum.amount)).toBe('100');
    expect(sum.seconds).toBe(1_000);
  });
});

describe('amounts as text', () => {
  test.each([
    ['0', 0],
    ['0.025', 25_000],
    ['12', 12_000_000],
    ['1.5', 1_500_000],
    ['0.000001', 1],
    ['999999999.999999', 999_999_999_999_999],
  ])('%s', (text, amount) => {
    expect(parseAmount(text)).toBe(amount);
    expect(printAmount(amount)).toBe(text);
    expect(JSON.stringify(amountAsNumber(amount))).toBe(text);
  });

  test.each(['', '-1', '.5', '1.', '1,5', '1e3', '0.0000001', '1 ', 'free', '٣'])('%j is none', (text) => {
    expect(parseAmount(text)).toBeNull();
  });

  test('every amount below a thousand million prints in JSON as it is', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999_999_999), (amount) => {
        expect(parseAmount(printAmount(amount))).toBe(amount);
        expect(JSON.stringify(amountAsNumber(amount))).toBe(printAmount(amount));
      }),
    );
  });
});
