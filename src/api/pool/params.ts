import { z } from 'zod';

import type { PersonsLoad, PlanRules, PoolLoad } from '../../masking/pool-plan.js';
import { ApiError, invalid, missing } from '../errors.js';
import { flag, integer, optionalInteger, optionalText, subaccountId } from '../params/fields.js';
import { paramsOf, read } from '../params/read.js';

const MOST_PERSONS = 1_000_000_000;
const MOST_AT_ONCE = 10_000;
const YEAR = 31_536_000;

const failedPerMillion = integer('failed_per_million', { min: 1, max: 500_000, fallback: 1_000 }).describe(
  'Creates out of a million that may find no number.',
);

const PLAN_SCHEMA = z.object({
  sessions_per_hour: optionalInteger('sessions_per_hour', { min: 1, max: 10_000_000 }).describe(
    'Sessions that are created in the busiest hour. Mandatory.',
  ),
  session_seconds: integer('session_seconds', { min: 1, max: YEAR, fallback: 1_800 }).describe(
    'How long a session lasts on average, until it expires or is deleted.',
  ),
  cool_off_seconds: integer('cool_off_seconds', { min: 0, max: 3_600, fallback: 0 }).describe(
    '`virtual_number_cooloff_period` of the sessions.',
  ),
  first_persons: optionalInteger('first_persons', { min: 1, max: MOST_PERSONS }).describe(
    'Persons over whom the sessions are shared as first parties. Default: each session has a first party of its own.',
  ),
  second_persons: optionalInteger('second_persons', { min: 1, max: MOST_PERSONS }).describe(
    'The same for second parties.',
  ),
  first_at_once: optionalInteger('first_at_once', { min: 1, max: MOST_AT_ONCE }).describe(
    'Sessions that a first party has at once at most, because your system sees to it. Without `first_persons` as many are taken to be in use.',
  ),
  second_at_once: optionalInteger('second_at_once', { min: 1, max: MOST_AT_ONCE }).describe(
    'The same for second parties.',
  ),
  busy_factor: integer('busy_factor', { min: 1, max: 1_000, fallback: 1 }).describe(
    'Times as many sessions as the mean person that the busiest have; it is planned for them.',
  ),
  single_party: flag('single_party', false).describe('Sessions with a single party.'),
  pins: flag('pins', false).describe('Sessions with generated PINs.'),
  pin_length: integer('pin_length', { min: 4, max: 15, fallback: 4 }).describe('With `pins`.'),
  wrong_pins: integer('wrong_pins', { min: 0, max: 1_000, fallback: 1 }).describe(
    'Wrong PINs that strangers may key on a number in 24 hours before each is asked for more; 0 for no care.',
  ),
  calls_at_once: optionalInteger('calls_at_once', { min: 1, max: 1_000_000 }).describe(
    'Calls that run at once in the busiest hour.',
  ),
  failed_per_million: failedPerMillion,
  country: optionalText('country', 2).describe(
    'ISO 3166-1 alpha-2, for sessions with `geomatch`: whose numbers to compare with. Default: all countries.',
  ),
  subaccount: subaccountId('subaccount').describe('Whose numbers to compare with.'),
});

const FORECAST_SCHEMA = z.object({
  days: integer('days', { min: 1, max: 365, fallback: 30 }).describe(
    'For so many days ahead it is said how many numbers to add.',
  ),
  failed_per_million: failedPerMillion,
});

export interface PlanRequest {
  readonly load: PoolLoad;
  readonly rules: Pick<PlanRules, 'wrongPins' | 'target'>;
  /** "" for all countries. */
  readonly country: string;
  /** "" for numbers that belong to none. */
  readonly subaccount: string;
}

export interface ForecastRequest {
  readonly ahead: number;
  /** Share of creates that may find no number. */
  readonly target: number;
}

/** Reads the query strings about pools. */
export class PoolParams {
  readonly plan = PLAN_SCHEMA;
  readonly forecast = FORECAST_SCHEMA;

  /** Throws ApiError 400. */
  readPlan(queryString: unknown): PlanRequest {
    const given = read(PLAN_SCHEMA, paramsOf(queryString));
    const { sessions_per_hour: sessionsPerHour, single_party: single } = given;
    if (sessionsPerHour === undefined) throw new ApiError(400, missing('sessions_per_hour'));
    const busyFactor = given.busy_factor;
    const first = personsLoad(given.first_persons, given.first_at_once, busyFactor);
    const second = personsLoad(given.second_persons, given.second_at_once, busyFactor);
    const load = { sessionsPerHour, sessionSeconds: given.session_seconds };
    checkAtOnce('first_at_once', first, load);
    if (!single) checkAtOnce('second_at_once', second, load);
    const country = (given.country ?? '').trim().toUpperCase();
    if (country !== '' && !/^[A-Z]{2}$/.test(country)) {
      throw new ApiError(400, invalid('country', 'is not an ISO 3166-1 alpha-2 code'));
    }
    return {
      load: {
        ...load,
        coolOffSeconds: given.cool_off_seconds,
        first,
        second: single ? null : second,
        pinLength: given.pins ? given.pin_length : null,
        callsAtOnce: given.calls_at_once ?? null,
      },
      rules: { wrongPins: given.wrong_pins, target: given.failed_per_million / 1e6 },
      country,
      subaccount: given.subaccount,
    };
  }

  /** Throws ApiError 400. */
  readForecast(queryString: unknown): ForecastRequest {
    const given = read(FORECAST_SCHEMA, paramsOf(queryString));
    return { ahead: given.days, target: given.failed_per_million / 1e6 };
  }
}

function personsLoad(
  persons: number | undefined,
  atOnce: number | undefined,
  busyFactor: number,
): PersonsLoad {
  return { persons: persons ?? null, atOnce: atOnce ?? null, busyFactor };
}

/** Throws ApiError 400 for people who cannot have the sessions that they are said to have. */
function checkAtOnce(
  name: string,
  { persons, atOnce, busyFactor }: PersonsLoad,
  { sessionsPerHour, sessionSeconds }: Pick<PoolLoad, 'sessionsPerHour' | 'sessionSeconds'>,
): void {
  if (persons === null || atOnce === null) return;
  const mean = ((sessionsPerHour / 3_600) * sessionSeconds * Math.min(busyFactor, persons)) / persons;
  if (mean > atOnce) {
    throw new ApiError(400, invalid(name, 'is less than the sessions that a person has on average'));
  }
}
