import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { MaskingSession } from '../../masking/session.js';
import type { ApiDeps, CallbackAddress } from '../deps.js';
import { notFound } from '../errors.js';
import { pageMeta } from '../openapi/common.js';
import { accountOf, sees } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { paramsOf, read } from '../params/read.js';
import { callbackObject } from './callback-object.js';
import { CALLBACK_PAGE, GET_OPERATION, LIST_OPERATION, RESEND_OPERATION } from './operations.js';
import { UUID } from '../params/uuid.js';

/** `Masking/Session/<id>/Callback/` of one account. */
export function callbackRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  resource(scope, '/Masking/Session/:sessionId/Callback', {
    GET: {
      operation: LIST_OPERATION,
      handler: async (request) => {
        const page = read(CALLBACK_PAGE, paramsOf(request.query));
        const { id, virtualNumber } = await sessionOf(request);
        const { callbacks, total, lost } = await deps.callbacks.list(virtualNumber, id, page);
        const path = pathOf(request, id);
        return {
          api_id: request.id,
          meta: pageMeta(page, total, (from) => `${path}Callback/?limit=${page.limit}&offset=${from}`),
          lost_count: lost,
          objects: callbacks.map((callback) => callbackObject(callback, id, path)),
        };
      },
    },
  });

  resource(scope, '/Masking/Session/:sessionId/Callback/:callbackId', {
    GET: {
      operation: GET_OPERATION,
      handler: async (request) => {
        const address = await addressOf(request);
        const callback = await deps.callbacks.read(address);
        if (callback === null) throw notFound();
        const { sessionId } = address;
        return {
          api_id: request.id,
          ...callbackObject(callback, sessionId, pathOf(request, sessionId)),
        };
      },
    },
    POST: {
      operation: RESEND_OPERATION,
      handler: async (request, reply) => {
        if (!(await deps.callbacks.resend(await addressOf(request)))) throw notFound();
        return reply.code(202).send({ api_id: request.id, message: 'callback queued' });
      },
    },
  });

  /** The session in the path, if the request's account sees it. Throws ApiError 404. */
  async function sessionOf(request: FastifyRequest): Promise<MaskingSession> {
    const { sessionId } = request.params as { sessionId: string };
    if (!UUID.test(sessionId)) throw notFound();
    const found = await deps.sessions.get(sessionId.toLowerCase(), deps.clock.now());
    if (found === null || !sees(accountOf(request), found.session.accountId)) throw notFound();
    return found.session;
  }

  async function addressOf(request: FastifyRequest): Promise<CallbackAddress> {
    const { callbackId } = request.params as { callbackId: string };
    if (!/^[1-9]\d{0,8}$/.test(callbackId)) throw notFound();
    const { id, virtualNumber } = await sessionOf(request);
    return { number: virtualNumber, sessionId: id, sequence: Number(callbackId) };
  }
}

function pathOf(request: FastifyRequest, sessionId: string): string {
  return `${accountOf(request).path}/Masking/Session/${sessionId}/`;
}
