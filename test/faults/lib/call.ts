import type { LoadLane } from './lanes.js';

/** Where a call is, as its phones see it. */
export type Stage = 'received' | 'prompting' | 'dialing' | 'ringing' | 'connected' | 'ending';

export const STAGES: readonly Stage[] = [
  'received',
  'prompting',
  'dialing',
  'ringing',
  'connected',
  'ending',
];

export type Side = 'a' | 'b';

/** What the phones of one call do; times in milliseconds. */
export interface CallScript {
  readonly from: string;
  readonly to: string;
  /** Digits keyed at the prompt; "" for a registered caller, who is not asked. */
  readonly pin: string;
  /** From B's INVITE to its 180. */
  readonly dialMs: number;
  /** From B's 180 to its 200. */
  readonly ringMs: number;
  /** From the ACK of B's 200 to the hang-up. */
  readonly talkMs: number;
  readonly hangUpBy: Side;
}

/** When each thing happened, in milliseconds since the epoch; null for what did not happen. */
export interface Timeline {
  invited: number;
  /** A's call was answered: by B, or to be asked for the PIN. */
  answered: number | null;
  keyed: number | null;
  bInvited: number | null;
  bRinging: number | null;
  bAnswered: number | null;
  /** FreeSWITCH acknowledged B's answer: it knows of it. */
  bConfirmed: number | null;
  /** The first hang-up, whoever's. */
  ended: number | null;
  /** FreeSWITCH knows of that hang-up. */
  released: number | null;
  /** Nothing of the call is left on either side. */
  closed: number | null;
}

/** How long after its hang-up a call counts as ending: its records are being written. Milliseconds. */
const ENDING_MS = 1_000;

/** One call of the load: what was planned, and what both phones saw. */
export class LoadCall {
  readonly timeline: Timeline;
  /** The final status of A's INVITE; null while there is none. */
  status: number | null = null;
  /** Who hung up first: a phone of ours, FreeSWITCH, or nobody who could be heard (`silence`). */
  endedBy: Side | 'freeswitch' | 'silence' | null = null;
  /** How often the caller keyed its PIN. */
  keyed = 0;
  /** One side was never told that the other one had hung up. */
  halfOpen = false;
  /** When each side last heard the other one, in milliseconds since the epoch. */
  readonly heard: Record<Side, number | null> = { a: null, b: null };

  constructor(
    readonly id: number,
    readonly lane: LoadLane,
    readonly script: CallScript,
  ) {
    this.timeline = {
      invited: Date.now(),
      answered: null,
      keyed: null,
      bInvited: null,
      bRinging: null,
      bAnswered: null,
      bConfirmed: null,
      ended: null,
      released: null,
      closed: null,
    };
  }

  get connectedAt(): number | null {
    const { answered, bAnswered } = this.timeline;
    return answered === null || bAnswered === null ? null : Math.max(answered, bAnswered);
  }

  /** The stage at an instant; null before the call, and once it is over and recorded. */
  stageAt(at: number): Stage | null {
    const { invited, answered, bInvited, bRinging, ended } = this.timeline;
    const by = (instant: number | null): boolean => instant !== null && instant <= at;
    if (invited > at) return null;
    if (ended !== null && ended <= at) return at - ended <= ENDING_MS ? 'ending' : null;
    if (by(this.connectedAt)) return 'connected';
    if (by(bRinging)) return 'ringing';
    if (by(bInvited)) return 'dialing';
    return by(answered) ? 'prompting' : 'received';
  }

  /** Both talked, heard each other to the end, the one hung up who meant to, and the other one was told. */
  get kept(): boolean {
    const { ended } = this.timeline;
    if (this.halfOpen) return false;
    if (this.connectedAt === null || ended === null || this.endedBy !== this.script.hangUpBy) return false;
    return (['a', 'b'] as const).every((side) => {
      const last = this.heard[side];
      return last !== null && ended - last < HEARD_BEFORE_END_MS;
    });
  }

  /** The caller was told that the call cannot be made, and within `withinMs`. */
  told(withinMs: number): boolean {
    const { invited, ended, bAnswered } = this.timeline;
    if (ended === null || bAnswered !== null || this.endedBy !== 'freeswitch') return false;
    return ended - invited <= withinMs;
  }
}

/** A packet that tells who speaks goes out each 200 ms; some may be late on a busy machine. */
const HEARD_BEFORE_END_MS = 2_000;
