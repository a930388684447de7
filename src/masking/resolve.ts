import type { Caller } from './caller.js';
import type { E164 } from './phone-number.js';
import { isLive, otherParty, partyNumber, type MaskingSession, type Party } from './session.js';
import type { VirtualNumber } from './virtual-number.js';

/** A session that a caller or a PIN leads to, and the party that the caller is in it. */
export interface Match {
  readonly session: MaskingSession;
  readonly party: Party;
}

/** How a caller without a match is asked for a PIN: the rules of the newest live PIN session. */
export interface PinGate {
  readonly promptPlay: string;
  readonly incorrectPlay: string;
  readonly retry: number;
  /** Seconds to begin keying. */
  readonly retryWait: number;
  /** Lengths of all live PINs on the number, ascending. */
  readonly lengths: readonly number[];
}

/** Everything on one virtual number that decides a call, read in one round trip. */
export interface NumberRoutes {
  /** Null when the number is not ours. */
  readonly number: VirtualNumber | null;
  /** The session in which the caller is a party, if any. */
  readonly matched: Match | null;
  /** Null when no live session on the number asks for PINs. */
  readonly pinGate: PinGate | null;
  /** The live single-party session without PINs that unknown callers reach, in the missing party's place. */
  readonly open: Match | null;
  /** `unknown_caller_play` of the newest live session that has one and asks for no PIN; "" for none. */
  readonly unknownCallerPlay: string;
  /** The caller is refused without a prompt until this instant (too many wrong PINs), or null. */
  readonly refusedUntil: number | null;
  /** True when the caller's own number is one of our virtual numbers. */
  readonly callerIsOurs: boolean;
}

export type Resolution =
  | { readonly outcome: 'connect'; readonly match: Match; readonly target: E164 }
  | { readonly outcome: 'pin'; readonly gate: PinGate }
  | { readonly outcome: 'announce'; readonly announcement: 'unknown-caller'; readonly url: string }
  | { readonly outcome: 'announce'; readonly announcement: 'not-in-service' }
  | { readonly outcome: 'refuse'; readonly reason: 'not-ours' | 'loop' | 'too-many-pins' };

/**
 * What happens to a call for `number` from `caller` at `now` (milliseconds since the epoch).
 *
 * Pure. The order of the rules is design.md, "The way of a call", 3.
 */
export function resolve(caller: Caller, routes: NumberRoutes, now: number): Resolution {
  if (routes.number?.enabled !== true) return { outcome: 'refuse', reason: 'not-ours' };
  if (routes.callerIsOurs) return { outcome: 'refuse', reason: 'loop' };
  const { matched } = routes;
  if (caller.kind === 'number' && matched !== null && isLive(matched.session, now)) {
    const forced = matched.session.pin?.forced === true;
    if (!forced) return connect(matched, caller);
  }
  if (routes.pinGate !== null) {
    if (routes.refusedUntil !== null && now < routes.refusedUntil) {
      return { outcome: 'refuse', reason: 'too-many-pins' };
    }
    return { outcome: 'pin', gate: routes.pinGate };
  }
  if (routes.open !== null && isLive(routes.open.session, now)) return connect(routes.open, caller);
  if (routes.unknownCallerPlay !== '') {
    return { outcome: 'announce', announcement: 'unknown-caller', url: routes.unknownCallerPlay };
  }
  return { outcome: 'announce', announcement: 'not-in-service' };
}

/**
 * Whom a match leads to: the other party, or who took the missing one's place in the last interaction
 * of a single-party session; null when nobody has yet.
 */
export function targetOf({ session, party }: Match): E164 | null {
  return partyNumber(session, otherParty(party)) ?? session.lastPeer;
}

/**
 * The connection that a match leads to, or a refusal when it would ring the caller's own phone (a
 * party who keys the other one's PIN) or our own number. A single-party session without anybody to
 * reach yet has its party hear the announcement for unknown callers.
 */
export function connect(match: Match, caller: Caller): Resolution {
  const target = targetOf(match);
  if (target === null) {
    const url = match.session.settings.unknownCallerPlay;
    return { outcome: 'announce', announcement: 'unknown-caller', url };
  }
  const party = partyNumber(match.session, match.party);
  const own: readonly (string | null)[] = [
    party,
    match.session.virtualNumber,
    caller.kind === 'number' ? caller.number : null,
  ];
  if (own.includes(target)) return { outcome: 'refuse', reason: 'loop' };
  return { outcome: 'connect', match, target };
}
