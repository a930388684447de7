import { describe, expect, it } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import {
  forecastPools,
  levelOf,
  trendOf,
  type ForecastInput,
  type PoolDay,
  type PoolForecast,
} from '../../../src/masking/pool-forecast.js';
import { isInPool, levelClass, poolOf } from '../../../src/masking/pool.js';
import type { VirtualNumber } from '../../../src/masking/virtual-number.js';
import { seeded } from './pool-simulation.js';

function numbers(count: number, changes: Partial<VirtualNumber> = {}): VirtualNumber[] {
  return Array.from({ length: count }, (_, index) => ({
    number: `+44207946${String(index).padStart(4, '0')}` as E164,
    ...{ country: 'GB', alias: '', enabled: true, trunk: '', subaccount: '', addedAt: 0 },
    ...changes,
  }));
}

function day(changes: Partial<PoolDay> = {}): PoolDay {
  return { created: 100, exhausted: 0, open: 0, held: new Map([[0, 100]]), pins: new Map(), ...changes };
}

/** 42 days, of which the first ones saw nothing. */
function past(days: readonly PoolDay[], scope = 'GB'): ForecastInput['past'] {
  const none = day({ created: 0, held: new Map() });
  const empty = Array.from({ length: 42 - days.length }, () => none);
  return [{ pool: { subaccount: '', scope }, hours: days.length * 20, days: [...empty, ...days] }];
}

function forecast(changes: Partial<ForecastInput>): PoolForecast {
  const rules = { guessRisk: 0.005, target: 0.001, ahead: 30 };
  const [first] = forecastPools({ numbers: numbers(10), now: null, past: past([]), rules, ...changes });
  return first!;
}

const days = (count: number, make: (index: number) => Partial<PoolDay>): PoolDay[] =>
  Array.from({ length: count }, (_, index) => day(make(index)));

describe('a trend', () => {
  const growing = (count: number, noise = 0): number[] => {
    const random = seeded(3);
    return Array.from({ length: count }, (_, index) => 10 + index + noise * (random() - 0.5));
  };

  it('leads to the capacity on the day that it says', () => {
    const told = trendOf(growing(28), 46);
    expect(told).toMatchObject({ level: 37, growthPerWeek: 7, verdict: 'runs_out' });
    expect(told.days).toBeCloseTo(9);
    // Levels are whole, so even one that grows steadily is not told to the hour.
    expect(told.earliestDays).toBeLessThan(8.9);
    expect(told.earliestDays).toBeGreaterThan(8.5);
    expect(told.latestDays).toBeGreaterThan(9.1);
    expect(told.latestDays).toBeLessThan(9.5);
  });

  it('has bounds that grow with the noise, around the best guess', () => {
    const told = trendOf(growing(28, 8), 60);
    expect(told.verdict).toBe('runs_out');
    expect(told.earliestDays).toBeLessThan(told.days! - 1);
    expect(told.latestDays).toBeGreaterThan(told.days! + 1);
    // The truth, from the noisy level of today.
    const truth = 60 - told.level;
    expect(told.earliestDays).toBeLessThan(truth);
    expect(told.latestDays).toBeGreaterThan(truth);
  });

  it('is nothing that less than two weeks tell', () => {
    expect(trendOf(growing(13), 30)).toMatchObject({
      verdict: 'too_little_data',
      days: null,
      growthPerWeek: null,
    });
    expect(trendOf(growing(14), 30).verdict).toBe('runs_out');
    const sparse = growing(28).map((each, index) => (index % 8 === 0 ? each : null));
    expect(trendOf(sparse, 60).verdict).toBe('too_little_data');
    expect(trendOf([], 5)).toMatchObject({ level: 0, verdict: 'too_little_data' });
  });

  it('is not the rhythm of a week, nor noise', () => {
    const weekly = Array.from({ length: 17 }, (_, index) => (index % 7 < 5 ? 20 : 5));
    expect(trendOf(weekly, 25)).toMatchObject({
      verdict: 'not_with_this_trend',
      growthPerWeek: 0,
      days: null,
    });
    let dates = 0;
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seeded(seed);
      const noise = Array.from({ length: 28 }, () => 20 + 5 * random());
      if (trendOf(noise, 26).verdict === 'runs_out') dates += 1;
    }
    // 1 in 20 is what the bounds allow.
    expect(dates).toBeLessThanOrEqual(15);
  });

  it('is not followed further than the data carries, nor when it falls', () => {
    expect(trendOf(growing(20), 40 + 60).verdict).toBe('beyond_horizon');
    expect(trendOf(growing(20).reverse(), 40).verdict).toBe('not_with_this_trend');
  });

  it('needs no data to see that something is used up', () => {
    expect(trendOf([null, 10], 10)).toMatchObject({ verdict: 'exhausted', level: 10, days: null });
  });
});

describe('the level of a day', () => {
  it('is what all but the share of creates stay within', () => {
    const counts = new Map([
      [0, 9_000],
      [3, 990],
      [9, 10],
    ]);
    expect(levelOf(counts, 0.001)).toBe(3);
    expect(levelOf(counts, 0.000_5)).toBe(9);
    expect(levelOf(new Map([[2, 3]]), 0.001)).toBe(2);
    expect(levelOf(new Map(), 0.001)).toBeNull();
  });

  it('is counted one by one at first, then in classes of a thirty-second', () => {
    expect([0, 1, 40, 63, 64, 65, 66, 1_000].map(levelClass)).toEqual([0, 1, 40, 63, 64, 64, 66, 992]);
  });
});

