import type { Cause } from './causes.js';

/** What the switch sends to the phone at the other end of a channel. */
export interface SipLeg {
  provisional(status: 180 | 183): void;
  /** 200 to the caller's INVITE. */
  accept(): void;
  /** A final status above 299 to the caller's INVITE. */
  refuse(status: number, cause: Cause): void;
  bye(cause: Cause): void;
  cancel(cause: Cause): void;
  /** The phone begins to hear a file. Returns what says that it ended. */
  playing(file: string): (completed: boolean) => void;
  /** A key that the partner pressed. */
  digit(digit: string): void;
  /** The phone now hears its partner. */
  joined(): void;
}

/** What the phone at the other end does, as the switch takes it. */
export interface SipEvents {
  /** 180 or 183 to our INVITE. */
  provisional(status: 180 | 183): void;
  answered(): void;
  /** A final status above 299, or 408 when nothing ever came. */
  refused(status: number, phrase: string): void;
  /** BYE, or CANCEL of an INVITE that was not answered yet. */
  hungUp(): void;
  digit(digit: string): void;
}

/** An INVITE to a phone, by way of a trunk. */
export interface OutgoingInvite {
  readonly uuid: string;
  readonly trunk: string;
  /** User part of the request URI. */
  readonly user: string;
  readonly callerNumber: string;
  readonly callerName: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The network that the switch sends its INVITEs into. */
export interface SipNetwork {
  /** Null when there is no such gateway, or a registered softphone of that number. */
  invite(invite: OutgoingInvite, events: SipEvents): SipLeg | null;
  hasTrunk(name: string): boolean;
  /** Whether the carrier behind a trunk answers OPTIONS; null when there is no such trunk. */
  answersOptions(trunk: string): boolean | null;
}
