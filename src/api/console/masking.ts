import { digitsOf, type E164 } from '../../masking/phone-number.js';
import { maskText } from '../../telemetry/privacy.js';

/** Keys whose values are PINs. Of `pin` alone also what became of one, in words. */
const PIN_KEYS: ReadonlySet<string> = new Set(['first_party_pin', 'second_party_pin', 'pin', 'own_digits']);
/** A PIN under its name in somebody's text. */
const NAMED_PIN = /((?:pin|digits)[^\p{L}\p{Nd}]{1,5})\p{Nd}{3,}/giu;
/** Whatever a receiver answered: it may repeat all that it was told. */
const STRANGERS_WORDS = 'answer';
const SHORT_DIGITS = /\p{Nd}{4,}/gu;

/** Values that hold many digits and are nobody's number, each by its key and its form. */
const KEPT: ReadonlyMap<string, RegExp> = new Map([
  ['recording_url', /^https?:\/\/\S+\/Recording\/[0-9a-f-]{36}\.(?:mp3|wav)\?expires=\d+&signature=[\w-]+$/],
  ['recording_duration_ms', /^\d{1,12}\.\d+$/],
  ['recording_start_ms', /^\d{1,13}\.\d+$/],
  ['recording_end_ms', /^\d{1,13}\.\d+$/],
  ['total_amount', /^\d{1,9}(?:\.\d+)?$/],
  ['total_rate', /^\d{1,9}(?:\.\d+)?$/],
]);

/** A PIN is told by nothing of it. */
const HIDDEN = '••••';

/**
 * An answer as a person may see it who has not asked to see more: numbers of people show their last two digits, PINs
 * nothing. `isOurs` tells virtual numbers by their digits: they are public, wherever they stand.
 *
 * It goes by what a value looks like, and not by a list of fields that might lack one: what is not known to be harmless
 * is masked.
 */
export function masked(value: unknown, isOurs: (digits: string) => boolean, key = ''): unknown {
  if (value === null || value === undefined || value === '') return value;
  if (PIN_KEYS.has(key)) return /\p{Nd}/u.test(JSON.stringify(value)) ? HIDDEN : value;
  if (typeof value === 'number') return maskedInteger(value, isOurs);
  if (typeof value === 'string')
    return KEPT.get(key)?.test(value) === true ? value : maskedText(value, isOurs, key);
  if (Array.isArray(value)) return value.map((each) => masked(each, isOurs, key));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [maskedText(name, isOurs), masked(each, isOurs, name)]),
  );
}

function maskedText(text: string, isOurs: (digits: string) => boolean, key = ''): string {
  const shown = maskText(text, (found) => {
    const digits = found.replace(/\P{Nd}/gu, '');
    return isOurs(digits) ? found : maskedDigits(digits);
  }).replace(NAMED_PIN, `$1${HIDDEN}`);
  return key === STRANGERS_WORDS ? shown.replace(SHORT_DIGITS, HIDDEN) : shown;
}

/** Counts, seconds and bytes are shorter than numbers; instants are milliseconds since the epoch, 2001 to 2039. */
function maskedInteger(value: number, isOurs: (digits: string) => boolean): number | string {
  const digits = String(Math.abs(value));
  if (!Number.isInteger(value) || digits.length < 9 || isOurs(digits)) return value;
  return value >= 1e12 && value < 2.2e12 ? value : maskedDigits(digits);
}

function maskedDigits(digits: string): string {
  return `${'•'.repeat(Math.max(0, digits.length - 2))}${digits.slice(-2)}`;
}

/** Milliseconds for which the virtual numbers are as they were: every answer to a page asks for them. */
const KNOWN_FOR = 1_000;

/** Tells virtual numbers by their digits, as they were a moment ago; as last known, while they cannot be read. */
export class KnownNumbers {
  readonly #read: () => Promise<readonly { readonly number: E164 }[]>;
  #known: ReadonlySet<string> = new Set();
  #until = 0;

  constructor(read: () => Promise<readonly { readonly number: E164 }[]>) {
    this.#read = read;
  }

  /** Never rejects. */
  async teller(): Promise<(digits: string) => boolean> {
    if (performance.now() >= this.#until) {
      this.#until = performance.now() + KNOWN_FOR;
      const numbers = await this.#read().catch(() => null);
      if (numbers !== null) this.#known = new Set(numbers.map(({ number }) => digitsOf(number)));
    }
    const known = this.#known;
    return (digits) => known.has(digits);
  }
}
