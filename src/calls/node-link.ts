import type { EndedBy, LegRecord, LegRole } from '../masking/interaction.js';
import type { Party } from '../masking/session.js';
import type { LegAddress } from './ports.js';

/** One of our legs, and when something happened to it, in milliseconds since the epoch by the node's clock. */
export interface LegMoment {
  readonly address: LegAddress;
  readonly uuid: string;
  readonly role: LegRole;
  readonly party: Party;
  readonly at: number;
}

/** A leg that has ended, and where it belongs. */
export interface EndedLeg {
  readonly address: LegAddress;
  readonly leg: LegRecord;
  /** What a leg carries of an interaction that began without the store (CallStore.noteOf), or "". */
  readonly note: string;
}

/** An A leg that ended without marks. */
export interface UnmarkedLeg {
  readonly node: string;
  readonly uuid: string;
  /** What it carries of an interaction that began without the store (CallStore.noteOf), or "". */
  readonly note: string;
  /** Where the dialplan was with it, an Answer's `next`, or that no answer came: `ask-again`, `unavailable`. */
  readonly ledTo: string;
  /** Its record, as the leg of `party`; null when its end is not told in full. */
  record(party: Party): LegRecord | null;
}

/** What a supervised node tells. */
export interface NodeLinkEvents {
  /** Both connections are ready and subscribed: reconcile now. */
  up: [name: string];
  /**
   * A connection was lost, or could not be made; another attempt follows. `refused`: its host says that nobody listens
   * there, so no FreeSWITCH runs.
   */
  down: [cause: Error | undefined, refused: boolean];
  /** A node that was up closed its connection: it has died, most likely, and was alive until `at` (ms since the epoch). */
  lost: [at: number];
  'leg-ringing': [moment: LegMoment];
  'leg-answered': [moment: LegMoment];
  /** The A leg was joined with the B leg. */
  'leg-bridged': [moment: LegMoment];
  'leg-ended': [ended: EndedLeg];
  'unmarked-leg-ended': [leg: UnmarkedLeg];
}

/** The node that a supervisor looks after, whatever connects it. */
export interface NodeLink {
  readonly state: 'stopped' | 'connecting' | 'up' | 'waiting';
  /** FreeSWITCH's switchname, "" before the first connect. */
  readonly name: string;
  /** The node is to end: it wants no new call. */
  readonly draining: boolean;
  /** When its FreeSWITCH started, in milliseconds since the epoch by our clock, a second early at most; 0 when not known. */
  readonly upSince: number;
  start(): void;
  stop(): Promise<void>;
  on<Name extends keyof NodeLinkEvents>(
    name: Name,
    listener: (...event: NodeLinkEvents[Name]) => void,
  ): unknown;
  /** Resolves on the answer; rejects with an error that may have a `cause` of the hangup, a string. */
  originate(call: string, uuid: string, timeoutMs?: number): Promise<void>;
  exists(uuid: string): Promise<boolean>;
  /** How a trunk stands; null when the node does not know it. */
  gateway(name: string): Promise<{ readonly state: 'up' | 'down'; readonly pingMs: number | null } | null>;
  /** False when there is no such channel. */
  hangup(uuid: string, cause: string): Promise<boolean>;
}

/** A leg's record where FreeSWITCH gave none: what is known, and an honest cause. */
export function recordWithoutLeg(known: {
  readonly uuid: string;
  /** Default: the A leg. */
  readonly role?: LegRole;
  readonly party: Party;
  readonly startedAt: number;
  readonly connectedAt: number | null;
  readonly endedAt: number;
  readonly cause: string;
  readonly endedBy: EndedBy;
  readonly trunk: string;
}): LegRecord {
  return {
    uuid: known.uuid,
    role: known.role ?? 'a',
    party: known.party,
    startedAt: known.startedAt,
    ringingAt: null,
    answeredAt: known.connectedAt,
    bridgedAt: known.connectedAt,
    endedAt: known.endedAt,
    cause: known.cause,
    sipStatus: null,
    endedBy: known.endedBy,
    trunk: known.trunk,
  };
}
