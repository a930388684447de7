import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID, META } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { NUMBER_OBJECT, type NumberObject } from './number-object.js';
import { ADD_SCHEMA, PAGE_SCHEMA } from './number-params.js';

const EXAMPLE: NumberObject = {
  active: true,
  added_on: '2026-11-23',
  alias: 'main line',
  application: null,
  carrier: null,
  country: 'US',
  monthly_rental_rate: '0.00000',
  number: '14155550100',
  resource_uri: '/v1/Account/MAXXXXXXXXXXXXXXXXXX/Number/14155550100/',
  sms_enabled: false,
  sub_account: null,
  voice_enabled: true,
  enabled: true,
  trunk: '',
};

export const ADD_OPERATION: Operation = {
  id: 'addNumbers',
  tag: 'numbers',
  summary: 'Add virtual numbers',
  description: 'When one of the numbers is not valid, none is added.',
  body: z
    .object({
      numbers: z
        .union([z.string(), z.array(z.string())])
        .describe('At most 100, in a list or with commas between. `number` is understood, too.'),
      ...ADD_SCHEMA.omit({ subaccount: true }).shape,
    })
    .meta({ id: 'AddNumbers' }),
  bodyExample: { numbers: '+14155550100,+14155550101', alias: 'main line' },
  answers: {
    201: {
      description: '`Exists` stands for a number that was there before, and is left as it was.',
      schema: z.object({
        api_id: API_ID,
        message: z.literal('created'),
        numbers: z.array(z.object({ number: z.string(), status: z.enum(['Success', 'Exists']) })),
      }),
      example: {
        api_id: EXAMPLE_API_ID,
        message: 'created',
        numbers: [{ number: '14155550100', status: 'Success' }],
      },
    },
  },
};

export const LIST_OPERATION: Operation = {
  id: 'listNumbers',
  tag: 'numbers',
  summary: 'List virtual numbers',
  query: PAGE_SCHEMA,
  answers: {
    200: {
      description: 'Newest first.',
      schema: z.object({ api_id: API_ID, meta: META, objects: z.array(NUMBER_OBJECT) }),
      example: {
        api_id: EXAMPLE_API_ID,
        meta: { limit: 20, next: null, offset: 0, previous: null, total_count: 1 },
        objects: [EXAMPLE],
      },
    },
  },
};

export const GET_OPERATION: Operation = {
  id: 'getNumber',
  tag: 'numbers',
  summary: 'Get a virtual number',
  answers: {
    200: {
      description: 'The number.',
      schema: z.object({ api_id: API_ID, ...NUMBER_OBJECT.shape }),
      example: { api_id: EXAMPLE_API_ID, ...EXAMPLE },
    },
  },
};

export const REMOVE_OPERATION: Operation = {
  id: 'removeNumber',
  tag: 'numbers',
  summary: 'Give a virtual number up',
  refusals: [400],
  answers: { 204: { description: 'It is gone.' } },
};
