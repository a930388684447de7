import type { Keyed } from '../masking/pin-guard.js';
import type { Party } from '../masking/session.js';
import type { QuestionKind } from './variables.js';

/** One question of the dialplan about one channel. */
export interface Question {
  readonly kind: QuestionKind;
  /** Channel UUID. */
  readonly uuid: string;
  /** Name of the node that asks (FreeSWITCH's switchname). */
  readonly node: string;
  /** What the trunk dialled, raw; a name where it did not dial a number. "" for a leg that we originated. */
  readonly dialled: string;
  /** The caller's number as the trunk asserted it, raw. */
  readonly callerNumber: string;
  /** User part of From, raw. */
  readonly fromUser: string;
  /** Value of the Privacy header, or "". */
  readonly privacy: string;
  /** True when FreeSWITCH found the caller's number marked as hidden. */
  readonly hidden: boolean;
  /** Attempts at the PIN so far; 0 before the first prompt. */
  readonly attempt: number;
  /** Prompts so far that could not be played. */
  readonly promptFailures: number;
  /** What the last prompt asked for. */
  readonly keyed: Keyed;
  /** Digits keyed at the last prompt; "" when none were. */
  readonly digits: string;
  /** True when the prompt could not be played, so that nobody had a chance to key anything. */
  readonly promptFailed: boolean;
  /**
   * `second`: the dialplan has asked before, in vain, and goes on with the announcement unless this is answered.
   * `last`: that was answered with `ask-last`.
   */
  readonly round: 'first' | 'second' | 'last';
  /** What the node has by itself, so that an answer leaves it out. */
  readonly keeps: Kept;
  /** Set on a leg that we originated, "" otherwise. */
  readonly sessionId: string;
  readonly number: string;
}

/** What an answer depends on, of its question. */
export type Asked = Pick<Question, 'uuid' | 'dialled' | 'keeps'>;

/**
 * What a node has by itself of what its legs need (dialplan/legs.xml): `nothing`, where it was started before there was such a file;
 * `defaults`: LEG_DEFAULTS and the media timeout; `all`: `call_timeout` as well. A node that keeps `all` is new enough for its controllers
 * to read marks in one, and the trunk of a leg from FreeSWITCH's own variable (they are upgraded ahead of it, docs/running.md).
 */
export type Kept = 'nothing' | 'defaults' | 'all';

/** Identity that both legs of an interaction carry. */
export interface LegMarks {
  readonly number: string;
  readonly sessionId: string;
  readonly interactionId: string;
  /** The party of the A leg. */
  readonly party: Party;
}

export interface PromptAnswer {
  readonly next: 'prompt';
  readonly keyed: Keyed;
  readonly attempt: number;
  /** Prompts of this call that could not be played. */
  readonly failures: number;
  /** Files are absolute paths, or names relative to FreeSWITCH's sound folder. "" plays nothing. */
  readonly before: string;
  readonly prompt: string;
  readonly maxDigits: number;
  /** Milliseconds, at least 1000. */
  readonly waitMs: number;
}

export interface ConnectAnswer {
  readonly next: 'connect';
  readonly marks: LegMarks;
  /** B's number, E.164. */
  readonly target: string;
  /** Trunks to try, in order; at least one. */
  readonly trunks: readonly string[];
  /** Seconds. */
  readonly ringTimeout: number;
  /** Seconds from the moment the legs are joined. */
  readonly callTimeLimit: number;
  /** Files heard by one party before the two are joined, or "". */
  readonly playA: string;
  readonly playB: string;
  /** Absolute path of the recording, or "". */
  readonly record: string;
  /** What both legs are to carry for the store, which does not know of the call; or "". */
  readonly note: string;
}

export interface AnnounceAnswer {
  readonly next: 'announce';
  readonly announcement: string;
  readonly cause: HangupCause;
}

export interface RefuseAnswer {
  readonly next: 'refuse';
  readonly cause: HangupCause;
}

/** Asks every controller once more, in the order of the first question. For a second question only. */
export interface AskLastAnswer {
  readonly next: 'ask-last';
}

export type Answer = PromptAnswer | ConnectAnswer | AnnounceAnswer | RefuseAnswer | AskLastAnswer;

/** Causes that we give to a caller; FreeSWITCH turns them into SIP statuses. */
export type HangupCause =
  | 'UNALLOCATED_NUMBER' // 404
  | 'USER_BUSY' // 486
  | 'CALL_REJECTED' // 603
  | 'NORMAL_CLEARING' // BYE once answered
  | 'NORMAL_TEMPORARY_FAILURE'; // 503

/**
 * Decides a question. Called by the question server under its deadline. The signal is aborted once nobody waits for the
 * answer: the call may be decided elsewhere by then, so nothing of it may be ended any more.
 */
export type Decide = (question: Question, signal: AbortSignal) => Promise<Answer>;
