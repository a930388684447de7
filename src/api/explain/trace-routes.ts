import type { FastifyInstance } from 'fastify';

import type { ApiDeps } from '../deps.js';
import { notFound } from '../errors.js';
import { pageMeta } from '../openapi/common.js';
import { UUID } from '../params/uuid.js';
import { accountIdsFor, accountOf, sees } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { traceObject, traceSummary } from './trace-object.js';
import { listTracesOperation, TRACE_OPERATION } from './trace-operations.js';
import { TraceListParams } from './trace-params.js';

/** `Masking/Explain/Call/`: why past calls, and those that are up, went the way they did. */
export function traceRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const listParams = new TraceListParams(deps);

  resource(scope, '/Masking/Explain/Call', {
    GET: {
      operation: listTracesOperation(listParams.schema),
      handler: async (request) => {
        const account = accountOf(request);
        const { query, subaccount, page } = listParams.read(request.query, deps.clock.now());
        const accountIds = accountIdsFor(account, subaccount);
        const { traces, total } = await deps.traces.list({ ...query, accountIds });
        const path = `${account.path}/Masking/Explain/Call/`;
        return {
          api_id: request.id,
          meta: pageMeta(query, total, (offset) => `${path}?${page(offset)}`),
          // A number may have changed hands since a call was filed under its owner of then.
          objects: traces.filter(({ call }) => sees(account, call.accountId)).map(traceSummary),
        };
      },
    },
  });

  resource(scope, '/Masking/Explain/Call/:callUuid', {
    GET: {
      operation: TRACE_OPERATION,
      handler: async (request) => {
        const account = accountOf(request);
        const { callUuid } = request.params as { callUuid: string };
        const trace = UUID.test(callUuid) ? await deps.traces.read(callUuid.toLowerCase()) : null;
        if (trace === null || !sees(account, trace.call.accountId)) throw notFound();
        return { api_id: request.id, response: traceObject(trace) };
      },
    },
  });
}
