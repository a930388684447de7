import type { Bill } from './billing.js';
import type { E164 } from './phone-number.js';
import type { Party } from './session.js';

/** A leg of an interaction: `a` called (or was called first), `b` is being reached. */
export type LegRole = 'a' | 'b';

export type EndedBy = 'a' | 'b' | 'system';

/** What is known of a leg once it has hung up. Instants are milliseconds since the epoch. */
export interface LegRecord {
  /** Channel UUID. */
  readonly uuid: string;
  readonly role: LegRole;
  readonly party: Party;
  readonly startedAt: number;
  /** Null when the leg never rang. */
  readonly ringingAt: number | null;
  /** Null when the leg never answered. */
  readonly answeredAt: number | null;
  /** When the leg was joined with the other; null when it never was. */
  readonly bridgedAt: number | null;
  readonly endedAt: number;
  /** FreeSWITCH's hangup cause, such as NORMAL_CLEARING. */
  readonly cause: string;
  /** Final SIP status that the far end gave, when it gave one. */
  readonly sipStatus: number | null;
  readonly endedBy: EndedBy;
  readonly trunk: string;
  /** What it cost by the tariff of when it was written; absent until then. */
  readonly bill?: Bill;
}

/** Whose phones an interaction joins, or was to join. Private: it is stored sealed. */
export interface InteractionPeople {
  /** On the A leg; null when the number was withheld. */
  readonly a: E164 | null;
  /** Who is being reached. */
  readonly b: E164;
  /** True when A did not call, but was called by us (`initiate_call_to_first_party`). */
  readonly aWasCalled: boolean;
}

/** Stages that an interaction goes through; `ended` is final. */
export type InteractionStage = 'dialing' | 'ringing' | 'whispering' | 'connected' | 'ended';

/** One call inside a session, as it is stored. Its id is the A leg's channel UUID. */
export interface Interaction {
  readonly id: string;
  readonly sessionId: string;
  readonly virtualNumber: E164;
  readonly node: string;
  /** The party on the A leg. */
  readonly caller: Party;
  readonly stage: InteractionStage;
  readonly startedAt: number;
  readonly connectedAt: number | null;
  readonly endedAt: number | null;
  readonly endedBy: EndedBy | null;
  readonly cause: string;
  /** File name inside the recordings folder (an id, never a number), or "" when not recorded. */
  readonly recording: string;
  /** Null when nobody told of the interaction's begin: only an end of a leg was heard. */
  readonly people: InteractionPeople | null;
  /** Legs that have ended, A first. Several B legs when a trunk failed over. */
  readonly legs: readonly LegRecord[];
}
