import type { CallLimit, NumberLimit } from '../masking/call-limits.js';
import type { Caller } from '../masking/caller.js';
import type {
  Interaction,
  InteractionPeople,
  InteractionStage,
  LegRecord,
  LegRole,
} from '../masking/interaction.js';
import type { E164 } from '../masking/phone-number.js';
import type { Match, NumberRoutes } from '../masking/resolve.js';
import type { MaskingSession, Party } from '../masking/session.js';

/** What is known of an interaction when its B leg is about to be dialled. */
export interface InteractionStart {
  /** The A leg's channel UUID. */
  readonly id: string;
  readonly sessionId: string;
  /** The session's owner. */
  readonly accountId: string;
  readonly number: E164;
  readonly node: string;
  readonly caller: Party;
  readonly people: InteractionPeople;
  /**
   * What the begin itself tells: `pin-authorized`, the caller is known without the PIN that the session asks
   * of others; `answer`, the A leg was answered before, to be asked for its PIN.
   */
  readonly tells: 'pin-authorized' | 'answer' | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The claim on the session lapses at this instant, whatever is lost. Milliseconds since the epoch. */
  readonly claimUntil: number;
  /** File name of the recording, or "". */
  readonly recording: string;
  /** The caller takes a missing party's place: the other party calls back whom `people.a` names. */
  readonly takesPlace: boolean;
}

/** One attempt to key a PIN. */
export interface PinAttempt {
  /** The caller's channel UUID. */
  readonly callId: string;
  /** 1 for the first. */
  readonly number: number;
}

/** Where the legs of an interaction belong. */
export function addressOf({ node, number, sessionId, id: interactionId }: InteractionStart): LegAddress {
  return { node, number, sessionId, interactionId };
}

/** What was heard of a leg that is up. */
export interface LegProgress {
  readonly fact: 'ringing' | 'answered' | 'joined';
  readonly role: LegRole;
  readonly party: Party;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The stage that the interaction has come to by this, or null for none. */
  readonly stage: Exclude<InteractionStage, 'ended'> | null;
}

/**
 * `begun`, also when the same interaction began before; `busy`: another call has the session; `gone`: it ended; else
 * the limit of the session or its number that is reached.
 */
export type BeginResult = 'begun' | 'busy' | 'gone' | NumberLimit;

/** A call was counted in, unless `limit` is reached. */
export type Admission =
  | { readonly limit: CallLimit }
  /** Seconds of talk that are left of the day's minutes, at least 0; null when nothing limits them. */
  | { readonly limit: null; readonly secondsLeft: number | null };

/** Counts the calls that run against the limits of the installation, its nodes and its subaccounts. */
export interface CallAdmissions {
  /** Counts a call in. Idempotent by interaction id. A call that ends in the {@link CallStore} is counted out there. */
  admit(start: InteractionStart, now: number): Promise<Admission>;
  /** Counts a call out that did not come to be. */
  dismiss(interactionId: string, now: number): Promise<void>;
}

export type PinCheck =
  | { readonly result: 'matched'; readonly match: Match }
  | { readonly result: 'wrong' }
  /** Nothing is said of the PIN: the caller has to give digits of the own number as well. */
  | { readonly result: 'asked' }
  /** Too many wrong PINs of this caller. */
  | { readonly result: 'refused' };

/** What a {@link PinCheck} would be; of one that asks for more also whose PIN it is, null for nobody's. */
export type PinLook =
  | Exclude<PinCheck, { readonly result: 'asked' }>
  | {
      readonly result: 'asked';
      readonly match: Match | null;
      /** False once too many wrong answers were given about whose PIN it is. */
      readonly mayAnswer: boolean;
    };

/** Looks at what a call would meet, for nobody's call: counts nothing, claims nothing, tells nothing. */
export interface CallLooks {
  /** What {@link CallStore.route} answers. */
  route(number: E164, caller: Caller, now: number): Promise<NumberRoutes>;
  /** What {@link CallStore.checkPin} would make of the digits. */
  lookAtPin(number: E164, caller: Caller, digits: string, now: number): Promise<PinLook>;
  /** What {@link CallStore.begin} would answer. */
  lookAtClaim(session: Pick<MaskingSession, 'id' | 'virtualNumber'>, now: number): Promise<BeginResult>;
  isVirtualNumber(number: E164): Promise<boolean>;
}

