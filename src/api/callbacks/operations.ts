import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID, messageAnswer, META } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { integer } from '../params/fields.js';
import { CALLBACK_OBJECT, type CallbackObject } from './callback-object.js';

export const CALLBACK_PAGE = z.object({
  limit: integer('limit', { min: 1, max: 20, fallback: 20 }),
  offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }),
});

const SESSION = '197697a4-b96d-4adb-a8b9-a2d29e7bf1a6';

const EXAMPLE: CallbackObject = {
  callback_id: '1',
  session_uuid: SESSION,
  event_name: 'SessionSecondPartyRing',
  method: 'POST',
  url: 'https://client.example.com/events',
  status: 'delivered',
  created_time: '2026-11-23 01:02:03 +0000 UTC',
  parameters: { EventName: 'SessionSecondPartyRing', SessionUUID: SESSION, SequenceNumber: '1' },
  attempts: [
    { time: '2026-11-23 01:02:03 +0000 UTC', duration_ms: 41, status_code: 200, error: '', answer: 'ok' },
  ],
  resource_uri: `/v1/Account/MAXXXXXXXXXXXXXXXXXX/Masking/Session/${SESSION}/Callback/1/`,
};

export const LIST_OPERATION: Operation = {
  id: 'listCallbacks',
  tag: 'callbacks',
  summary: 'List the callbacks of a session',
  description:
    'Those that wait, and the 500 of a session that were settled last, for as long as the session itself.',
  query: CALLBACK_PAGE,
  answers: {
    200: {
      description: 'Newest first.',
      schema: z.object({
        api_id: API_ID,
        meta: META,
        lost_count: z
          .int()
          .describe(
            'Events that found no place: their sequence numbers are missing. 0 unless a bound was met.',
          ),
        objects: z.array(CALLBACK_OBJECT),
      }),
      example: {
        api_id: EXAMPLE_API_ID,
        meta: { limit: 20, next: null, offset: 0, previous: null, total_count: 1 },
        lost_count: 0,
        objects: [EXAMPLE],
      },
    },
  },
};

export const GET_OPERATION: Operation = {
  id: 'getCallback',
  tag: 'callbacks',
  summary: 'Get a callback',
  answers: {
    200: {
      description: 'What was sent, and how the receiver answered.',
      schema: CALLBACK_OBJECT.extend({ api_id: API_ID }),
      example: { api_id: EXAMPLE_API_ID, ...EXAMPLE },
    },
  },
};

export const RESEND_OPERATION: Operation = {
  id: 'resendCallback',
  tag: 'callbacks',
  summary: 'Send a callback again',
  description:
    'The same parameters go to the same URL, newly signed, whatever came of it before. 503 when too many wait.',
  refusals: [503],
  answers: {
    202: {
      description: 'It is queued.',
      schema: messageAnswer('callback queued'),
      example: { api_id: EXAMPLE_API_ID, message: 'callback queued' },
    },
  },
};
