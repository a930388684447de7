import { parseE164, type E164 } from './phone-number.js';

/** Who calls: a number, or `anonymous` for every form of withheld or unusable caller ID. */
export type Caller = { readonly kind: 'number'; readonly number: E164 } | { readonly kind: 'anonymous' };

/** What a trunk says of the caller. */
export interface CallerIdentity {
  /** User part of the identity that the trunk asserted. */
  readonly number: string;
  /** Value of the Privacy header (RFC 3323), "" when there was none. */
  readonly privacy: string;
}

export const ANONYMOUS: Caller = { kind: 'anonymous' };

/**
 * Words that stand for a withheld number, keyed on a phone's letters by some carriers until 2022
 * (ANONYMOUS, RESTRICTED, UNAVAILABLE, UNKNOWN).
 */
const KEYED_WORDS = new Set(['+266696687', '+7378742833', '+86282452253', '+8566696']);

/**
 * One value for every way to withhold a number, or to send none that can be used: `anonymous`, which
 * never matches a party. A caller who asks for privacy (RFC 3323 `id`, `user`, `header`) is
 * anonymous even when the trunk passes the true number along.
 */
export function callerOf(identity: CallerIdentity, defaultCountry?: string): Caller {
  if (/\b(id|user|header)\b/i.test(identity.privacy)) return ANONYMOUS;
  const number = parseE164(identity.number, defaultCountry);
  if (number === null || KEYED_WORDS.has(number)) return ANONYMOUS;
  return { kind: 'number', number };
}
