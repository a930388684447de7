import type { MaskingSession } from '../masking/session.js';
import { hooksOf, type SessionDocument } from './documents.js';
import type { Vault } from './vault.js';

/** What unknown callers of its number are to a session, as the claim takes it. */
export type Strangers = '' | 'gate' | 'announcer' | 'open:first' | 'open:second';

type Wishes = Pick<MaskingSession, 'firstParty' | 'secondParty' | 'settings'> & {
  readonly pin: object | null;
};

/**
 * PIN sessions ask them for a PIN, a single-party session without PINs connects them in the missing
 * party's place, and a session with `unknown_caller_play` has them hear that.
 */
export function strangersOf({ pin, firstParty, secondParty, settings }: Wishes): Strangers {
  if (pin !== null) return 'gate';
  if (firstParty === null) return 'open:first';
  if (secondParty === null) return 'open:second';
  return settings.unknownCallerPlay === '' ? '' : 'announcer';
}

/** Everything of a session that is looked up by token, as JSON for the scripts: see lua/claim.lua. */
export function tokensOf(vault: Vault, session: SessionDocument): string {
  const { virtualNumber, firstParty, secondParty, pin, settings } = session;
  return JSON.stringify({
    first: firstParty === null ? [] : vault.partyTokens(firstParty),
    second: secondParty === null ? [] : vault.partyTokens(secondParty),
    firstPin: pin === null ? [] : vault.pinTokens(virtualNumber, pin.firstPartyPin),
    secondPin: pin === null ? [] : vault.pinTokens(virtualNumber, pin.secondPartyPin),
    lengths: pin === null ? [] : [pin.firstPartyPin.length, pin.secondPartyPin.length],
    hooks: hooksOf(settings),
  });
}

/** The parties keep their number to themselves until the cool-off is over. Milliseconds since the epoch. */
export function heldUntil({ expiresAt, settings }: SessionDocument): number {
  return expiresAt + settings.virtualNumberCooloffPeriod * 1000;
}
