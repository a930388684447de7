import { digitsOf } from '../../masking/phone-number.js';
import type { VirtualNumber } from '../../masking/virtual-number.js';

/** A virtual number as clients see it: a rented number of Plivo's, and `enabled` and `trunk`. */
export interface NumberObject {
  readonly active: boolean;
  /** YYYY-MM-DD, UTC. */
  readonly added_on: string;
  readonly alias: string | null;
  readonly application: null;
  readonly carrier: string | null;
  readonly country: string | null;
  readonly monthly_rental_rate: string;
  readonly number: string;
  readonly resource_uri: string;
  readonly sms_enabled: boolean;
  readonly sub_account: null;
  readonly voice_enabled: boolean;
  readonly enabled: boolean;
  /** "" for the configured order of trunks. */
  readonly trunk: string;
}

/** `accountPath` such as `/v1/Account/MA…`. */
export function numberObject(number: VirtualNumber, accountPath: string): NumberObject {
  const digits = digitsOf(number.number);
  return {
    active: number.enabled,
    added_on: new Date(number.addedAt).toISOString().slice(0, 10),
    alias: number.alias === '' ? null : number.alias,
    application: null,
    carrier: number.trunk === '' ? null : number.trunk,
    country: number.country === '' ? null : number.country,
    monthly_rental_rate: '0.00000',
    number: digits,
    resource_uri: `${accountPath}/Number/${digits}/`,
    sms_enabled: false,
    sub_account: null,
    voice_enabled: true,
    enabled: number.enabled,
    trunk: number.trunk,
  };
}
