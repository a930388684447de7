import { z } from 'zod';

import { SESSION_NOTICE_KINDS } from '../../masking/session-note.js';
import { API_ID, EXAMPLE_API_ID } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';

const EVENT_OBJECT = z.object({
  event: z.enum(SESSION_NOTICE_KINDS),
  parameter: z.string(),
  code: z.string(),
  message: z.string(),
  first_time: z.string(),
  last_time: z.string(),
  count: z.int(),
});

export type EventObject = z.infer<typeof EVENT_OBJECT>;

export const LIST_OPERATION: Operation = {
  id: 'listSessionEvents',
  tag: 'sessions',
  summary: 'What went wrong with a session',
  description:
    'Problems that failed no request, the newest first, at most 50. `prompt-unavailable`: the audio at the URL in ' +
    '`parameter` could not be had, and callers hear the built-in prompt, or nothing for a play URL. `call-refused`: a ' +
    'call was not connected, because the party in `parameter` may not be called, or because the limit of that name is reached.',
  answers: {
    200: {
      description: 'The events.',
      schema: z.object({ api_id: API_ID, objects: z.array(EVENT_OBJECT) }),
      example: {
        api_id: EXAMPLE_API_ID,
        objects: [
          {
            event: 'prompt-unavailable',
            parameter: 'pin_prompt_play',
            code: 'ERR_PROMPT_FETCH',
            message: 'the prompt was answered with status 404',
            first_time: '2026-11-23 01:02:03 +0000 UTC',
            last_time: '2026-11-23 01:02:03 +0000 UTC',
            count: 1,
          },
        ],
      },
    },
  },
};
