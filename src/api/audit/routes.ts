import type { FastifyInstance } from 'fastify';

import type { ApiDeps } from '../deps.js';
import { pageMeta } from '../openapi/common.js';
import { requireMain } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { auditObject } from './audit-object.js';
import { auditList } from './audit-params.js';
import { LIST_OPERATION } from './operations.js';

/** `Audit/`, for the main account only. Nobody changes it: there is nothing but the list. */
export function auditRoutes(scope: FastifyInstance, { audit, clock }: ApiDeps): void {
  resource(scope, '/Audit', {
    GET: {
      operation: LIST_OPERATION,
      handler: async (request) => {
        const { path } = requireMain(request);
        const { query, page } = auditList(request.query, clock.now());
        const { entries, total } = await audit.list(query);
        return {
          api_id: request.id,
          meta: pageMeta(query, total, (offset) => `${path}/Audit/?${page(offset)}`),
          objects: entries.map(auditObject),
        };
      },
    },
  });
}
