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

/** The rules that decide a call, in their order: design.md, "The way of a call", 3. */
export const CALL_RULES = [
  'number-in-service',
  'caller-is-no-virtual-number',
  'known-caller',
  'pin',
  'open-session',
  'unknown-caller-audio',
  'not-in-service',
] as const;

export type CallRule = (typeof CALL_RULES)[number];

/** Why a rule left a call to the next one. */
export type PassedBy =
  /** What it forbids is not so. */
  | 'fine'
  | 'withheld'
  | 'no-party'
  | 'session-over'
  | 'pin-forced'
  | 'no-pin-session'
  | 'no-open-session'
  | 'no-audio';

/** A rule that did not decide. */
export interface PassedRule {
  readonly rule: CallRule;
  readonly by: PassedBy;
}

/** Which rule decided a call, and which ones were asked before. */
export interface Ruling {
  readonly rule: CallRule;
  readonly resolution: Resolution;
  readonly passed: readonly PassedRule[];
}

type Judge = (caller: Caller, routes: NumberRoutes, now: number) => Resolution | PassedBy;

const JUDGES: Readonly<Record<CallRule, Judge>> = {
  'number-in-service': (_caller, { number }) =>
    number?.enabled === true ? 'fine' : { outcome: 'refuse', reason: 'not-ours' },
  'caller-is-no-virtual-number': (_caller, { callerIsOurs }) =>
    callerIsOurs ? { outcome: 'refuse', reason: 'loop' } : 'fine',
  'known-caller': (caller, { matched }, now) => {
    if (caller.kind === 'anonymous') return 'withheld';
    if (matched === null) return 'no-party';
    if (!isLive(matched.session, now)) return 'session-over';
    return matched.session.pin?.forced === true ? 'pin-forced' : connect(matched, caller);
  },
  pin: (_caller, { pinGate, refusedUntil }, now) => {
    if (pinGate === null) return 'no-pin-session';
    if (refusedUntil !== null && now < refusedUntil) return { outcome: 'refuse', reason: 'too-many-pins' };
    return { outcome: 'pin', gate: pinGate };
  },
  'open-session': (caller, { open }, now) =>
    open !== null && isLive(open.session, now) ? connect(open, caller) : 'no-open-session',
  'unknown-caller-audio': (_caller, { unknownCallerPlay: url }) =>
    url === '' ? 'no-audio' : { outcome: 'announce', announcement: 'unknown-caller', url },
  'not-in-service': () => ({ outcome: 'announce', announcement: 'not-in-service' }),
};

/**
 * What happens to a call of `caller` at `now` (milliseconds since the epoch), and by which rule.
 *
 * Pure.
 */
export function judge(caller: Caller, routes: NumberRoutes, now: number): Ruling {
  const passed: PassedRule[] = [];
  for (const rule of CALL_RULES) {
    const judged = JUDGES[rule](caller, routes, now);
    if (typeof judged !== 'string') return { rule, resolution: judged, passed };
    passed.push({ rule, by: judged });
  }
  throw new TypeError('The last rule decides every call.');
}

/** As {@link judge}, without the reasons. */
export function resolve(caller: Caller, routes: NumberRoutes, now: number): Resolution {
  return judge(caller, routes, now).resolution;
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
