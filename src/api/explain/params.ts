import { z } from 'zod';

import { ANONYMOUS, callerOf, type Caller } from '../../masking/caller.js';
import { OWN_DIGITS } from '../../masking/pin-guard.js';
import type { E164 } from '../../masking/phone-number.js';
import { ApiError, invalid } from '../errors.js';
import { given, phone, text } from '../params/fields.js';
import { paramsOf, read } from '../params/read.js';

/** Longer than any caller's name for "withheld". */
const LONGEST_FROM = 64;

/** What somebody keys, "" for nothing. */
const keyed = (name: string) => {
  const error = invalid(name, 'should be up to 15 digits');
  return z.preprocess(
    (value) => (typeof value === 'number' ? String(value) : (given(value) ?? '')),
    z.string({ error }).regex(/^(?:[0-9]{1,15})?$/, { error }),
  );
};

const explainSchema = (defaultCountry: string) =>
  z.object({
    to: phone('to', defaultCountry).describe('The virtual number that is called.'),
    from: text('from', LONGEST_FROM).describe(
      'Who calls. Nothing, or a word such as `anonymous`, for a caller who withholds the number.',
    ),
    pin: keyed('pin').describe('What the caller would key at the prompt. It is not counted as a guess.'),
    own_digits: keyed('own_digits').describe(
      `The last ${OWN_DIGITS} digits of the caller's own number, where they are asked for.`,
    ),
  });

/** What is to be explained. */
export interface ExplainRequest {
  readonly number: E164;
  readonly caller: Caller;
  readonly pin: string;
  readonly ownDigits: string;
}

/** Reads explain requests. */
export class ExplainParams {
  readonly schema: ReturnType<typeof explainSchema>;
  readonly #defaultCountry: string;

  constructor(rules: { readonly defaultCountry: string }) {
    this.#defaultCountry = rules.defaultCountry;
    this.schema = explainSchema(rules.defaultCountry);
  }

  /** Throws ApiError 400. */
  read(asked: unknown): ExplainRequest {
    const { to, from, pin, own_digits: ownDigits } = read(this.schema, paramsOf(asked));
    return { number: to, caller: this.#callerIn(from), pin, ownDigits };
  }

  /** A client that mistypes a number is told so; a carrier's nonsense would count as withheld. */
  #callerIn(from: string): Caller {
    const user = from.trim();
    const caller = callerOf(
      { number: user, fromUser: user, privacy: '', hidden: false },
      this.#defaultCountry,
    );
    if (caller === ANONYMOUS && /[0-9]/.test(user)) {
      throw new ApiError(400, invalid('from', 'is not a valid phone number'));
    }
    return caller;
  }
}
