import { getCountries } from 'libphonenumber-js/max';
import { z } from 'zod';

import { countryOf, kindOf, parseE164, type E164 } from '../../masking/phone-number.js';
import type { NumberChange } from '../../masking/number-change.js';
import type { VirtualNumber } from '../../masking/virtual-number.js';
import { ApiError, invalid, missing } from '../errors.js';
import {
  changedSubaccountId,
  changedText,
  flag,
  given as valueGiven,
  integer,
  optionalChoice,
  optionalFlag,
  optionalText,
  subaccountId,
  text,
} from '../params/fields.js';
import { paramsOf, read, type Params } from '../params/read.js';

/** Numbers that one request may add. */
const MOST_NUMBERS = 100;

/** As freeswitch/start.sh takes them. A trunk may serve single numbers only, and not be in TRUNKS. */
const TRUNK_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const LONGEST_ALIAS = 100;

export const ADD_SCHEMA = z.object({
  subaccount: subaccountId('subaccount').describe('Only the sessions of this subaccount use the number.'),
  alias: text('alias', LONGEST_ALIAS),
  country: text('country', 2).describe('ISO 3166-1 alpha-2; that of the number when not given.'),
  trunk: text('trunk', 64).describe('Tried first for calls of this number.'),
  enabled: flag('enabled', true).describe('A disabled number takes neither calls nor sessions.'),
});

export const UPDATE_SCHEMA = z
  .object({
    subaccount: changedSubaccountId('subaccount').describe('"" takes it from its subaccount.'),
    alias: changedText('alias', LONGEST_ALIAS).describe('"" for none.'),
    country: changedText('country', 2).describe('ISO 3166-1 alpha-2; "" for that of the number.'),
    trunk: changedText('trunk', 64).describe('"" for the configured order.'),
    enabled: optionalFlag('enabled'),
  })
  .meta({ id: 'UpdateNumber' });

const ALIASES = { sub_account: 'subaccount' };

export interface AddRules {
  /** ISO 3166-1 alpha-2, or "". */
  readonly defaultCountry: string;
}

/**
 * The numbers of an add request: `numbers` (a list, or text with commas as Plivo takes it) or
 * `number`. `now` in milliseconds since the epoch. The subaccount is not looked up. Throws ApiError 400.
 */
export function numbersToAdd(body: unknown, rules: AddRules, now: number): VirtualNumber[] {
  const params = paramsOf(body, ALIASES);
  const numbers = listed(params, rules.defaultCountry);
  const given = read(ADD_SCHEMA, params);
  const country = countryCode(given.country);
  return numbers.map((number) => ({
    number,
    country: country === '' ? countryOf(number) : country,
    alias: given.alias,
    enabled: given.enabled,
    trunk: trunkName(given.trunk),
    subaccount: given.subaccount,
    addedAt: now,
  }));
}

/** What an update request changes of `number`. The subaccount is not looked up. Throws ApiError 400. */
export function numberChange(body: unknown, number: E164): NumberChange {
  const given = read(UPDATE_SCHEMA, paramsOf(body, ALIASES));
  const country = given.country === undefined ? undefined : countryCode(given.country);
  return {
    ...(given.subaccount === undefined ? {} : { subaccount: given.subaccount }),
    ...(given.alias === undefined ? {} : { alias: given.alias }),
    ...(country === undefined ? {} : { country: country === '' ? countryOf(number) : country }),
    ...(given.trunk === undefined ? {} : { trunk: trunkName(given.trunk) }),
    ...(given.enabled === undefined ? {} : { enabled: given.enabled }),
  };
}

export const LIST_SCHEMA = z.object({
  type: optionalChoice('type', ['local', 'fixed', 'mobile', 'national', 'tollfree']),
  number_startswith: optionalText('number_startswith', 16).describe('First digits, with or without `+`.'),
  subaccount: subaccountId('subaccount').describe('Only the numbers of this subaccount.'),
  alias: optionalText('alias', LONGEST_ALIAS).describe('This very alias.'),
  services: optionalText('services', 20).describe('`voice`; no number has `sms` or `mms`.'),
  country: optionalText('country', 2).describe('ISO 3166-1 alpha-2.'),
  enabled: optionalFlag('enabled'),
  limit: integer('limit', { min: 1, max: 20, fallback: 20 }),
  offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }),
});

/** A list request: the page, its filters, and the query string of another page of the same list. */
export interface NumberListRequest {
  readonly limit: number;
  readonly offset: number;
  readonly where: (number: VirtualNumber) => boolean;
  readonly page: (offset: number) => string;
}

/** The list that a request asks for. Throws ApiError 400. */
export function numberList(query: unknown): NumberListRequest {
  const params = paramsOf(query, ALIASES);
  const { limit, offset, ...filters } = read(LIST_SCHEMA, params);
  const { type, alias, services, enabled, subaccount } = filters;
  const country = filters.country?.toUpperCase();
  const start = filters.number_startswith?.trim().replace(/^\+?/, '+');
  const voiceOnly = services === undefined || /^\s*voice\s*$/i.test(services);
  return {
    limit,
    offset,
    where: (number) =>
      voiceOnly &&
      (type === undefined || kindOf(number.number) === (type === 'fixed' ? 'local' : type)) &&
      (start === undefined || number.number.startsWith(start)) &&
      (subaccount === '' || number.subaccount === subaccount) &&
      (alias === undefined || number.alias === alias) &&
      (country === undefined || number.country === country) &&
      (enabled === undefined || number.enabled === enabled),
    page: (from) =>
      [
        ...Object.keys(filters).flatMap((name) =>
          isGiven(params[name]) ? [`${name}=${encodeURIComponent(String(params[name]))}`] : [],
        ),
        `limit=${limit}`,
        `offset=${from}`,
      ].join('&'),
  };
}

/** Upper case. Throws ApiError 400. */
function countryCode(text: string): string {
  const country = text.toUpperCase();
  if (country !== '' && !(getCountries() as string[]).includes(country)) {
    throw new ApiError(400, invalid('country', 'is not an ISO 3166-1 alpha-2 code'));
  }
  return country;
}

/** Throws ApiError 400. */
function trunkName(text: string): string {
  if (text !== '' && !TRUNK_NAME.test(text)) {
    throw new ApiError(400, invalid('trunk', 'is not the name of a trunk'));
  }
  return text;
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
  return valueGiven(value) !== undefined;
}
