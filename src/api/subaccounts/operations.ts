import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID, messageAnswer, META } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import {
  CREATE_SCHEMA,
  PAGE_SCHEMA,
  SUBACCOUNT_OBJECT,
  UPDATE_SCHEMA,
  type SubaccountObject,
} from './subaccount-object.js';

const EXAMPLE: SubaccountObject = {
  account: '/v1/Account/MAXXXXXXXXXXXXXXXXXX/',
  auth_id: 'SAXXXXXXXXXXXXXXXXXX',
  auth_token: null,
  created: '2026-11-23',
  enabled: true,
  modified: null,
  name: 'Deliveries',
  resource_uri: '/v1/Account/MAXXXXXXXXXXXXXXXXXX/Subaccount/SAXXXXXXXXXXXXXXXXXX/',
};

/** What all of them share: they are the main account's. */
const common = { tag: 'subaccounts', refusals: [403] } as const;

export const CREATE_OPERATION: Operation = {
  ...common,
  id: 'createSubaccount',
  summary: 'Create a subaccount',
  body: CREATE_SCHEMA,
  bodyExample: { name: 'Deliveries', enabled: true },
  answers: {
    201: {
      description: 'Keep the token: it is never shown again.',
      schema: z.object({
        api_id: API_ID,
        auth_id: z.string(),
        auth_token: z.string(),
        message: z.literal('created'),
      }),
      example: {
        api_id: EXAMPLE_API_ID,
        auth_id: 'SAXXXXXXXXXXXXXXXXXX',
        auth_token: '…',
        message: 'created',
      },
    },
  },
};

export const LIST_OPERATION: Operation = {
  ...common,
  id: 'listSubaccounts',
  summary: 'List subaccounts',
  query: PAGE_SCHEMA,
  answers: {
    200: {
      description: 'A page.',
      schema: z.object({ api_id: API_ID, meta: META, objects: z.array(SUBACCOUNT_OBJECT) }),
      example: {
        api_id: EXAMPLE_API_ID,
        meta: { limit: 20, next: null, offset: 0, previous: null, total_count: 1 },
        objects: [EXAMPLE],
      },
    },
  },
};

export const GET_OPERATION: Operation = {
  ...common,
  id: 'getSubaccount',
  summary: 'Get a subaccount',
  answers: {
    200: {
      description: 'The subaccount.',
      schema: z.object({ api_id: API_ID, ...SUBACCOUNT_OBJECT.shape }),
      example: { api_id: EXAMPLE_API_ID, ...EXAMPLE },
    },
  },
};

export const UPDATE_OPERATION: Operation = {
  ...common,
  id: 'updateSubaccount',
  summary: 'Rename, enable or disable a subaccount',
  body: UPDATE_SCHEMA,
  bodyExample: { enabled: false },
  answers: {
    202: {
      description: 'It is as asked.',
      schema: messageAnswer('changed'),
      example: { api_id: EXAMPLE_API_ID, message: 'changed' },
    },
  },
};

export const DELETE_OPERATION: Operation = {
  ...common,
  id: 'deleteSubaccount',
  summary: 'Remove a subaccount',
  description: 'Refused while it has numbers or live sessions.',
  refusals: [400, 403],
  answers: { 204: { description: 'It is gone.' } },
};
