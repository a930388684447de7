import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max';

import { callingCodeOf, planOf, type E164 } from './phone-number.js';

/** Why a number may not be called. */
export type DestinationProblem =
  | 'emergency'
  | 'short-number'
  | 'prefix'
  | 'network'
  | 'premium-rate'
  | 'shared-cost'
  | 'universal-access'
  | 'personal-number'
  | 'country';

/** What is wrong with a number, in words that follow on "may not be called:". */
export const DESTINATION_TEXTS: Readonly<Record<DestinationProblem, string>> = {
  emergency: 'it would reach an emergency service',
  'short-number': 'it is a short number',
  prefix: 'its prefix is blocked',
  network: 'it is in a satellite or international network',
  'premium-rate': 'it is a premium-rate number',
  'shared-cost': 'it is a shared-cost number',
  'universal-access': 'it is a universal access number',
  'personal-number': 'it is a personal number',
  country: 'its country is not allowed',
};

/** What an operator allows to be called. */
export interface DestinationRules {
  /** ISO 3166-1 alpha-2; null for every number that the lists of prefixes and the kinds below leave. */
  readonly countries: ReadonlySet<string> | null;
  /** The countries of the virtual numbers are allowed, too. */
  readonly home: boolean;
  /** Digits of international numbers, without `+`. */
  readonly blockedPrefixes: readonly string[];
  /** What begins with these is neither looked at for its kind nor for its country. The longer prefix wins. */
  readonly allowedPrefixes: readonly string[];
}

/**
 * Countries where a minute is not worth a fraudster's while: those that carriers reach at a low price and that do
 * not stand out in reports of revenue share fraud. A judgement, not a fact: operators give their own list.
 * The parts of a plan that a country shares with its islands (GG, IM, JE; AX; SJ; VA) go with it.
 */
export const LOW_RISK_COUNTRIES: readonly string[] = [
  ...[
    'AT',
    'BE',
    'CH',
    'CZ',
    'DE',
    'DK',
    'ES',
    'FI',
    'AX',
    'FR',
    'GB',
    'GG',
    'IM',
    'JE',
    'GR',
    'HU',
    'IE',
    'IS',
  ],
  ...['IT', 'VA', 'LU', 'NL', 'NO', 'SJ', 'PL', 'PT', 'RO', 'SE', 'SK', 'US', 'CA', 'AU', 'NZ', 'IN', 'SG'],
];

/** Every country; what is known to be bad stays blocked. */
export const ANY_COUNTRY: DestinationRules = {
  countries: null,
  home: true,
  blockedPrefixes: [],
  allowedPrefixes: [],
};

/**
 * Calling codes that belong to networks instead of countries (ITU-T E.164 D.11): satellites, personal numbers,
 * machines, relief work, premium rate and shared cost. +800, free phone, is none of them.
 */
const NETWORKS: readonly string[] = ['808', '870', '878', '881', '882', '883', '888', '979'];

const KINDS: Readonly<Record<string, DestinationProblem>> = {
  PREMIUM_RATE: 'premium-rate',
  SHARED_COST: 'shared-cost',
  UAN: 'universal-access',
  PERSONAL_NUMBER: 'personal-number',
};

/** Digits after the calling code; what is so short and in no plan is a short code such as 116117. */
const LONGEST_SHORT_NUMBER = 6;

/** Emergency numbers of every mobile network (3GPP TS 22.101, 10.1). */
const EMERGENCY_EVERYWHERE: readonly string[] = ['112', '911'];

