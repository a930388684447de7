import { z } from 'zod';

import { ANY_SCOPE } from '../../masking/pool.js';
import {
  LEAST_DAYS,
  RESOURCES,
  VERDICTS,
  type PoolForecast,
  type ResourceForecast,
} from '../../masking/pool-forecast.js';
import { amount, rounded } from './plan-object.js';

const DAYS = z.number().nullable();

const RESOURCE = z
  .object({
    resource: z.enum(RESOURCES),
    pin_length: z.int().nullable(),
    level: z.number().describe('The highest of the last seven days.'),
    capacity: z.number().describe('The level from which creates fail, or PINs are guarded.'),
    growth_per_week: z.number().nullable().describe('Null while that cannot be told.'),
    verdict: z.enum(VERDICTS),
    days: DAYS.describe('Until it runs out: the best guess.'),
    earliest_days: DAYS.describe(
      'With `latest_days`: 9 times out of 10 it is between the two, if growth goes on.',
    ),
    latest_days: DAYS,
    numbers_needed: z.int().nullable().describe('So many days ahead as were asked for.'),
    explanation: z.string(),
  })
  .meta({ id: 'PoolResource' });

/** What a pool runs out of and when, as the API tells it. */
export const POOL_FORECAST = z
  .object({
    subaccount: z.string().nullable(),
    scope: z
      .string()
      .describe(
        'Country (ISO 3166-1 alpha-2), calling code where numbers do not tell it, or `*` for all countries.',
      ),
    numbers: z.int().describe('Enabled ones.'),
    disabled: z.int(),
    live_sessions: z.int().nullable().describe('Null for more numbers than are looked at one by one.'),
    in_cool_off: z.int().nullable(),
    idle_numbers: z.int().nullable().describe('Numbers with neither.'),
    created_last_day: z.int(),
    exhausted_last_day: z.int().describe('Creates for which no number was left.'),
    created_last_week: z.int(),
    exhausted_last_week: z.int(),
    observed_hours: z.int().describe('Hours with creates that this comes from.'),
    observed_days: z.int().describe('Days from the first of them until now.'),
    runs_out_of: z.enum(RESOURCES).nullable(),
    explanation: z.string().describe('What comes first, in a sentence.'),
    numbers_to_add: z.int().nullable().describe('For so many days ahead as were asked for.'),
    resources: z.array(RESOURCE).describe('The most urgent first.'),
  })
  .meta({ id: 'PoolForecast' });

export type PoolForecastObject = z.infer<typeof POOL_FORECAST>;

export function forecastObject(forecast: PoolForecast): PoolForecastObject {
  const { pool, now, resources, lastDay, lastWeek } = forecast;
  const [first] = resources;
  return {
    subaccount: pool.subaccount === '' ? null : pool.subaccount,
    scope: pool.scope,
    numbers: forecast.numbers,
    disabled: forecast.disabled,
    live_sessions: now?.sessions ?? null,
    in_cool_off: now?.coolingOff ?? null,
    idle_numbers: now?.idleNumbers ?? null,
    created_last_day: lastDay.created,
    exhausted_last_day: lastDay.exhausted,
    created_last_week: lastWeek.created,
    exhausted_last_week: lastWeek.exhausted,
    observed_hours: forecast.hours,
    observed_days: forecast.days,
    runs_out_of: forecast.runsOutOf,
    explanation:
      first === undefined
        ? `${placeOf(pool.scope)}: no creates in the last six weeks chose from these numbers.`
        : `${placeOf(pool.scope)}: ${sentenceOf(first, forecast)}.`,
    numbers_to_add: forecast.numbersToAdd,
    resources: resources.map((each) => ({
      resource: each.resource,
      pin_length: each.pinLength,
      level: rounded(each.level),
      capacity: rounded(each.capacity),
      growth_per_week: each.growthPerWeek === null ? null : rounded(each.growthPerWeek),
      verdict: each.verdict,
      days: each.days === null ? null : rounded(each.days),
      earliest_days: each.earliestDays === null ? null : rounded(each.earliestDays),
      latest_days: each.latestDays === null ? null : rounded(each.latestDays),
      numbers_needed: each.numbersNeeded,
      explanation: sentenceOf(each, forecast),
    })),
  };
}

function placeOf(scope: string): string {
  return scope === ANY_SCOPE ? 'all countries' : scope;
}

function sentenceOf(resource: ResourceForecast, { numbers, days }: PoolForecast): string {
  const what = whatOf(resource, numbers);
  switch (resource.verdict) {
    case 'exhausted':
      return `${what}: used up`;
    case 'runs_out':
      return `${what}: used up in ${inDays(resource.days)} (${inDays(resource.earliestDays)} to ${inDays(resource.latestDays)})`;
    case 'not_with_this_trend':
      return `${what}: not used up with this trend`;
    case 'beyond_horizon':
      return `${what}: growing, and enough for longer than ${inDays(days)} of data can tell`;
    case 'too_little_data':
      return `${what}: no trend is told by ${inDays(days)} of data; it takes ${LEAST_DAYS}, with creates on most`;
  }
}

function whatOf({ resource, pinLength, level, capacity }: ResourceForecast, numbers: number): string {
  const used = `${rounded(level)} of ${Math.round(capacity)}`;
  switch (resource) {
    case 'persons':
      return `numbers for the busiest persons (${rounded(level)} of ${numbers})`;
    case 'pin_guard':
      return `PINs of ${pinLength ?? 0} digits on a number until strangers are guarded (${used})`;
    case 'pin_space':
      return `PIN space of ${pinLength ?? 0} digits on a number (${used})`;
    case 'unknown_callers':
      return `${amount(numbers)} for single-party sessions (${used} at once)`;
  }
}

/** Whole days, but for less than ten. */
function inDays(days: number | null): string {
  if (days === null) return '?';
  const shown = days < 10 ? Math.round(days * 10) / 10 : Math.round(days);
  return `${shown} ${shown === 1 ? 'day' : 'days'}`;
}
