import type { Interaction } from '../../src/masking/interaction.js';

/** What a phone does when it is called. Times in milliseconds. */
export type CalleeBehaviour =
  /** Rings, answers, and hangs up after `talkMs` when given. */
  | { readonly kind: 'answer'; readonly afterMs: number; readonly talkMs?: number }
  /** Rings for ever. */
  | { readonly kind: 'ring' }
  /** Rings for `afterMs`, then gives this final SIP status. */
  | { readonly kind: 'refuse'; readonly status: 404 | 408 | 480 | 486 | 503 | 603; readonly afterMs: number }
  /** Is never heard of: the carrier takes the INVITE and says nothing more than 100. */
  | { readonly kind: 'silent' };

/** What a caller does once answered, in order. */
export type CallerStep = { readonly wait: number } | { readonly press: string } | { readonly hangup: true };

export interface CallPlan {
  /** What the carrier writes as the caller's number: E.164, a word, or anything malformed. */
  readonly from: string;
  /** The number dialled; the lane's virtual number when left out. */
  readonly to?: string;
  readonly displayName?: string;
  /** Further headers of the INVITE, name to value. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Cancels when not answered within so many milliseconds. */
  readonly cancelAfterMs?: number;
  /** Cancels when not answered within so many milliseconds of ringing (180), however long that took. */
  readonly cancelAfterRingingMs?: number;
  readonly steps?: readonly CallerStep[];
}

export interface CallOutcome {
  /** Final status of the INVITE: 200 when answered, 487 when cancelled, else what the caller got. */
  readonly status: number;
  readonly provisional: readonly number[];
  /** True when the caller hung up or cancelled, false when we ended the call. */
  readonly endedByCaller: boolean;
  /** From the answer to the end, milliseconds; 0 when never answered. */
  readonly talkMs: number;
  /** Files that the caller heard, in order, without folders. */
  readonly heard: readonly string[];
  /** Every SIP message that the caller got, as it came. */
  readonly received: string;
}

export interface InviteSeen {
  readonly trunk: string;
  /** E.164. */
  readonly called: string;
  readonly callerNumber: string;
  readonly callerName: string;
  /** Files that the phone heard before it was joined, without folders. */
  readonly heard: readonly string[];
  /** Every SIP message that the phone got in this call, as it came. */
  readonly received: string;
}

/** A virtual number, trunks and phones that no other scenario uses. */
export interface Lane {
  readonly did: string;
  readonly first: string;
  readonly second: string;
  readonly stranger: string;
  /** Name of the trunk that the lane's number prefers. */
  readonly trunk: string;
  /**
   * Creates a session between `first` and `second` on the lane's number; the API's parameters.
   * `shorter` goes past the API with times below its bounds, so that a test need not wait a minute.
   */
  session(
    parameters?: Record<string, unknown>,
    shorter?: { readonly sessionExpiry?: number; readonly callTimeLimit?: number },
  ): Promise<{ id: string }>;
  callee(number: string, behaviour: CalleeBehaviour): Promise<void>;
  /** How the lane's own trunk fares; behind the trunk that comes after it every phone answers. */
  trunkIs(state: 'up' | 'refusing' | 'unreachable'): Promise<void>;
  call(plan: CallPlan): Promise<CallOutcome>;
  /** INVITEs that reached phones of this lane, in order. */
  invites(): Promise<readonly InviteSeen[]>;
  /** The session as the API shows it. */
  read(sessionId: string): Promise<Record<string, unknown>>;
  /** What the API says would happen to a call. */
  explain(query: {
    readonly from: string;
    readonly to: string;
    readonly pin?: string;
  }): Promise<Record<string, unknown>>;
  /** What happened to the newest call of `from` (or to `to`) of `count`, once it has ended; fails when it does not within 25 s. */
  past(
    query: { readonly from: string } | { readonly to: string },
    count: number,
  ): Promise<Record<string, unknown>>;
  /** What went wrong with the session, as the API shows it, once there is something or a while has passed. */
  events(sessionId: string): Promise<readonly Record<string, unknown>[]>;
  /** Resolves once a call of the session runs; fails when none does within 10 s. */
  running(sessionId: string): Promise<void>;
  /** The session's interactions once `count` have ended; fails when they do not within 25 s. */
  interactions(sessionId: string, count: number): Promise<readonly Interaction[]>;
  /** URL of a wav file of that name, served where the controller may fetch it; `ms` long, 600 unless told. */
  audioUrl(name: string, ms?: number): string;
  /** The recording of an interaction and how long its audio is, in milliseconds. */
  recording(interaction: Interaction): Promise<{ ms: number; format: 'wav' | 'mp3' }>;
}

/** A running Maskline with a FreeSWITCH behind it, simulated or real. */
export interface TestBed {
  readonly kind: 'simulated' | 'real';
  lane(): Promise<Lane>;
  /** kill -9 of controller `index`, and a start of it again. */
  killController(index: number): Promise<void>;
  startController(index: number): Promise<void>;
  close(): Promise<void>;
}
