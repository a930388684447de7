import {
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
  type PhoneNumberType,
} from 'libphonenumber-js/max';

declare const e164: unique symbol;

/** A phone number as `+` and 7 to 15 digits, first digit not 0 (ITU-T E.164). */
export type E164 = string & { readonly [e164]: true };

const E164_PATTERN = /^\+[1-9]\d{6,14}$/;

/** The check that every number passes before it enters a dial string. */
export function isE164(text: string): text is E164 {
  return E164_PATTERN.test(text);
}

/** Digits of the number, without `+`: the form of the API's session objects. */
export function digitsOf(number: E164): string {
  return number.slice(1);
}

/**
 * The E.164 form of a number as people, clients and carriers write it, or null.
 *
 * Accepted: `+E164`, digits of an international number without `+`, `00` prefix, and, with a
 * `defaultCountry` (ISO 3166-1 alpha-2), national forms. Test numbers that no plan has assigned
 * (such as +1 555 000 1001) are accepted: only the shape of E.164 is certain to hold.
 */
export function parseE164(text: string, defaultCountry?: string): E164 | null {
  if (text.length > 32 || !/^\+?[\d ().-]+$/.test(text)) return null;
  const international = text.startsWith('+');
  const digits = text.replace(/\D/g, '');
  if (international) return asE164(`+${digits}`);
  if (digits.startsWith('00')) return asE164(`+${digits.slice(2)}`);
  if (defaultCountry !== undefined && defaultCountry !== '') {
    const national = parsePhoneNumberFromString(text, defaultCountry as CountryCode);
    if (national?.isValid() === true) return asE164(national.number);
  }
  return asE164(`+${digits}`);
}

function asE164(text: string): E164 | null {
  return isE164(text) ? text : null;
}

/** What the numbering plans tell of a number. */
export interface Plan {
  /** ISO 3166-1 alpha-2, or "" when its digits do not tell. */
  readonly country: string;
  readonly callingCode: string;
  /** The number as it is dialled within its country, without a trunk prefix. */
  readonly nationalNumber: string;
  /** What it is used for; undefined unless it is valid. */
  readonly type: PhoneNumberType | undefined;
}

/** Numbers whose plan is remembered: of one number several things are asked in a row, and each takes long to find out. */
const MOST_REMEMBERED = 256;
/** In the order in which they were asked for. */
const plans = new Map<E164, Plan | null>();

/** What the plans tell of the number; null when none of them has it. */
export function planOf(number: E164): Plan | null {
  const known = plans.get(number);
  if (known !== undefined) return known;
  const parsed = parsePhoneNumberFromString(number);
  const plan: Plan | null =
    parsed === undefined
      ? null
      : {
          country: parsed.country ?? '',
          callingCode: parsed.countryCallingCode,
          nationalNumber: parsed.nationalNumber,
          type: parsed.getType(),
        };
  plans.set(number, plan);
  for (const oldest of plans.keys()) {
    if (plans.size <= MOST_REMEMBERED) break;
    plans.delete(oldest);
  }
  return plan;
}

/** Country of the number (ISO 3166-1 alpha-2), or "" when its digits do not tell. */
export function countryOf(number: E164): string {
  return planOf(number)?.country ?? '';
}

/** Calling code of the number, such as `44`, or "" when no plan has it. */
export function callingCodeOf(number: E164): string {
  return planOf(number)?.callingCode ?? '';
}

/** Calling code of a country (ISO 3166-1 alpha-2), such as `44` of GB, or "" when no plan has it. */
export function callingCodeOfCountry(country: string): string {
  return isSupportedCountry(country) ? getCountryCallingCode(country) : '';
}

/** The number as it is dialled within its country, without a trunk prefix; all its digits when no plan has it. */
export function nationalDigitsOf(number: E164): string {
  return planOf(number)?.nationalNumber ?? digitsOf(number);
}

/** What a numbering plan uses a number for; "" when its digits do not tell. */
export type NumberKind = 'local' | 'mobile' | 'tollfree' | 'national' | '';

const KINDS: Readonly<Record<string, NumberKind>> = {
  FIXED_LINE: 'local',
  FIXED_LINE_OR_MOBILE: 'local',
  MOBILE: 'mobile',
  TOLL_FREE: 'tollfree',
};

/** A number that is fixed or mobile, such as every one of the USA, counts as local. */
export function kindOf(number: E164): NumberKind {
  const type = planOf(number)?.type;
  return type === undefined ? '' : (KINDS[type] ?? 'national');
}

/** The number with all but its last two digits hidden, for logs and messages. */
export function maskNumber(number: string): string {
  const visible = number.slice(-2);
  return `${'*'.repeat(Math.max(0, number.length - 2))}${visible}`;
}
