import { z } from 'zod';

import { outcomeOf, type AuditEntry } from '../../masking/audit.js';

export const AUDIT_OBJECT = z
  .object({
    api_id: z.string().describe('Of the request.'),
    request_id: z.string().describe('The client\'s own id of it, `X-Request-Id`; "" for none.'),
    time: z.string().describe('When it was about to be made; UTC, with milliseconds.'),
    auth_id: z.string().describe('Whose credentials were given; `controller` for the controller itself.'),
    account: z.string().describe('The account that it was done for.'),
    peer: z.string().describe('Address of the client.'),
    action: z.string().describe('An `operationId` of this document.'),
    target: z.string().describe('Id of what was changed, a virtual number, or "".'),
    fields: z.array(z.string()).describe('Names of the parameters that were given; never their values.'),
    outcome: z
      .enum(['done', 'failed', 'unknown'])
      .describe('`unknown`: the controller ended before it could tell. `failed`: it may have taken place.'),
    status: z.int().nullable().describe('Of the answer.'),
  })
  .meta({ id: 'AuditEntry' });

export type AuditObject = z.infer<typeof AUDIT_OBJECT>;

export function auditObject(entry: AuditEntry): AuditObject {
  return {
    api_id: entry.id,
    request_id: entry.requestId,
    time: `${new Date(entry.at).toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC`,
    auth_id: entry.who,
    account: entry.account,
    peer: entry.peer,
    action: entry.action,
    target: entry.target,
    fields: [...entry.fields],
    outcome: outcomeOf(entry),
    status: entry.status,
  };
}
