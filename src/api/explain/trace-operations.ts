import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID, META } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { CALL_TRACE, TRACE_SUMMARY } from './trace-object.js';

const UUID = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';

const SUMMARY: z.infer<typeof TRACE_SUMMARY> = {
  call_uuid: UUID,
  virtual_number: '14155550100',
  node: 'node-1',
  direction: 'inbound',
  from_number: '+14155550101',
  session_uuid: null,
  caller: null,
  started_at: '2026-11-23T01:02:00.000Z',
  ended_at: '2026-11-23T01:02:21.310Z',
  stage: 'ended',
  outcome: 'announced',
  reason: 'wrong-pin',
  explanation: 'The PIN is wrong and no attempt is left: the caller heard an announcement that says so.',
  post_dial_delay_ms: null,
  talk_ms: null,
  pin_attempts: 1,
  ended_by: 'system',
};

export const listTracesOperation = (query: z.ZodObject): Operation => ({
  id: 'listExplainedCalls',
  tag: 'calls',
  summary: 'What happened to past calls, and why',
  description:
    'Calls that came in or that we began, also those that led nowhere, newest first: of the last 7 days, or of 30 days ' +
    'from or until a single `start_time`. Kept for `TRACE_RETENTION_HOURS`. A call that hung up before it was filed under ' +
    'its outcome is found without that filter. `status=live` asks for those that are not over.',
  query,
  answers: {
    200: {
      description: 'A page.',
      schema: z.object({ api_id: API_ID, meta: META, objects: z.array(TRACE_SUMMARY) }),
      example: {
        api_id: EXAMPLE_API_ID,
        meta: { limit: 20, next: null, offset: 0, previous: null, total_count: 1 },
        objects: [SUMMARY],
      },
    },
  },
});

export const TRACE_OPERATION: Operation = {
  id: 'explainPastCall',
  tag: 'calls',
  summary: 'What happened to a call, step by step, and why',
  description:
    'By the UUID of its A leg. It holds no digits that were keyed. The newest steps take a moment to appear.',
  answers: {
    200: {
      description: 'The call.',
      schema: z.object({ api_id: API_ID, response: CALL_TRACE }),
      example: {
        api_id: EXAMPLE_API_ID,
        response: {
          ...SUMMARY,
          rules: [{ rule: 'pin', decided: true, explanation: 'A live session on the number asks for PINs.' }],
          steps: [
            { at: '2026-11-23T01:02:00.000Z', step: 'received', leg: null, text: 'A call comes in.' },
            {
              at: '2026-11-23T01:02:00.001Z',
              step: 'decided',
              leg: null,
              text: 'A live session on the number asks for PINs.',
              rule: 'pin',
            },
          ],
        },
      },
    },
  },
};

export const FEED_OPERATION: Operation = {
  id: 'followCalls',
  tag: 'calls',
  summary: 'Follow what happens to calls',
  description:
    'Server-sent events. `step`: a step of a call, as in its trace, with `call_uuid`, `virtual_number`, `session_uuid` and ' +
    '`node`; no number of a person is in it. With `Last-Event-ID` it goes on after that event; `reset` says that what came ' +
    'since is not kept any more. A comment every 15 seconds keeps the connection. 503 when too many are followed already.',
  refusals: [403, 503],
  answers: { 200: { description: 'Events without end.', media: ['text/event-stream'] } },
};
