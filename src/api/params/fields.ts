import { z } from 'zod';

import { parseE164, type E164 } from '../../masking/phone-number.js';
import { invalid, missing } from '../errors.js';
import { parseTime, type Moment } from './time.js';

/**
 * Fields of a request as zod schemas. Each takes what unmodified clients send for it (numbers as
 * strings, strings as numbers, null and "" for nothing) and has the documented text for what it refuses.
 * The optional ones are undefined when not given, unless they say otherwise.
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

export interface IntegerBounds {
  readonly min: number;
  readonly max: number;
  /** SDKs send 0 for what their caller did not set. */
  readonly zeroIsUnset?: boolean;
}

export interface IntegerRule extends IntegerBounds {
  readonly fallback: number;
}

/** A whole number within bounds. What is no whole number is outside the allowed range, too. */
export const integer = (name: string, rule: IntegerRule) =>
  z.preprocess(wholeNumber(rule), bounded(name, rule).default(rule.fallback));

export const optionalInteger = (name: string, bounds: IntegerBounds) =>
  z.preprocess(wholeNumber(bounds), bounded(name, bounds).optional());

const bounded = (name: string, { min, max }: IntegerBounds) => {
  const error = invalid(name, 'is outside the allowed range');
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const wholeNumber =
  ({ zeroIsUnset }: IntegerBounds) =>
  (value: unknown): unknown => {
    const number = textAsNumber(given(value));
    return zeroIsUnset === true && number === 0 ? undefined : number;
  };

/** A boolean, also as "true" or "false", and as 1 or 0. */
export const flag = (name: string, fallback: boolean) =>
  z.preprocess(truth, trueOrFalse(name).default(fallback));

export const optionalFlag = (name: string) => z.preprocess(truth, trueOrFalse(name).optional());

const trueOrFalse = (name: string) => z.boolean({ error: invalid(name, 'allowed values are true or false') });

/** One of several words, whose case does not matter. */
export const choice = <const T extends string>(name: string, options: readonly T[], fallback: NoInfer<T>) =>
  z.preprocess(wordOf(options), oneOf(name, options).default(fallback as never));

export const optionalChoice = <const T extends string>(name: string, options: readonly T[]) =>
  z.preprocess(wordOf(options), oneOf(name, options).optional());

const oneOf = <const T extends string>(name: string, options: readonly T[]) => {
  const words = `${options.slice(0, -1).join(', ')} or ${options.at(-1) ?? ''}`;
  return z.enum<readonly T[]>(options, { error: invalid(name, `allowed values are ${words}`) });
};

const wordOf =
  (options: readonly string[]) =>
  (value: unknown): unknown => {
    const present = given(value);
    const word = typeof present === 'string' ? present.trim().toLowerCase() : present;
    return options.find((option) => option.toLowerCase() === word) ?? present;
  };

/** Characters; the limit of BETA-ERR, "under 1000 characters". */
const LONGEST_URL = 999;

const urlText = (name: string, isValid = isHttpUrl) =>
  z
    .string({ error: missingOr(name, 'should be a valid URL') })
    .max(LONGEST_URL, { error: invalid(name, 'should be under 1000 characters') })
    .refine(isValid, { error: invalid(name, 'should be a valid URL') });

/** An http or https URL, "" when not given. */
export const url = (name: string) => z.preprocess(given, urlText(name).default(''));

/** An http or https URL that must be given. */
export const mandatoryUrl = (name: string) => z.preprocess(given, urlText(name));

/** An http or https URL, "" to have none from now on; null is "not given". */
export const changedUrl = (name: string) =>
  z.preprocess(changed, urlText(name, (value) => value === '' || isHttpUrl(value)).optional());

/** 4 to 15 digits. A number is taken as its digits; only a string can begin with 0. */
export const pin = (name: string) =>
  z.preprocess(
    numberAsText,
    z
      .string({ error: missingOr(name, 'should be 4 to 15 digits') })
      .regex(/^[0-9]{4,15}$/, { error: invalid(name, 'should be 4 to 15 digits') }),
  );

/** Any text, "" when not given. */
export const text = (name: string, longest: number) => z.preprocess(given, textOf(name, longest).default(''));

/** Any text that must be given. */
export const mandatoryText = (name: string, longest: number) => z.preprocess(given, textOf(name, longest));

export const optionalText = (name: string, longest: number) =>
  z.preprocess(given, textOf(name, longest).optional());

const textOf = (name: string, longest: number) =>
  z
    .string({ error: missingOr(name, 'should be a string') })
    .max(longest, { error: invalid(name, `should be at most ${longest} characters`) });

/** A point in time, UTC. */
export const time = (name: string) =>
  z.preprocess(
    given,
    z
      .string({ error: invalid(name, TIME_FORM) })
      .transform((written, context): Moment => {
        const moment = parseTime(written);
        if (moment !== null) return moment;
        context.addIssue({ code: 'custom', message: invalid(name, TIME_FORM) });
        return z.NEVER;
      })
      .optional(),
  );

const TIME_FORM = 'should be in the format YYYY-MM-DD HH:MM[:ss[.uuuuuu]]';

/** Id of a subaccount, "" when not given. */
export const subaccountId = (name: string) =>
  z.preprocess(given, idOfSubaccount(name, /^SA[A-Z0-9]{18}$/).default(''));

/** Id of a subaccount, "" for none from now on; null is "not given". */
export const changedSubaccountId = (name: string) =>
  z.preprocess(changed, idOfSubaccount(name, /^(?:SA[A-Z0-9]{18})?$/).optional());

const idOfSubaccount = (name: string, form: RegExp) => {
  const error = invalid(name, 'is not the id of a subaccount');
  return z.string({ error }).regex(form, { error });
};

/** Any text, "" for none from now on; null is "not given". */
export const changedText = (name: string, longest: number) =>
  z.preprocess(changed, textOf(name, longest).optional());

/** In updates "" takes a value away, and null is "not given". */
function changed(value: unknown): unknown {
  return value === null ? undefined : typeof value === 'string' && value.trim() === '' ? '' : value;
}

/** null and "" are how SDKs say "not given". */
export function given(value: unknown): unknown {
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

function truth(value: unknown): unknown {
  const present = given(value);
  const word = typeof present === 'string' ? present.trim().toLowerCase() : present;
  if (word === 'true' || word === '1' || word === 1) return true;
  return word === 'false' || word === '0' || word === 0 ? false : present;
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
