import { digitsOf, type E164 } from '../../masking/phone-number.js';

/** Keys whose values are PINs. */
const PIN_KEYS: ReadonlySet<string> = new Set(['first_party_pin', 'second_party_pin', 'pin', 'own_digits']);

/** Keys whose values are virtual numbers, and nobody's. */
const OURS: ReadonlySet<string> = new Set(['virtual_number', 'did', 'number']);

/**
 * What looks like digits of somebody's and is not: ids, instants, addresses of clients, signed URLs of recordings are kept as
 * they are.
 */
const KEPT_KEYS: ReadonlySet<string> = new Set([
  'api_id',
  'at',
  'signature',
  'expires',
  'recording_url',
  'record_url',
  'recording_duration_ms',
  'recording_start_ms',
  'recording_end_ms',
  'peer',
  'total_amount',
  'total_rate',
]);

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const INSTANT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| ?[+-]\d\d:?\d\d(?: UTC)?)?)?$/;
/** A number of 7 and more digits, with what people put between them, or as a URL writes its `+`. */
const DIGITS = /(?:\+|%2B)?\d(?:[ ().-]{0,2}\d){6,}/gi;
const IN_TEXT_KEPT =
  /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?/gi;

/** A PIN is told by nothing of it. */
const HIDDEN = '••••';

/**
 * An answer as a person may see it who has not asked to see more: numbers of people show their last two digits, PINs
 * nothing. `isOurs` tells virtual numbers, which are public, wherever they stand.
 *
 * It goes by what a value looks like, and not by a list of fields that might lack one: what is not known to be harmless
 * is masked.
 */
export function masked(value: unknown, isOurs: (digits: string) => boolean, key = ''): unknown {
  if (value === null || value === undefined || value === '') return value;
  if (PIN_KEYS.has(key)) return typeof value === 'string' || typeof value === 'number' ? HIDDEN : value;
  if (typeof value === 'number') return maskedNumber(value, isOurs);
  if (typeof value === 'string') return maskedText(value, isOurs, key);
  if (Array.isArray(value)) return value.map((each) => masked(each, isOurs, key));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, masked(each, isOurs, name)]));
}

function maskedText(text: string, isOurs: (digits: string) => boolean, key: string): string {
  if (KEPT_KEYS.has(key) || UUID.test(text) || INSTANT.test(text)) return text;
  if (OURS.has(key) && isOurs(text.replace(/\D/g, ''))) return text;
  let result = '';
  let from = 0;
  for (const kept of text.matchAll(IN_TEXT_KEPT)) {
    result += maskedPart(text.slice(from, kept.index), isOurs) + kept[0];
    from = kept.index + kept[0].length;
  }
  return result + maskedPart(text.slice(from), isOurs);
}

function maskedPart(text: string, isOurs: (digits: string) => boolean): string {
  return text.replace(DIGITS, (found) => {
    const digits = found.replace(/%2B/i, '').replace(/\D/g, '');
    return isOurs(digits) ? found : maskedDigits(digits);
  });
}

/** Counts, seconds, bytes and instants are shorter than numbers, or milliseconds since the epoch. */
function maskedNumber(value: number, isOurs: (digits: string) => boolean): number | string {
  const digits = String(Math.abs(value));
  if (!Number.isInteger(value) || digits.length < 9 || isOurs(digits)) return value;
  return value >= 1e12 && value < 2.2e12 ? value : maskedDigits(digits);
}

/** All but the last two digits hidden. */
export function maskedDigits(digits: string): string {
  return `${'•'.repeat(Math.max(0, digits.length - 2))}${digits.slice(-2)}`;
}

/** Tells virtual numbers by their digits. */
export function oursAmong(numbers: readonly { readonly number: E164 }[]): (digits: string) => boolean {
  const ours = new Set(numbers.map(({ number }) => digitsOf(number)));
  return (digits) => ours.has(digits);
}
