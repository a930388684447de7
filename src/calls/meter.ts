import type { Announcement, Refusal } from './machine.js';
import type { PinCheck } from './ports.js';

/** Counts what becomes of calls. It is told no number. */
export interface CallMeter {
  /** Keyed digits were looked up: a PIN, or digits of the caller's own number. */
  pinChecked(result: PinCheck['result']): void;
  /** A call reached nobody, and why. */
  unconnected(why: Refusal | Announcement): void;
  /** Something was heard of a leg, `lagMs` milliseconds after it happened by the node's clock. */
  heard(lagMs: number): void;
}

const nothing = (): void => undefined;

export const NO_METER: CallMeter = {
  pinChecked: nothing,
  unconnected: nothing,
  heard: nothing,
};
