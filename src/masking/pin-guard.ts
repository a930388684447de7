import { nationalDigitsOf, type E164 } from './phone-number.js';
import { partyNumber, type MaskingSession, type Party } from './session.js';

/** How PINs are guarded against guessing. The trade behind each is docs/security.md. */
export interface PinGuardRules {
  /**
   * The chance, within any 24 hours, that callers who never got in hit a PIN of one length on one number by
   * guessing, before each of them is asked for more. 0 asks them always.
   */
  readonly guessRisk: number;
  /** The same over all numbers. */
  readonly overallRisk: number;
  /** Wrong PINs of one caller on one number within 24 hours, after which this caller is asked for more. */
  readonly callerFree: number;
  /** The same, after which a caller who never got in is refused. */
  readonly callerLimit: number;
  /** Milliseconds that a phone which got in is remembered; 0 for not at all. */
  readonly remember: number;
}

export const DEFAULT_PIN_GUARD: PinGuardRules = {
  guessRisk: 0.005,
  overallRisk: 0.05,
  callerFree: 3,
  callerLimit: 20,
  remember: 30 * 24 * 3_600_000,
};

/** What a caller is asked to key. */
export type Keyed = 'pin' | 'own-digits';

/** Last digits of their own phone number that callers are asked for, who must give more than a PIN. */
export const OWN_DIGITS = 6;

/** How one number stands for its PINs of one length. */
export interface PinStanding {
  readonly length: number;
  readonly live: number;
  /** Wrong PINs that callers who never got in may still key before each of them is asked for more. */
  readonly left: number;
  /**
   * Until when they are, in milliseconds since the epoch: null for not now, Infinity for as long as so many
   * PINs live.
   */
  readonly guardedUntil: number | null;
}

/** What is worth a line in the log. `until` is milliseconds since the epoch, Infinity as in PinStanding. */
export type PinGuardNews =
  | { readonly kind: 'began'; readonly number: E164; readonly length: number; readonly until: number }
  | { readonly kind: 'ended'; readonly number: E164; readonly length: number }
  | { readonly kind: 'overall-began'; readonly until: number }
  | { readonly kind: 'overall-ended' };

/** The chance that one guess hits one of `live` PINs of a length. */
export function chanceOfGuess(live: number, length: number): number {
  return live / 10 ** length;
}

/** Wrong PINs of that length that callers who never got in may key in 24 hours unasked. */
export function guessesAllowed(
  rules: Pick<PinGuardRules, 'guessRisk'>,
  live: number,
  length: number,
): number {
  // Whole units as in lua/include/guard.lua, so that 0.005 of 0.0001 is 50 and not 49.999….
  return Math.floor(Math.round(rules.guessRisk * 1e12) / Math.ceil(live * 10 ** (12 - length)));
}

/** What the caller who has the PIN of `party` can be asked for, or null: the party of this place is not known. */
export function ownDigitsOf(session: MaskingSession, party: Party): string | null {
  const number = partyNumber(session, party);
  return number === null ? null : nationalDigitsOf(number).slice(-OWN_DIGITS);
}
