import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID, META } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { CALL_OBJECT, LIVE_CALL_OBJECT, type CallObject } from './call-object.js';

const UUID = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';

const EXAMPLE: CallObject = {
  answer_time: '2026-11-23 01:02:05+00:00',
  bill_duration: 58,
  billed_duration: 58,
  call_direction: 'inbound',
  call_duration: 58,
  call_state: 'ANSWER',
  call_uuid: UUID,
  conference_uuid: null,
  end_time: '2026-11-23 01:03:03+00:00',
  from_number: '+14155550101',
  hangup_cause_code: 4000,
  hangup_cause_name: 'Normal Hangup',
  hangup_source: 'Caller',
  initiation_time: '2026-11-23 01:02:00+00:00',
  parent_call_uuid: null,
  resource_uri: `/v1/Account/MAXXXXXXXXXXXXXXXXXX/Call/${UUID}/`,
  to_number: '14155550100',
  total_amount: '0',
  total_rate: '0',
  stir_verification: 'Not Applicable',
  session_uuid: '3b0d2c2e-9e7a-4e4e-8a63-0c3a6a4d8b11',
};

export const listOperation = (query: z.ZodObject): Operation => ({
  id: 'listCalls',
  tag: 'calls',
  summary: 'List calls',
  description:
    'Legs that have ended, newest first: of the last 7 days, or of 30 days from or until a single `end_time`. ' +
    'With `status=live` the UUIDs of those that are up.',
  query,
  answers: {
    200: {
      description: 'A page, or the UUIDs of live calls.',
      schema: z.union([
        z.object({ api_id: API_ID, meta: META, objects: z.array(CALL_OBJECT) }),
        z.object({ api_id: API_ID, calls: z.array(z.string()) }),
      ]),
      example: {
        api_id: EXAMPLE_API_ID,
        meta: { limit: 20, next: null, offset: 0, previous: null, total_count: 1 },
        objects: [EXAMPLE],
      },
    },
  },
});

export const GET_OPERATION: Operation = {
  id: 'getCall',
  tag: 'calls',
  summary: 'Get a call',
  description: 'One that has ended; with `status=live`, one that is up.',
  query: z.object({ status: z.literal('live').optional() }),
  answers: {
    200: {
      description: 'The call.',
      schema: z.union([
        z.object({ api_id: API_ID, ...CALL_OBJECT.shape }),
        z.object({ api_id: API_ID, ...LIVE_CALL_OBJECT.shape }),
      ]),
      example: { api_id: EXAMPLE_API_ID, ...EXAMPLE },
    },
  },
};

export const HANG_UP_OPERATION: Operation = {
  id: 'hangUpCall',
  tag: 'calls',
  summary: 'Hang a call up',
  description: 'Both legs end. 503 when the FreeSWITCH of the call cannot be reached within 3 seconds.',
  refusals: [503],
  answers: { 204: { description: 'It is hung up.' } },
};
