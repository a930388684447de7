import { z } from 'zod';

import { digitsOf, kindOf } from '../../masking/phone-number.js';
import type { VirtualNumber } from '../../masking/virtual-number.js';

const REGIONS = new Intl.DisplayNames(['en'], { type: 'region' });

/** A virtual number as clients see it: a rented number of Plivo's, and `enabled` and `trunk`. */
export const NUMBER_OBJECT = z
  .object({
    active: z.boolean().describe('The same as `enabled`.'),
    added_on: z.iso.date().describe('UTC.'),
    alias: z.string().nullable(),
    application: z.null(),
    carrier: z.string().nullable().describe('The trunk, or null.'),
    city: z.null(),
    cnam_lookup: z.null(),
    country: z.string().nullable().describe('ISO 3166-1 alpha-2.'),
    mms_enabled: z.literal(false),
    mms_rate: z.null(),
    monthly_rental_rate: z.string(),
    number: z.string().describe('Digits, without `+`.'),
    number_type: z.enum(['local', 'mobile', 'tollfree', 'national']).nullable(),
    region: z.string().nullable().describe('The country in English.'),
    renewal_date: z.null(),
    resource_uri: z.string(),
    sms_enabled: z.literal(false),
    sms_rate: z.null(),
    sub_account: z.string().nullable().describe('Id of the subaccount whose sessions alone use it, or null.'),
    voice_enabled: z.literal(true),
    voice_rate: z.null(),
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
    alias: orNull(number.alias),
    application: null,
    carrier: orNull(number.trunk),
    city: null,
    cnam_lookup: null,
    country: orNull(number.country),
    mms_enabled: false,
    mms_rate: null,
    monthly_rental_rate: '0.00000',
    number: digits,
    number_type: orNull(kindOf(number.number)),
    region: number.country === '' ? null : (REGIONS.of(number.country) ?? null),
    renewal_date: null,
    resource_uri: `${accountPath}/Number/${digits}/`,
    sms_enabled: false,
    sms_rate: null,
    sub_account: orNull(number.subaccount),
    voice_enabled: true,
    voice_rate: null,
    enabled: number.enabled,
    trunk: number.trunk,
  };
}

function orNull<T extends string>(text: T): Exclude<T, ''> | null {
  return text === '' ? null : (text as Exclude<T, ''>);
}
