import { parseE164, type E164 } from './phone-number.js';

/** Who calls: a number, or `anonymous` for every form of withheld or unusable caller ID. */
export type Caller = { readonly kind: 'number'; readonly number: E164 } | { readonly kind: 'anonymous' };

/** What a trunk says of the caller. */
export interface CallerIdentity {
  /** User part of the identity that the trunk asserted. */
  readonly number: string;
  /** User part of From, which a carrier replaces by a word when the number is withheld. */
  readonly fromUser: string;
  /** Value of the Privacy header (RFC 3323), "" when there was none. */
  readonly privacy: string;
  /** True when the trunk marked the number as hidden (Remote-Party-ID `privacy=full`, say). */
  readonly hidden: boolean;
}

export const ANONYMOUS: Caller = { kind: 'anonymous' };

/**
 * Words that stand for a withheld number, keyed on a phone's letters by some carriers until 2022
 * (ANONYMOUS, RESTRICTED, UNAVAILABLE, UNKNOWN).
 */
const KEYED_WORDS = new Set(['+266696687', '+7378742833', '+86282452253', '+8566696']);

/** What carriers write into From instead of a number that is withheld. */
const WITHHELD_WORDS = new Set([
  '',
  'anonymous',
  'restricted',
  'unavailable',
  'unknown',
  'private',
  'withheld',
]);

/**
 * One value for every way to withhold a number, or to send none that can be used: `anonymous`, which
 * never matches a party. A caller who asks for privacy (RFC 3323 `id`, `user`, `header`), whose number
 * the trunk marks as hidden or whose From is a word, is anonymous even when the trunk passes the true
 * number along, in P-Asserted-Identity say.
 */
export function callerOf(identity: CallerIdentity, defaultCountry?: string): Caller {
  if (identity.hidden || /\b(id|user|header)\b/i.test(identity.privacy)) return ANONYMOUS;
  if (WITHHELD_WORDS.has(identity.fromUser.toLowerCase())) return ANONYMOUS;
  const number = parseE164(identity.number, defaultCountry);
  if (number === null || KEYED_WORDS.has(number)) return ANONYMOUS;
  return { kind: 'number', number };
}
