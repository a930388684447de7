import { z } from 'zod';

import type { E164 } from '../../masking/phone-number.js';
import { API_ID, EXAMPLE_API_ID, messageAnswer, META } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { NUMBER_OBJECT, numberObject, type NumberObject } from './number-object.js';
import { PIN_GUARD_OBJECT, pinGuardObject } from './pin-guard-object.js';
import { ADD_SCHEMA, LIST_SCHEMA, UPDATE_SCHEMA } from './number-params.js';

const EXAMPLE: NumberObject = numberObject(
  {
    number: '+14155550100' as E164,
    country: 'US',
    alias: 'main line',
    enabled: true,
    trunk: '',
    subaccount: '',
    addedAt: Date.UTC(2026, 10, 23),
  },
  '/v1/Account/MAXXXXXXXXXXXXXXXXXX',
);

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
      ...ADD_SCHEMA.shape,
    })
    .meta({ id: 'AddNumbers' }),
  bodyExample: { numbers: '+14155550100,+14155550101', alias: 'main line' },
  refusals: [403],
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
  query: LIST_SCHEMA,
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
      schema: z.object({
        api_id: API_ID,
        ...NUMBER_OBJECT.shape,
        pin_guard: z
          .array(PIN_GUARD_OBJECT)
          .describe('For each length of its live PINs; of this answer only.'),
      }),
      example: {
        api_id: EXAMPLE_API_ID,
        ...EXAMPLE,
        pin_guard: [pinGuardObject({ length: 6, live: 100, left: 48, guardedUntil: null })],
      },
    },
  },
};

export const UPDATE_OPERATION: Operation = {
  id: 'updateNumber',
  tag: 'numbers',
  summary: 'Change a virtual number',
  description: 'What is not given stays as it is. Sessions that live on the number go on.',
  body: UPDATE_SCHEMA,
  bodyExample: { alias: 'reserve', enabled: false },
  refusals: [403],
  answers: {
    202: {
      description: 'It is as asked.',
      schema: messageAnswer('changed'),
      example: { api_id: EXAMPLE_API_ID, message: 'changed' },
    },
  },
};

export const REMOVE_OPERATION: Operation = {
  id: 'removeNumber',
  tag: 'numbers',
  summary: 'Give a virtual number up',
  refusals: [400, 403],
  answers: { 204: { description: 'It is gone.' } },
};