/** Emergency numbers by calling code, of 3 digits and more; `1` has its service codes N11 beside. */
const EMERGENCY: Readonly<Record<string, readonly string[]>> = {
  '7': ['101', '102', '103', '104'],
  '20': ['122', '123', '180'],
  '27': ['10111', '10177'],
  '30': ['100', '166', '199'],
  '31': ['113', '116'],
  '32': ['100', '101'],
  '34': ['061', '062', '080', '085', '091', '092'],
  '36': ['104', '105', '107'],
  '39': ['113', '115', '118'],
  '40': ['961', '962'],
  '41': ['117', '118', '144', '1414'],
  '43': ['122', '133', '140', '141', '144'],
  '44': ['999'],
  '45': ['114'],
  '47': ['110', '113'],
  '48': ['997', '998', '999'],
  '49': ['110'],
  '51': ['105', '106', '116', '117'],
  '54': ['100', '101', '107'],
  '55': ['190', '192', '193'],
  '56': ['131', '132', '133'],
  '57': ['123'],
  '60': ['999'],
  '61': ['000', '106'],
  '62': ['110', '113', '118', '119'],
  '63': ['117'],
  '64': ['111'],
  '65': ['995', '999'],
  '66': ['191', '199', '1669'],
  '81': ['110', '118', '119'],
  '82': ['113', '119'],
  '84': ['113', '114', '115'],
  '86': ['110', '119', '120', '122'],
  '90': ['110', '155', '156'],
  '91': ['100', '101', '102', '108'],
  '92': ['1122'],
  '94': ['110', '119'],
  '98': ['110', '115', '125'],
  '212': ['190'],
  '213': ['1548'],
  '234': ['199'],
  '254': ['999'],
  '353': ['999'],
  '380': ['101', '102', '103'],
  '420': ['150', '155', '158'],
  '421': ['150', '155', '158'],
  '852': ['999'],
  '880': ['999'],
  '886': ['110', '119'],
  '966': ['997', '998', '999'],
  '971': ['997', '998', '999'],
  '972': ['100', '101', '102'],
};

const COUNTRIES_BY_CODE: ReadonlyMap<string, readonly string[]> = byCallingCode();

/**
 * Why `number` may not be called, or null when it may. `home`: countries of the operator's virtual numbers.
 *
 * Pure. A number that no plan has, such as one for tests, is not blocked for its kind; it counts as one of every
 * country that shares its calling code. A number that leads to an emergency service, or is a short one, is blocked
 * whatever the rules say.
 */
export function destinationProblem(
  number: E164,
  rules: DestinationRules,
  home: ReadonlySet<string>,
): DestinationProblem | null {
  const plan = planOf(number);
  const type = plan?.type;
  // Only of valid numbers a type is told.
  if (plan !== null && type === undefined) {
    const { callingCode, nationalNumber } = plan;
    if (leadsToEmergency(callingCode, nationalNumber)) return 'emergency';
    if (nationalNumber.length <= LONGEST_SHORT_NUMBER) return 'short-number';
  }
  const digits = number.slice(1);
  const blocked = longestPrefix(digits, rules.blockedPrefixes);
  const allowed = longestPrefix(digits, rules.allowedPrefixes);
  if (allowed > blocked) return null;
  if (blocked > 0) return 'prefix';
  if (plan !== null && NETWORKS.includes(plan.callingCode)) return 'network';
  const kind = type === undefined ? undefined : KINDS[type];
  if (kind !== undefined) return kind;
  if (rules.countries === null) return null;
  const country = plan?.country ?? '';
  const countries = country === '' ? (COUNTRIES_BY_CODE.get(plan?.callingCode ?? '') ?? []) : [country];
  const isAllowed = (each: string): boolean =>
    rules.countries?.has(each) === true || (rules.home && home.has(each));
  return countries.some(isAllowed) ? null : 'country';
}

/** Countries that a virtual number makes home: its own, or all that share its calling code when no plan has it. */
export function homeCountriesOf(virtualNumber: E164, country: string): readonly string[] {
  if (country !== '') return [country];
  return COUNTRIES_BY_CODE.get(callingCodeOf(virtualNumber)) ?? [];
}

/**
 * Where a carrier takes off the calling code and dials the rest in a country without a trunk prefix, digits that
 * begin with an emergency number are one. No valid number begins so.
 */
function leadsToEmergency(callingCode: string, national: string): boolean {
  if (callingCode === '1' && /^[2-9]11/.test(national)) return true;
  const own = EMERGENCY[callingCode] ?? [];
  return [...EMERGENCY_EVERYWHERE, ...own].some((code) => national.startsWith(code));
}

/** Length of the longest of `prefixes` that the digits begin with; 0 for none. */
function longestPrefix(digits: string, prefixes: readonly string[]): number {
  let longest = 0;
  for (const prefix of prefixes) {
    if (prefix.length > longest && digits.startsWith(prefix)) longest = prefix.length;
  }
  return longest;
}

function byCallingCode(): Map<string, string[]> {
  const countries = new Map<string, string[]>();
  for (const country of getCountries()) {
    const code = getCountryCallingCode(country);
    countries.set(code, [...(countries.get(code) ?? []), country]);
  }
  return countries;
}
