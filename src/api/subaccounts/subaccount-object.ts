import { z } from 'zod';

import type { Account } from '../../masking/account.js';
import { mandatoryText, flag, integer, optionalFlag, optionalText } from '../params/fields.js';

/** A subaccount as clients see it: Plivo's shape, without the token, which is shown once. */
export const SUBACCOUNT_OBJECT = z
  .object({
    account: z.string().describe('The main account.'),
    auth_id: z.string(),
    auth_token: z.null().describe('Shown by the answer to its creation only.'),
    created: z.iso.date().describe('UTC.'),
    enabled: z.boolean().describe('The credentials of a disabled subaccount are refused.'),
    modified: z.null(),
    name: z.string(),
    resource_uri: z.string(),
  })
  .meta({ id: 'Subaccount' });

export type SubaccountObject = Readonly<z.infer<typeof SUBACCOUNT_OBJECT>>;

/** `mainPath` such as `/v1/Account/MA…`. */
export function subaccountObject(account: Account, mainPath: string): SubaccountObject {
  return {
    account: `${mainPath}/`,
    auth_id: account.id,
    auth_token: null,
    created: new Date(account.createdAt).toISOString().slice(0, 10),
    enabled: account.enabled,
    modified: null,
    name: account.name,
    resource_uri: `${mainPath}/Subaccount/${account.id}/`,
  };
}

/** Characters. */
const LONGEST_NAME = 100;

export const CREATE_SCHEMA = z
  .object({ name: mandatoryText('name', LONGEST_NAME), enabled: flag('enabled', false) })
  .meta({ id: 'CreateSubaccount' });

export const UPDATE_SCHEMA = z
  .object({ name: optionalText('name', LONGEST_NAME), enabled: optionalFlag('enabled') })
  .meta({ id: 'UpdateSubaccount' });

export const PAGE_SCHEMA = z.object({
  limit: integer('limit', { min: 1, max: 20, fallback: 20 }),
  offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }),
});
