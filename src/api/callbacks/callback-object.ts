import { z } from 'zod';

import { timestamp } from '../../masking/timestamp.js';
import type { LoggedCallback } from '../deps.js';
import { TIMESTAMP } from '../openapi/common.js';

export const CALLBACK_OBJECT = z
  .object({
    callback_id: z.string().describe('Its sequence number. Unique in its session.'),
    session_uuid: z.uuid(),
    event_name: z.string(),
    method: z.enum(['GET', 'POST']),
    url: z.string(),
    status: z.enum(['queued', 'delivered', 'failed']),
    created_time: TIMESTAMP,
    parameters: z.record(z.string(), z.string()).describe('What is sent, by name.'),
    attempts: z.array(
      z.object({
        time: TIMESTAMP,
        duration_ms: z.int(),
        status_code: z.int().nullable().describe('Of the answer; null when none came.'),
        error: z.string().describe('A code of docs/errors.md, "" when the receiver took it.'),
        answer: z.string().describe('The first 1024 bytes of the answer.'),
      }),
    ),
    resource_uri: z.string(),
  })
  .meta({ id: 'Callback' });

export type CallbackObject = z.infer<typeof CALLBACK_OBJECT>;

/** A callback as clients see it; the newest 20 attempts, oldest first. `path`: the session's resource. */
export function callbackObject(callback: LoggedCallback, sessionId: string, path: string): CallbackObject {
  const { sequence, record, state, attempts } = callback;
  const id = String(sequence);
  const parameters = Object.fromEntries(record.parameters);
  return {
    callback_id: id,
    session_uuid: sessionId,
    event_name: parameters['EventName'] ?? '',
    method: record.method,
    url: record.url,
    status: state,
    created_time: timestamp(record.createdAt),
    parameters,
    attempts: attempts.map(({ at, durationMs, status, error, answer }) => ({
      time: timestamp(at),
      duration_ms: durationMs,
      status_code: status,
      error,
      answer,
    })),
    resource_uri: `${path}Callback/${id}/`,
  };
}
