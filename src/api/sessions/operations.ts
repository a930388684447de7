import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { SESSION_OBJECT, type SessionObject } from './session-schema.js';

const EXAMPLE: SessionObject = {
  first_party: '14155550101',
  second_party: '14155550102',
  virtual_number: '15550001000',
  status: 'active',
  initiate_call_to_first_party: false,
  session_uuid: '3f0d8e0e-6f5c-4a53-9b0c-2f6f8f2b6a11',
  callback_url: 'https://example.com/events',
  callback_method: 'POST',
  created_time: '2026-11-23 01:02:03 +0000 UTC',
  modified_time: '2026-11-23 01:02:03 +0000 UTC',
  expiry_time: '2026-11-23 01:32:03 +0000 UTC',
  duration: 1800,
  amount: 0,
  call_time_limit: 14400,
  ring_timeout: 45,
  first_party_play_url: '',
  second_party_play_url: '',
  record: false,
  record_file_format: 'mp3',
  recording_callback_url: '',
  recording_callback_method: 'POST',
  interaction: null,
  total_call_amount: 0,
  total_call_count: 0,
  total_call_billed_duration: 0,
  total_session_amount: 0,
  last_interaction_time: '',
  unknown_caller_play: '',
  is_pin_authentication_required: true,
  generate_pin: false,
  generate_pin_length: 4,
  first_party_pin: '1234',
  second_party_pin: '4321',
  pin_prompt_play: 'https://example.com/prompt.mp3',
  pin_retry: 1,
  pin_retry_wait: 5,
  incorrect_pin_play: '',
  create_session_with_single_party: null,
  virtual_number_cooloff_period: 0,
  force_pin_authentication: false,
};

export const createOperation = (body: z.ZodObject): Operation => ({
  id: 'createSession',
  tag: 'sessions',
  summary: 'Create a session',
  description: 'Once the session exists, the answer is never a 5xx.',
  body,
  bodyExample: {
    first_party: '+14155550101',
    second_party: '+14155550102',
    callback_url: 'https://example.com/events',
    is_pin_authentication_required: true,
    first_party_pin: '1234',
    second_party_pin: '4321',
    pin_prompt_play: 'https://example.com/prompt.mp3',
  },
  answers: {
    201: {
      description: 'The session. `virtual_number` has a `+` here, and none inside `session`.',
      schema: z.object({
        api_id: API_ID,
        session_uuid: z.uuid(),
        virtual_number: z.string(),
        message: z.literal('Session created'),
        session: SESSION_OBJECT,
      }),
      example: {
        api_id: EXAMPLE_API_ID,
        session_uuid: EXAMPLE.session_uuid,
        virtual_number: '+15550001000',
        message: 'Session created',
        session: EXAMPLE,
      },
    },
  },
});

export const GET_OPERATION: Operation = {
  id: 'getSession',
  tag: 'sessions',
  summary: 'Get a session',
  answers: {
    200: {
      description: 'The session, with its newest interactions.',
      schema: z.object({ api_id: API_ID, response: SESSION_OBJECT }),
      example: { api_id: EXAMPLE_API_ID, response: EXAMPLE },
    },
  },
};
