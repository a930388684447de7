import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID, META } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { AUDIT_OBJECT, type AuditObject } from './audit-object.js';
import { AUDIT_LIST_SCHEMA } from './audit-params.js';

const EXAMPLE: AuditObject = {
  api_id: EXAMPLE_API_ID,
  request_id: 'order-4711',
  time: '2026-11-23 01:02:03.456 +0000 UTC',
  auth_id: 'MAXXXXXXXXXXXXXXXXXX',
  account: 'MAXXXXXXXXXXXXXXXXXX',
  peer: '192.0.2.7',
  action: 'createSession',
  target: '3f0d8e0e-6f5c-4a53-9b0c-2f6f8f2b6a11',
  fields: ['callback_url', 'first_party', 'second_party'],
  outcome: 'done',
  status: 201,
};

export const LIST_OPERATION: Operation = {
  id: 'listAudit',
  tag: 'audit',
  summary: 'List changes',
  description:
    'Who changed what and when, newest first: of the last 7 days, or of 30 days from or until a single `time`.',
  query: AUDIT_LIST_SCHEMA,
  refusals: [403],
  answers: {
    200: {
      description: 'A page.',
      schema: z.object({ api_id: API_ID, meta: META, objects: z.array(AUDIT_OBJECT) }),
      example: {
        api_id: EXAMPLE_API_ID,
        meta: { limit: 20, next: null, offset: 0, previous: null, total_count: 1 },
        objects: [EXAMPLE],
      },
    },
  },
};
