import { getCountries } from 'libphonenumber-js/max';
import { z } from 'zod';

import { integer, listOf, optional, Wrong } from './config-values.js';
import type { CallLimits } from './masking/call-limits.js';
import { LOW_RISK_COUNTRIES, type DestinationRules } from './masking/destinations.js';

interface Countries {
  /** Null for all. */
  readonly listed: readonly string[] | null;
  readonly home: boolean;
}

/** Countries, and the words `home`, `low-risk` and `all`. */
const countries = (fallback: string) =>
  optional(fallback, (text): Countries | Wrong => {
    const entries = listOf(text);
    const known: readonly string[] = getCountries();
    const cure = 'give ISO 3166-1 codes such as GB,IE, and home, low-risk or all, with commas between';
    if (entries.length === 0) return new Wrong(`names no country: ${cure}`);
    if (entries.includes('all')) {
      return entries.length === 1
        ? { listed: null, home: true }
        : new Wrong('has entries beside all: remove them');
    }
    const listed: string[] = [];
    for (const entry of entries) {
      if (entry === 'home') continue;
      if (entry === 'low-risk') listed.push(...LOW_RISK_COUNTRIES);
      else if (known.includes(entry)) listed.push(entry);
      else return new Wrong(`has an entry that is no country: ${cure}`);
    }
    return { listed, home: entries.includes('home') };
  });

const prefixes = () =>
  optional('', (text) => {
    const entries = listOf(text).map((entry) => entry.replace(/^\+/, ''));
    return entries.every((entry) => /^[1-9]\d{0,14}$/.test(entry))
      ? entries
      : new Wrong('has an entry that is no prefix of an international number: write them as +4490,+1900');
  });

const calls = (fallback: number) => integer('calls at a time, 0 for any number', 0, 1_000_000, fallback);
const rate = (fallback: number) => integer('calls a second, 0 for any number', 0, 100_000, fallback);
const minutes = () => integer('minutes of talk in a day, 0 for any number', 0, 100_000_000, 0);

/** Where calls may go, and how many. */
export const LIMIT_VARIABLES = {
  ALLOWED_COUNTRIES: countries('home,low-risk'),
  ALLOWED_PREFIXES: prefixes(),
  BLOCKED_PREFIXES: prefixes(),
  MAX_CALLS_PER_NUMBER: calls(500),
  MAX_CALLS_PER_SUBACCOUNT: calls(200),
  MAX_CALLS_PER_NODE: calls(0),
  MAX_CALLS_TOTAL: calls(0),
  CALL_RATE_PER_SESSION: rate(2),
  CALL_RATE_PER_NUMBER: rate(100),
  CALL_RATE_PER_SUBACCOUNT: rate(50),
  CALL_RATE_PER_NODE: rate(0),
  CALL_RATE_TOTAL: rate(0),
  DAILY_MINUTES_PER_SUBACCOUNT: minutes(),
  DAILY_MINUTES_TOTAL: minutes(),
};

type Given = z.output<z.ZodObject<typeof LIMIT_VARIABLES>>;

/** `defaultCountry`, ISO 3166-1 alpha-2 or "", is home, too. */
export function destinationRulesOf(given: Given, defaultCountry: string): DestinationRules {
  const { listed, home } = given.ALLOWED_COUNTRIES;
  return {
    countries:
      listed === null
        ? null
        : new Set([...listed, ...(home && defaultCountry !== '' ? [defaultCountry] : [])]),
    home,
    blockedPrefixes: given.BLOCKED_PREFIXES,
    allowedPrefixes: given.ALLOWED_PREFIXES,
  };
}

export function callLimitsOf(given: Given): CallLimits {
  return {
    MAX_CALLS_PER_NUMBER: given.MAX_CALLS_PER_NUMBER,
    MAX_CALLS_PER_SUBACCOUNT: given.MAX_CALLS_PER_SUBACCOUNT,
    MAX_CALLS_PER_NODE: given.MAX_CALLS_PER_NODE,
    MAX_CALLS_TOTAL: given.MAX_CALLS_TOTAL,
    CALL_RATE_PER_SESSION: given.CALL_RATE_PER_SESSION,
    CALL_RATE_PER_NUMBER: given.CALL_RATE_PER_NUMBER,
    CALL_RATE_PER_SUBACCOUNT: given.CALL_RATE_PER_SUBACCOUNT,
    CALL_RATE_PER_NODE: given.CALL_RATE_PER_NODE,
    CALL_RATE_TOTAL: given.CALL_RATE_TOTAL,
    DAILY_MINUTES_PER_SUBACCOUNT: given.DAILY_MINUTES_PER_SUBACCOUNT,
    DAILY_MINUTES_TOTAL: given.DAILY_MINUTES_TOTAL,
  };
}