/** Where a leg belongs, as its channel variables tell. */
export interface LegAddress {
  readonly node: string;
  readonly number: E164;
  readonly sessionId: string;
  readonly interactionId: string;
}

export interface LiveInteraction extends LegAddress {
  /** The session's owner. */
  readonly accountId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly claimUntil: number;
}

/** A B leg that is up, as far as is known. */
export interface OpenLeg {
  /** Channel UUID. */
  readonly uuid: string;
  /** When it was first heard of, in milliseconds since the epoch. */
  readonly since: number;
}

/** What the call logic needs of the store. Each method but the end of an A leg is one round trip. */
export interface CallStore {
  /** Reads what decides a call of `caller` for `number`. */
  route(number: E164, caller: Caller, now: number): Promise<NumberRoutes>;
  /**
   * Looks up keyed digits among the live PINs of `number` and counts a wrong one, per caller and per
   * number, atomically. Empty digits are a missing PIN: wrong for the attempt, not counted as a guess.
   * Idempotent by `attempt`; null when nothing tells the attempts of a caller apart, who then cannot be asked
   * for more.
   */
  checkPin(
    number: E164,
    caller: Caller,
    digits: string,
    now: number,
    attempt: PinAttempt | null,
  ): Promise<PinCheck>;
  /**
   * Ends an attempt that checkPin left at `asked`, with the digits of their own number that the caller keyed.
   * Takes two round trips, whether the PIN was right or wrong. Never answers `asked`.
   */
  checkOwnDigits(
    number: E164,
    caller: Caller,
    digits: string,
    now: number,
    attempt: PinAttempt,
  ): Promise<PinCheck>;
  /** Claims the session for one interaction. Idempotent by interaction id. */
  begin(start: InteractionStart, now: number): Promise<BeginResult>;
  /**
   * What a leg carries of an interaction that could not begin in the store: sealed, for a channel variable.
   * Needs no store.
   */
  noteOf(start: InteractionStart): string;
  /**
   * Enters an interaction that began without the store, from what {@link noteOf} gave its legs. Idempotent, and
   * nothing to one that began in the store. False when the note cannot be read.
   */
  beginFromNote(address: LegAddress, note: string): Promise<boolean>;
  /** Takes back a begin of which nothing was told: the session is free, and no interaction is left. */
  withdraw(address: LegAddress): Promise<void>;
  /** Notes what was heard, in that order. A stage never goes backwards; `ended` is set by finishLeg only. */
  progress(address: LegAddress, ...heard: readonly LegProgress[]): Promise<void>;
  /** Notes that a B leg is up since `at`, so that it is found while it is. */
  noteLeg(address: LegAddress, uuid: string, at: number): Promise<void>;
  /**
   * Writes a leg that has ended, once. The A leg's record ends the interaction and frees the session.
   * `isAttempt`: a B leg that failed by its trunk's fault, so that another trunk may be tried.
   * Returns false when that leg was written before, or the session is not known.
   */
  finishLeg(address: LegAddress, leg: LegRecord, isAttempt?: boolean): Promise<boolean>;
  /** Interactions that began on `node` and have not ended. */
  liveOn(node: string): Promise<LiveInteraction[]>;
  /** The interaction of that id among those of {@link liveOn}, or null. */
  liveInteraction(node: string, interactionId: string): Promise<LiveInteraction | null>;
  /** B legs that were heard of on `node` and not of their end, by interaction. */
  openLegs(node: string): Promise<ReadonlyMap<string, readonly OpenLeg[]>>;
  /** True when the number is one of our own virtual numbers. */
  isVirtualNumber(number: E164): Promise<boolean>;
  /** One interaction, or null. */
  interaction(address: LegAddress): Promise<Interaction | null>;
}

/** Reads sessions by id. */
export interface SessionReader {
  /** The session with this id, or null. */
  get(id: string): Promise<{ readonly session: MaskingSession } | null>;
}

/** A leg to the first party that has still to be dialled (`initiate_call_to_first_party`). */
export interface OriginationJob {
  readonly sessionId: string;
  readonly number: E164;
  /** The A leg's channel UUID, chosen when the session was created. */
  readonly interactionId: string;
}
