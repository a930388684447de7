import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID, META } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { RECORDING_OBJECT, type RecordingObject } from './recording-object.js';

const ID = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';

const EXAMPLE: RecordingObject = {
  add_time: '2026-11-23 01:03:04.512000+00:00',
  call_uuid: ID,
  conference_name: null,
  from_number: '+14155550101',
  monthly_recording_storage_amount: '0.00000',
  recording_duration_ms: '57960.00000',
  recording_end_ms: '1795395783000.00000',
  recording_format: 'mp3',
  recording_id: ID,
  recording_start_ms: '1795395725040.00000',
  recording_storage_duration: 1,
  recording_storage_rate: '0.00000',
  recording_type: 'normal',
  recording_url: `https://masking.example.com/v1/Account/MAXXXXXXXXXXXXXXXXXX/Recording/${ID}.mp3?expires=1795482180&signature=…`,
  resource_uri: `/v1/Account/MAXXXXXXXXXXXXXXXXXX/Recording/${ID}/`,
  rounded_recording_duration: 60,
  to_number: '14155550100',
  session_uuid: '3b0d2c2e-9e7a-4e4e-8a63-0c3a6a4d8b11',
  state: 'completed',
  problem: '',
  bytes: 115_920,
};

export const listOperation = (query: z.ZodObject): Operation => ({
  id: 'listRecordings',
  tag: 'recordings',
  summary: 'List recordings',
  description: 'Newest first: of the last 7 days, or of 30 days from or until a single `add_time`.',
  query,
  answers: {
    200: {
      description: 'A page.',
      schema: z.object({ api_id: API_ID, meta: META, objects: z.array(RECORDING_OBJECT) }),
      example: {
        api_id: EXAMPLE_API_ID,
        meta: { limit: 20, next: null, offset: 0, previous: null, total_count: 1 },
        objects: [EXAMPLE],
      },
    },
  },
});

export const GET_OPERATION: Operation = {
  id: 'getRecording',
  tag: 'recordings',
  summary: 'Get a recording',
  answers: {
    200: {
      description: 'The recording.',
      schema: z.object({ api_id: API_ID, ...RECORDING_OBJECT.shape }),
      example: { api_id: EXAMPLE_API_ID, ...EXAMPLE },
    },
  },
};

export const DELETE_OPERATION: Operation = {
  id: 'deleteRecording',
  tag: 'recordings',
  summary: 'Delete a recording',
  description: 'Its record and its file.',
  answers: { 204: { description: 'It is gone.' } },
};
