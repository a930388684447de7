import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { ApiDeps } from '../deps.js';
import { notFound } from '../errors.js';
import { pageMeta } from '../openapi/common.js';
import { accountIdsFor, accountOf, sees } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { callObject, liveCallObject } from './call-object.js';
import { CallListParams } from './call-params.js';
import { GET_OPERATION, HANG_UP_OPERATION, listOperation } from './operations.js';
import { UUID } from '../params/uuid.js';

/** `Call/` of one account: the legs of its interactions. */
export function callRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const listParams = new CallListParams(deps);

  resource(scope, '/Call', {
    GET: {
      operation: listOperation(listParams.schema),
      handler: async (request) => {
        const account = accountOf(request);
        const now = deps.clock.now();
        const { live, query, subaccount, page } = listParams.read(request.query, now);
        const accountIds = accountIdsFor(account, subaccount);
        if (live) {
          const calls = await deps.calls.live({ ...query, accountIds }, now);
          return { api_id: request.id, calls };
        }
        const none = { calls: [], total: 0 };
        const { calls, total } =
          accountIds?.length === 0 ? none : await deps.calls.list({ ...query, accountIds }, now);
        const path = `${account.path}/Call/`;
        return {
          api_id: request.id,
          meta: pageMeta(query, total, (offset) => `${path}?${page(offset)}`),
          objects: calls.map((call) => callObject(call, deps.tariff, account.path)),
        };
      },
    },
  });

  resource(scope, '/Call/:callUuid', {
    GET: {
      operation: GET_OPERATION,
      handler: async (request) => {
        const account = accountOf(request);
        const uuid = uuidIn(request);
        const now = deps.clock.now();
        if ((request.query as { status?: unknown }).status === 'live') {
          const call = await deps.calls.findLive(uuid, now);
          if (call === null || !sees(account, call.accountId)) throw notFound();
          return { api_id: request.id, ...liveCallObject(call) };
        }
        const call = await deps.calls.find(uuid, now);
        if (call === null || !sees(account, call.accountId)) throw notFound();
        return { api_id: request.id, ...callObject(call, deps.tariff, account.path) };
      },
    },
    DELETE: {
      operation: HANG_UP_OPERATION,
      handler: async (request, reply) => {
        const account = accountOf(request);
        const uuid = uuidIn(request);
        const call = await deps.calls.findLive(uuid, deps.clock.now());
        if (call === null || !sees(account, call.accountId)) throw notFound();
        const { id, sessionId, node } = call.interaction;
        request.log.info({ call: id, session: sessionId, leg: uuid }, 'a leg is to be hung up by request');
        if (!(await deps.calls.hangUp({ uuid, call: id, node }))) throw notFound();
        return reply.code(204).send();
      },
    },
  });
}

/** The UUID in the path. Throws ApiError 404 for what is none. */
function uuidIn(request: FastifyRequest): string {
  const { callUuid } = request.params as { callUuid: string };
  if (!UUID.test(callUuid)) throw notFound();
  return callUuid.toLowerCase();
}
