import { getCountries } from 'libphonenumber-js/max';
import { z } from 'zod';

import { countryOf, parseE164, type E164 } from '../../masking/phone-number.js';
import type { VirtualNumber } from '../../masking/virtual-number.js';
import { ApiError, invalid, missing } from '../errors.js';
import { flag, integer, text, unsupported } from '../params/fields.js';
import { paramsOf, read, type Params } from '../params/read.js';

/** Numbers that one request may add. */
const MOST_NUMBERS = 100;

/** As freeswitch/start.sh takes them. A trunk may serve single numbers only, and not be in TRUNKS. */
const TRUNK_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export const ADD_SCHEMA = z.object({
  subaccount: unsupported('subaccount'),
  alias: text('alias', 100),
  country: text('country', 2),
  trunk: text('trunk', 64),
  enabled: flag('enabled', true),
});

export interface AddRules {
  /** ISO 3166-1 alpha-2, or "". */
  readonly defaultCountry: string;
}

/**
 * The numbers of an add request: `numbers` (a list, or text with commas as Plivo takes it) or
 * `number`. `now` in milliseconds since the epoch. Throws ApiError 400.
 */
export function numbersToAdd(body: unknown, rules: AddRules, now: number): VirtualNumber[] {
  const params = paramsOf(body, { sub_account: 'subaccount' });
  const numbers = listed(params, rules.defaultCountry);
  const given = read(ADD_SCHEMA, params);
  const country = given.country.toUpperCase();
  if (country !== '' && !(getCountries() as string[]).includes(country)) {
    throw new ApiError(400, invalid('country', 'is not an ISO 3166-1 alpha-2 code'));
  }
  if (given.trunk !== '' && !TRUNK_NAME.test(given.trunk)) {
    throw new ApiError(400, invalid('trunk', 'is not the name of a trunk'));
  }
  return numbers.map((number) => ({
    number,
    country: country === '' ? countryOf(number) : country,
    alias: given.alias,
    enabled: given.enabled,
    trunk: given.trunk,
    subaccount: '',
    addedAt: now,
  }));
}

export const PAGE_SCHEMA = z.object({
  limit: integer('limit', { min: 1, max: 20, fallback: 20 }),
  offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }),
});

/** The page that a list request asks for. Throws ApiError 400. */
export function pageOf(query: unknown): { limit: number; offset: number } {
  return read(PAGE_SCHEMA, paramsOf(query));
}

/** Each number once. The problems are reported under the name that the client used. */
function listed(params: Params, defaultCountry: string): E164[] {
  const name = isGiven(params['numbers']) || !isGiven(params['number']) ? 'numbers' : 'number';
  const value = params[name];
  if (!isGiven(value)) throw new ApiError(400, missing('numbers'));
  const entries: unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(',').filter((entry) => entry.trim() !== '')
      : [value];
  if (entries.length === 0) throw new ApiError(400, missing(name));
  if (entries.length > MOST_NUMBERS) {
    throw new ApiError(400, invalid(name, `should be at most ${MOST_NUMBERS} phone numbers`));
  }
  const numbers = entries.map((entry) => {
    const written = typeof entry === 'number' ? String(entry) : entry;
    const number = typeof written === 'string' ? parseE164(written.trim(), defaultCountry) : null;
    if (number === null) throw new ApiError(400, invalid(name, 'is not a valid phone number'));
    return number;
  });
  return [...new Set(numbers)];
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
