import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID, messageAnswer, META } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { ALIASES } from './rules.js';
import { LISTED_SESSION, SESSION_OBJECT, type SessionObject } from './session-schema.js';

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
  // A second wait for Redis' disk would double what a create costs.
  entersItself: true,
  aliases: ALIASES,
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

const ONE = z.object({ api_id: API_ID, response: SESSION_OBJECT });

export const GET_OPERATION: Operation = {
  id: 'getSession',
  tag: 'sessions',
  summary: 'Get a session',
  answers: {
    200: {
      description: 'The session, with its newest interactions.',
      schema: ONE,
      example: { api_id: EXAMPLE_API_ID, response: EXAMPLE },
    },
  },
};

export const listOperation = (query: z.ZodObject): Operation => ({
  id: 'listSessions',
  tag: 'sessions',
  summary: 'List sessions',
  description:
    'Without a bound on `created_time` those of the last 7 days; a window may span at most 30. The URLs of other pages fix ' +
    'both ends of the window.',
  query,
  answers: {
    200: {
      description: 'Newest first.',
      schema: z.object({
        api_id: API_ID,
        response: z.object({ meta: META, objects: z.array(LISTED_SESSION) }),
      }),
      example: {
        api_id: EXAMPLE_API_ID,
        response: {
          meta: { limit: 20, next: null, offset: 0, previous: null, total_count: 1 },
          objects: [
            {
              ...EXAMPLE,
              resource_uri: `/v1/Account/MAXXXXXXXXXXXXXXXXXX/Masking/Session/${EXAMPLE.session_uuid}/`,
            },
          ],
        },
      },
    },
  },
});

export const updateOperation = (body: z.ZodObject): Operation => ({
  id: 'updateSession',
  tag: 'sessions',
  summary: 'Change a live session',
  description: 'What is not given stays as it is. Parameters that cannot be changed are ignored.',
  body,
  aliases: ALIASES,
  bodyExample: { session_expiry: 3600, record: true },
  answers: {
    200: {
      description: 'The session as it is now. `expiry_time` is the time of the update and `session_expiry`.',
      schema: z.object({
        api_id: API_ID,
        message: z.literal('Session updated'),
        session: SESSION_OBJECT,
      }),
      example: { api_id: EXAMPLE_API_ID, message: 'Session updated', session: EXAMPLE },
    },
  },
});

export const DELETE_OPERATION: Operation = {
  id: 'deleteSession',
  tag: 'sessions',
  summary: 'End a session',
  description: 'It stays readable. A call that runs goes on to its own limit.',
  refusals: [400],
  answers: {
    200: {
      description: 'It is over.',
      schema: messageAnswer('Session expired'),
      example: { api_id: EXAMPLE_API_ID, message: 'Session expired' },
    },
  },
};
