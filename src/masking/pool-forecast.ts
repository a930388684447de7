import { callingCodeOf, callingCodeOfCountry } from './phone-number.js';
import { ANY_SCOPE, isInPool, type PoolName } from './pool.js';
import { erlangB, leastNumbers, mostGuardedPins, type PlanRules } from './pool-plan.js';
import type { VirtualNumber } from './virtual-number.js';

/**
 * What each pool runs out of, and when, from what its creates came upon in the last weeks (docs/pool-planning.md).
 *
 * A level is what a create comes upon, its capacity the level from which more creates fail than the target allows. No
 * date is made up: without two weeks of data, or without a trend that stands out of its own noise, there is none.
 */

/** What the creates of 24 hours came upon. */
export interface PoolDay {
  readonly created: number;
  /** Creates for which no number was left. */
  readonly exhausted: number;
  /** Creates, of both kinds, of sessions that have their number's unknown callers: a single party, no PINs. */
  readonly open: number;
  /** Creates by how many numbers of the pool their persons held. */
  readonly held: ReadonlyMap<number, number>;
  /** For each length of PINs: sessions by how many of them lived on the number that they got. */
  readonly pins: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

export interface PoolPast {
  readonly pool: PoolName;
  /** Hours in which there were creates. */
  readonly hours: number;
  /** Oldest first; the last ends now. */
  readonly days: readonly PoolDay[];
}

/** What is on one number now. */
export interface NumberNow {
  readonly sessions: number;
  readonly coolingOff: number;
  readonly isOpen: boolean;
}

export interface ForecastRules extends Pick<PlanRules, 'guessRisk' | 'target'> {
  /** For so many days ahead it is said how many numbers are to be added. */
  readonly ahead: number;
}

export const RESOURCES = ['persons', 'pin_guard', 'pin_space', 'unknown_callers'] as const;
export type Resource = (typeof RESOURCES)[number];

/**
 * - `runs_out`: the trend leads to the capacity, on the day that is named;
 * - `exhausted`: it is there already;
 * - `not_with_this_trend`: no growth that stands out of the noise;
 * - `beyond_horizon`: later than from so little data can be said;
 * - `too_little_data`: less than two weeks, or too few days with creates.
 */
export const VERDICTS = [
  'runs_out',
  'exhausted',
  'not_with_this_trend',
  'beyond_horizon',
  'too_little_data',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface ResourceForecast {
  readonly resource: Resource;
  /** Digits of the PINs; null for what is not about PINs. */
  readonly pinLength: number | null;
  /** The highest of the last seven days. */
  readonly level: number;
  readonly capacity: number;
  /** By how much the level grows in a week; null while that cannot be told. */
  readonly growthPerWeek: number | null;
  readonly verdict: Verdict;
  /** Days from now: the best guess, and the bounds that hold 9 times out of 10. Null unless it runs out. */
  readonly days: number | null;
  readonly earliestDays: number | null;
  readonly latestDays: number | null;
  /** Numbers that the pool needs `ahead` days from now; null when it cannot be had with any number of them. */
  readonly numbersNeeded: number | null;
}

export interface PoolForecast {
  readonly pool: PoolName;
  /** Enabled numbers, and disabled ones of the same owner and scope. */
  readonly numbers: number;
  readonly disabled: number;
  /** Of what is on the numbers now; null where it was not looked at. Numbers of two pools count in both. */
  readonly now: {
    readonly sessions: number;
    readonly coolingOff: number;
    readonly idleNumbers: number;
  } | null;
  readonly lastDay: { readonly created: number; readonly exhausted: number };
  readonly lastWeek: { readonly created: number; readonly exhausted: number };
  /** Hours with creates, and days from the first of them until now, that this comes from. */
  readonly hours: number;
  readonly days: number;
  /** What it runs out of first: the first of the resources; null when none is known to. */
  readonly runsOutOf: Resource | null;
  /** The most urgent first. */
  readonly resources: readonly ResourceForecast[];
  /** Null without creates, and when no number of numbers does. */
  readonly numbersToAdd: number | null;
}

export interface ForecastInput {
  readonly numbers: readonly VirtualNumber[];
  /** One for each of the numbers; null where they were not looked at. */
  readonly now: readonly NumberNow[] | null;
  readonly past: readonly PoolPast[];
  readonly rules: ForecastRules;
}

const WEEK = 7;
/** Days that the data has to span: each is compared with the same day of the week before. */
export const LEAST_DAYS = 14;
/** Such comparisons that there have to be. */
const LEAST_PAIRS = 7;
/** Times the span of the data that it is looked ahead. */
const HORIZON = 3;
/** Variance of the difference of two levels that were rounded to whole ones. */
const ROUNDING = 1 / 6;
/** Pairs of generated PINs that a create tries on one number. */
const PIN_ATTEMPTS = 10;
const PINS_OF_SESSION = 2;

const URGENCY: Readonly<Record<Verdict, number>> = {
  exhausted: 0,
  runs_out: 1,
  too_little_data: 2,
  beyond_horizon: 3,
  not_with_this_trend: 4,
};

/** One forecast a pool: those that creates chose from, and those that have numbers. The most urgent first. */
export function forecastPools(input: ForecastInput): PoolForecast[] {
  const known = new Map(input.past.map((past) => [nameOf(past.pool), past]));
  for (const { subaccount, country, number } of input.numbers) {
    const scope = country === '' ? `+${callingCodeOf(number)}` : country;
    const isTold =
      known.has(nameOf({ subaccount, scope })) || known.has(nameOf({ subaccount, scope: ANY_SCOPE }));
    if (!isTold)
      known.set(nameOf({ subaccount, scope }), { pool: { subaccount, scope }, hours: 0, days: [] });
  }
  return [...known.values()]
    .map((past) => forecastOf(past, input))
    .sort((one, other) => compare(urgencyOf(one), urgencyOf(other)));
}

/**
 * What becomes of a level. `levels` are those of the last days, oldest first, null for days without any. Each day is
 * compared with the same day of the week before, so that the rhythm of a week is no trend.
 */
export function trendOf(
  levels: readonly (number | null)[],
  capacity: number,
): Pick<ResourceForecast, 'level' | 'growthPerWeek' | 'verdict' | 'days' | 'earliestDays' | 'latestDays'> {
  const level = Math.max(0, ...levels.slice(-WEEK).map((each) => each ?? 0));
  const none = { days: null, earliestDays: null, latestDays: null };
  const begin = levels.findIndex((each) => each !== null);
  const span = begin < 0 ? 0 : levels.length - begin;
  const changes: number[] = [];
  for (const [day, each] of levels.entries()) {
    const before = levels[day - WEEK];
    if (each !== null && before !== null && before !== undefined) changes.push(each - before);
  }
  const isKnown = span >= LEAST_DAYS && changes.length >= LEAST_PAIRS;
  const mean = changes.reduce((sum, each) => sum + each, 0) / Math.max(1, changes.length);
  const growthPerWeek = isKnown ? mean : null;
  if (level >= capacity) return { level, growthPerWeek, verdict: 'exhausted', ...none };
  if (!isKnown) return { level, growthPerWeek, verdict: 'too_little_data', ...none };
  const variance = changes.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (changes.length - 1);
  const error = Math.sqrt((variance + ROUNDING) / changes.length);
  const margin = studentT(changes.length - 1) * error;
  if (mean - margin <= 0) return { level, growthPerWeek, verdict: 'not_with_this_trend', ...none };
  const daysAt = (perWeek: number): number => ((capacity - level) / perWeek) * WEEK;
  const days = daysAt(mean);
  if (days > HORIZON * span) return { level, growthPerWeek, verdict: 'beyond_horizon', ...none };
  return {
    ...{ level, growthPerWeek, verdict: 'runs_out', days },
    ...{ earliestDays: daysAt(mean + margin), latestDays: daysAt(mean - margin) },
  };
}

/** The level that all but a share of them do not exceed: of 1,000 creates and 0.001 the second highest. */
export function levelOf(counts: ReadonlyMap<number, number>, share: number): number | null {
  const levels = [...counts].filter(([, count]) => count > 0).sort(([one], [other]) => other - one);
  const total = levels.reduce((sum, [, count]) => sum + count, 0);
  let above = 0;
  for (const [level, count] of levels) {
    above += count;
    if (above > share * total) return level;
  }
  return null;
}

function forecastOf(past: PoolPast, { numbers, now, rules }: ForecastInput): PoolForecast {
  const { pool, hours, days } = past;
  const callingCode = callingCodeOfCountry(pool.scope);
  const isMember = (number: VirtualNumber): boolean =>
    isInPool({ ...number, enabled: true, callingCode: callingCodeFor(number, pool) }, pool, callingCode);
  const members = numbers.flatMap((number, place) =>
    isMember(number) ? [{ number, now: now?.[place] }] : [],
  );
  const enabled = members.filter(({ number }) => number.enabled);
  const loads = enabled.flatMap((each) => (each.now === undefined ? [] : [each.now]));
  const resources = resourcesOf(past, enabled.length, now === null ? null : loads, rules);
  const first = days.findIndex(({ created, exhausted }) => created + exhausted > 0);
  const needed = resources.map(({ numbersNeeded }) => numbersNeeded);
  const urgent = resources[0];
  return {
    pool,
    numbers: enabled.length,
    disabled: members.length - enabled.length,
    now:
      now === null
        ? null
        : {
            sessions: sum(loads.map(({ sessions }) => sessions)),
            coolingOff: sum(loads.map(({ coolingOff }) => coolingOff)),
            idleNumbers: loads.filter(({ sessions, coolingOff }) => sessions + coolingOff === 0).length,
          },
    lastDay: createsIn(days.slice(-1)),
    lastWeek: createsIn(days.slice(-WEEK)),
    hours,
    days: first < 0 ? 0 : days.length - first,
    runsOutOf: urgent?.verdict === 'exhausted' || urgent?.verdict === 'runs_out' ? urgent.resource : null,
    resources,
    numbersToAdd:
      needed.length === 0 || needed.includes(null)
        ? null
        : Math.max(0, ...needed.map((each) => (each ?? 0) - enabled.length)),
  };
}

function resourcesOf(
  { days }: PoolPast,
  numbers: number,
  loads: readonly NumberNow[] | null,
  rules: ForecastRules,
): ResourceForecast[] {
  const resources: ResourceForecast[] = [];
  const { target, ahead, guessRisk } = rules;
  const add = (
    [resource, pinLength]: readonly [Resource, number | null],
    levels: readonly (number | null)[],
    capacity: number,
    needed: (level: number) => number | null,
  ): void => {
    if (levels.every((level) => level === null)) return;
    const trend = trendOf(levels, capacity);
    const growth = trend.verdict === 'not_with_this_trend' ? 0 : Math.max(0, trend.growthPerWeek ?? 0);
    const later = trend.level + (growth * ahead) / WEEK;
    resources.push({ resource, pinLength, capacity, ...trend, numbersNeeded: needed(later) });
  };

  const held = days.map((day) => levelOf(day.held, target));
  add(['persons', null], held, numbers, (level) => Math.floor(level) + 1);
  const lengths = new Set(days.flatMap(({ pins }) => [...pins.keys()]));
  for (const length of lengths) {
    const levels = days.map(({ pins }) => levelOf(pins.get(length) ?? new Map<number, number>(), target));
    const onMore = (capacity: number) => (level: number) =>
      capacity <= 0 ? null : Math.ceil((numbers * level) / capacity);
    // The number gets a session's PINs on top of those that the create comes upon.
    const guarded = mostGuardedPins({ guessRisk, wrongPins: 1 }, length) - PINS_OF_SESSION + 1;
    if (guessRisk > 0) add(['pin_guard', length], levels, guarded, onMore(guarded));
    const space = fullAt(numbers, target) * 10 ** length;
    add(['pin_space', length], levels, space, onMore(space));
  }
  const open = days.map((day) => (day.open === 0 ? null : day.open));
  const taken = loads?.filter(({ isOpen }) => isOpen).length ?? 0;
  const mean = sum(open.slice(-WEEK).map((each) => each ?? 0)) / WEEK;
  if (taken > 0 && mean > 0) {
    // Sessions that live at once grow as their creates do; of the past only those are known.
    const levels = open.map((each) => (each === null ? null : (each * taken) / mean));
    add(['unknown_callers', null], levels, loadFor(numbers, target), (load) =>
      leastNumbers((count) => erlangB(count, load) <= target),
    );
  }
  return resources.sort((one, other) => compare(urgencyIn(one), urgencyIn(other)));
}

/** Share of the PINs of a length that may live on each of the numbers, for a create to find a pair on one of them. */
function fullAt(numbers: number, target: number): number {
  return 1 - Math.sqrt(1 - target ** (1 / (PIN_ATTEMPTS * Math.max(1, numbers))));
}

/** The load that so many places carry while no more than the target are turned away. */
function loadFor(places: number, target: number): number {
  let [low, high] = [0, places * 2 + 1];
  for (let round = 0; round < 50; round += 1) {
    const middle = (low + high) / 2;
    if (erlangB(places, middle) <= target) low = middle;
    else high = middle;
  }
  return low;
}

/** One-sided 95 % point of Student's t, to a hundredth from six degrees of freedom on. */
function studentT(freedom: number): number {
  return 1.645 + 1.52 / freedom + 1.7 / freedom ** 2;
}

/** It is asked for only where the country does not tell. */
function callingCodeFor({ country, number }: VirtualNumber, { scope }: PoolName): string {
  return scope.startsWith('+') || country === '' ? callingCodeOf(number) : '';
}

function createsIn(days: readonly PoolDay[]): { created: number; exhausted: number } {
  return {
    created: sum(days.map(({ created }) => created)),
    exhausted: sum(days.map(({ exhausted }) => exhausted)),
  };
}

function urgencyIn({ verdict, days, level, capacity }: ResourceForecast): readonly number[] {
  return [URGENCY[verdict], days ?? 0, capacity <= 0 ? -Infinity : -level / capacity];
}

function urgencyOf({ resources, numbers }: PoolForecast): readonly number[] {
  const [first] = resources;
  return first === undefined ? [URGENCY.not_with_this_trend + 1, 0, -numbers] : urgencyIn(first);
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [place, each] of one.entries()) {
    if (each !== other[place]) return each - (other[place] ?? 0);
  }
  return 0;
}

function nameOf({ subaccount, scope }: PoolName): string {
  return `${subaccount}|${scope}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
