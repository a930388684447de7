import type { E164 } from './phone-number.js';
import type { PinRules, SessionSettings } from './session.js';

/** PINs as clients give them: 4 to 15 digits each, different from each other. */
export interface Pins {
  readonly first: string;
  readonly second: string;
}

/** Rules of a PIN session; `pins` null has them generated with `generatedLength` digits. */
export type PinDraft = Omit<PinRules, 'generated' | 'firstPartyPin' | 'secondPartyPin'> & {
  readonly pins: Pins | null;
};

/** A session as a client asked for it, checked and with every default filled in. */
export interface SessionDraft {
  /** Auth id of the owner; a subaccount's (`SA…`) has the session use that subaccount's numbers only. */
  readonly accountId: string;
  /** With exactly one of the parties the session is a single-party one. */
  readonly firstParty: E164 | null;
  readonly secondParty: E164 | null;
  readonly settings: SessionSettings;
  readonly pin: PinDraft | null;
  /** The number that the client wants, wherever it is; null for the best one. */
  readonly virtualNumber: E164 | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
