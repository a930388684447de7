import { z } from 'zod';

import { digitsOf } from '../../masking/phone-number.js';
import type { VirtualNumber } from '../../masking/virtual-number.js';

/** A virtual number as clients see it: a rented number of Plivo's, and `enabled` and `trunk`. */
export const NUMBER_OBJECT = z
  .object({
    active: z.boolean().describe('The same as `enabled`.'),
    added_on: z.iso.date().describe('UTC.'),
    alias: z.string().nullable(),
    application: z.null(),
    carrier: z.string().nullable().describe('The trunk, or null.'),
    country: z.string().nullable().describe('ISO 3166-1 alpha-2.'),
    monthly_rental_rate: z.string(),
    number: z.string().describe('Digits, without `+`.'),
    resource_uri: z.string(),
    sms_enabled: z.literal(false),
    sub_account: z.string().nullable().describe('Id of the subaccount that has the number; null for none.'),
    voice_enabled: z.literal(true),
    enabled: z.boolean().describe('A disabled number takes neither calls nor sessions.'),
    trunk: z.string().describe('Tried first for calls of this number; "" for the configured order.'),
  })
  .meta({ id: 'Number' });

export type NumberObject = Readonly<z.infer<typeof NUMBER_OBJECT>>;

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
