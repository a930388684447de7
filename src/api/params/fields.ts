import { z } from 'zod';

import { parseE164, type E164 } from '../../masking/phone-number.js';
import { invalid, missing } from '../errors.js';

/**
 * Fields of a request as zod schemas. Each takes what unmodified clients send for it (numbers as
 * strings, strings as numbers, null and "" for nothing) and has the documented text for what it refuses.
 */

/** A phone number, as E.164. `defaultCountry` (ISO 3166-1 alpha-2) reads national forms; "" for none. */
export const phone = (name: string, defaultCountry: string) =>
  z.preprocess(numberAsText, phoneText(name, defaultCountry));

/** A phone number that may be left out; null then. */
export const optionalPhone = (name: string, defaultCountry: string) =>
  z.preprocess(numberAsText, phoneText(name, defaultCountry).optional()).transform((value) => value ?? null);

const phoneText = (name: string, defaultCountry: string) =>
  z.string({ error: missingOr(name, 'is not a valid phone number') }).transform((text, context): E164 => {
    const number = parseE164(text.trim(), defaultCountry);
    if (number !== null) return number;
    context.addIssue({ code: 'custom', message: invalid(name, 'is not a valid phone number') });
    return z.NEVER;
  });

export interface IntegerRule {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
  /** SDKs send 0 for what their caller did not set. */
  readonly zeroIsUnset?: boolean;
}

/** A whole number within bounds. What is no whole number is outside the allowed range, too. */
export const integer = (name: string, rule: IntegerRule) => {
  const error = invalid(name, 'is outside the allowed range');
  return z.preprocess((value) => {
    const number = textAsNumber(given(value));
    return rule.zeroIsUnset === true && number === 0 ? undefined : number;
  }, z.int({ error }).min(rule.min, { error }).max(rule.max, { error }).default(rule.fallback));
};

/** A boolean, also as "true" or "false". */
export const flag = (name: string, fallback: boolean) =>
  z.preprocess(
    (value) => {
      const present = given(value);
      const word = typeof present === 'string' ? present.trim().toLowerCase() : present;
      return word === 'true' ? true : word === 'false' ? false : present;
    },
    z.boolean({ error: invalid(name, 'allowed values are true or false') }).default(fallback),
  );

/** One of two words, whose case does not matter. */
export const choice = <const T extends string>(
  name: string,
  options: readonly [T, T],
  fallback: NoInfer<T>,
) => {
  const error = invalid(name, `allowed values are ${options[0]} or ${options[1]}`);
  return z.preprocess(
    (value) => {
      const present = given(value);
      const word = typeof present === 'string' ? present.trim().toLowerCase() : present;
      return options.find((option) => option.toLowerCase() === word) ?? present;
    },
    z.enum<readonly T[]>(options, { error }).default(fallback as never),
  );
};

/** Characters; the limit of BETA-ERR, "under 1000 characters". */
const LONGEST_URL = 999;

const urlText = (name: string) =>
  z
    .string({ error: missingOr(name, 'should be a valid URL') })
    .max(LONGEST_URL, { error: invalid(name, 'should be under 1000 characters') })
    .refine(isHttpUrl, { error: invalid(name, 'should be a valid URL') });

/** An http or https URL, "" when not given. */
export const url = (name: string) => z.preprocess(given, urlText(name).default(''));

/** An http or https URL that must be given. */
export const mandatoryUrl = (name: string) => z.preprocess(given, urlText(name));

/** 4 to 15 digits. A number is taken as its digits; only a string can begin with 0. */
export const pin = (name: string) =>
  z.preprocess(
    numberAsText,
    z
      .string({ error: missingOr(name, 'should be 4 to 15 digits') })
      .regex(/^[0-9]{4,15}$/, { error: invalid(name, 'should be 4 to 15 digits') }),
  );

/** Any text, "" when not given. */
export const text = (name: string, longest: number) =>
  z.preprocess(
    given,
    z
      .string({ error: invalid(name, 'should be a string') })
      .max(longest, { error: invalid(name, `should be at most ${longest} characters`) })
      .default(''),
  );

/** What this version has no support for: any value but the ones that mean "not used" is refused. */
export const unsupported = (name: string) =>
  z.preprocess(
    (value) => (given(value) === undefined || isFalse(value) ? undefined : value),
    z.undefined({ error: invalid(name, 'is not supported by this version') }),
  );

/** null and "" are how SDKs say "not given". */
function given(value: unknown): unknown {
  return value === null || (typeof value === 'string' && value.trim() === '') ? undefined : value;
}

function numberAsText(value: unknown): unknown {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? String(value)
    : given(value);
}

function textAsNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\s*-?\d{1,15}\s*$/.test(value) ? Number(value) : value;
}

function isFalse(value: unknown): boolean {
  return value === false || (typeof value === 'string' && value.trim().toLowerCase() === 'false');
}

function missingOr(name: string, problem: string) {
  return (issue: { readonly input?: unknown }): string =>
    issue.input === undefined ? missing(name) : invalid(name, problem);
}

function isHttpUrl(value: string): boolean {
  // The URL parser removes white space; a client that sends it made a mistake.
  if (/[\s\p{Cc}]/u.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return (protocol === 'http:' || protocol === 'https:') && hostname !== '';
}