describe('the forecast of a pool', () => {
  it('tells what runs out first, when, and how many numbers to add', () => {
    // The busiest persons hold a number more each week; PINs grow by seven a week to 50 less one.
    const grown = days(28, (index) => ({
      held: new Map([[Math.floor(index / 7), 100]]),
      pins: new Map([[4, new Map([[13 + index, 100]])]]),
    }));
    const told = forecast({ past: past(grown) });
    expect(told).toMatchObject({ numbers: 10, days: 28, hours: 560, runsOutOf: 'pin_guard' });
    const [guard, persons] = told.resources;
    expect(guard).toMatchObject({
      resource: 'pin_guard',
      pinLength: 4,
      level: 40,
      capacity: 49,
      verdict: 'runs_out',
    });
    expect(guard!.days).toBeCloseTo(9);
    // 40 + 30 of 49 on each of ten numbers.
    expect(guard!.numbersNeeded).toBe(Math.ceil((10 * 70) / 49));
    expect(told.numbersToAdd).toBe(5);
    expect(persons).toMatchObject({ resource: 'persons', level: 3, capacity: 10, growthPerWeek: 1 });
    expect(persons!.numbersNeeded).toBe(8);
    expect(told.resources.at(-1)).toMatchObject({ resource: 'pin_space' });
  });

  it('is exhausted where persons hold all numbers', () => {
    const told = forecast({
      numbers: numbers(4),
      past: past([
        day({
          created: 90,
          exhausted: 10,
          held: new Map([
            [1, 90],
            [4, 10],
          ]),
        }),
      ]),
    });
    expect(told).toMatchObject({ runsOutOf: 'persons', numbersToAdd: 1 });
    expect(told.lastDay).toEqual({ created: 90, exhausted: 10 });
  });

  it('makes up no date from few days, but says what today needs', () => {
    const told = forecast({ past: past(days(5, (index) => ({ held: new Map([[index, 50]]) }))) });
    expect(told).toMatchObject({ runsOutOf: null, days: 5, numbersToAdd: 0 });
    expect(told.resources[0]).toMatchObject({ verdict: 'too_little_data', days: null, numbersNeeded: 5 });
  });

  it('follows single-party sessions by how many live now and how their creates grow', () => {
    const now = numbers(20).map((_, index) => ({
      sessions: index < 8 ? 1 : 0,
      coolingOff: 0,
      isOpen: index < 8,
    }));
    const grown = days(28, (index) => ({ open: 40 + 4 * index }));
    const told = forecast({ numbers: numbers(20), now, past: past(grown) });
    const open = told.resources.find(({ resource }) => resource === 'unknown_callers')!;
    expect(open.verdict).toBe('runs_out');
    // Eight of the last week's mean, 136; its best day had 148.
    expect(open.level).toBeCloseTo((8 * 148) / 136);
    expect(open.growthPerWeek).toBeCloseTo((8 * 28) / 136);
    expect(open.capacity).toBeGreaterThan(9);
    expect(open.capacity).toBeLessThan(11);
    expect(told.now).toEqual({ sessions: 8, coolingOff: 0, idleNumbers: 12 });
  });

  it('has a pool for numbers that nobody chose from, and none twice', () => {
    const us = numbers(2, { country: 'US', number: '+12125550100' as E164 });
    const rules = { guessRisk: 0.005, target: 0.001, ahead: 30 };
    const input = { numbers: [...numbers(3), ...us], now: null, rules };
    const told = forecastPools({ ...input, past: past([day()], 'GB') });
    expect(told.map(({ pool, numbers: count }) => [pool.scope, count])).toEqual([
      ['GB', 3],
      ['US', 2],
    ]);
    expect(told[1]).toMatchObject({ resources: [], numbersToAdd: null, runsOutOf: null, days: 0 });
    const all = forecastPools({ ...input, past: past([day()], '*') });
    expect(all.map(({ pool, numbers: count }) => [pool.scope, count])).toEqual([['*', 5]]);
  });

  it('counts disabled numbers apart, and none of another owner', () => {
    const mixed = [...numbers(3), ...numbers(1, { enabled: false }), ...numbers(2, { subaccount: 'SA0' })];
    const told = forecast({ numbers: mixed, past: past([day()]) });
    expect([told.numbers, told.disabled]).toEqual([3, 1]);
  });
});

describe('a pool', () => {
  const people = { firstParty: '+442079460999' as E164, secondParty: '+33123456780' as E164, subaccount: '' };

  it('is the country of the first party with geomatch, else everything', () => {
    expect(poolOf({ ...people, geomatch: true }).scope).toBe('GB');
    expect(poolOf({ ...people, firstParty: null, geomatch: true }).scope).toBe('FR');
    expect(poolOf({ ...people, geomatch: false }).scope).toBe('*');
    expect(poolOf({ ...people, firstParty: '+15550001001' as E164, geomatch: true }).scope).toBe('+1');
  });

  it('has the numbers that the choice would take', () => {
    const us = { country: 'US', callingCode: '1', enabled: true, subaccount: '' };
    const untold = { ...us, country: '' };
    expect(isInPool(us, { subaccount: '', scope: 'US' }, '1')).toBe(true);
    expect(isInPool(untold, { subaccount: '', scope: 'US' }, '1')).toBe(true);
    expect(isInPool(us, { subaccount: '', scope: '+1' }, '')).toBe(true);
    expect(isInPool(us, { subaccount: '', scope: 'GB' }, '44')).toBe(false);
    expect(isInPool({ ...us, enabled: false }, { subaccount: '', scope: '*' }, '')).toBe(false);
    expect(isInPool(us, { subaccount: 'SA0', scope: '*' }, '')).toBe(false);
  });
});
