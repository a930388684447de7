import type { E164 } from './phone-number.js';

/** A DID of the operator. */
export interface VirtualNumber {
  readonly number: E164;
  /** ISO 3166-1 alpha-2, or "" when the numbering plan does not tell. */
  readonly country: string;
  readonly alias: string;
  readonly enabled: boolean;
  /** The trunk to try first for calls of this number; "" for the configured order. */
  readonly trunk: string;
  /** Auth id of the subaccount whose sessions alone may use it; "" when it belongs to none. */
  readonly subaccount: string;
  /** Milliseconds since the epoch. */
  readonly addedAt: number;
}
