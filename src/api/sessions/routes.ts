import type { FastifyInstance } from 'fastify';

import type { MaskingSession } from '../../masking/session.js';
import type { ApiDeps } from '../deps.js';
import { ApiError, invalid, notFound } from '../errors.js';
import { accountOf, sees } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { CreateParams } from './create-params.js';
import { createOperation, GET_OPERATION } from './operations.js';
import { sessionObject } from './session-object.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `Masking/Session/` of one account. */
export function sessionRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const params = new CreateParams(deps);

  resource(scope, '/Masking/Session', {
    POST: {
      operation: createOperation(params.documented),
      handler: async (request, reply) => {
        const account = accountOf(request);
        const now = deps.clock.now();
        const draft = params.draft(request.body, account.id, now);
        for (const party of ['first', 'second'] as const) {
          const number = party === 'first' ? draft.firstParty : draft.secondParty;
          // A call to it would come back to us, through the trunk.
          if (number !== null && (await deps.numbers.get(number)) !== null) {
            throw new ApiError(400, invalid(`${party}_party`, 'is a virtual number of this account'));
          }
        }
        const session = await deps.sessions.create(draft);
        // From here on the session exists: a 5xx would make clients create a second one.
        announce(session);
        return reply.code(201).send({
          api_id: request.id,
          session_uuid: session.id,
          virtual_number: session.virtualNumber,
          message: 'Session created',
          session: sessionObject(session, [], now, account.url),
        });
      },
    },
  });

  resource(scope, '/Masking/Session/:sessionId', {
    GET: {
      operation: GET_OPERATION,
      handler: async (request) => {
        const account = accountOf(request);
        const { sessionId } = request.params as { sessionId: string };
        if (!UUID.test(sessionId)) throw notFound();
        const now = deps.clock.now();
        const found = await deps.sessions.get(sessionId.toLowerCase(), now);
        if (found === null || !sees(account, found.session.accountId)) throw notFound();
        return {
          api_id: request.id,
          response: sessionObject(found.session, found.interactions, now, account.url),
        };
      },
    },
  });

  /** After the answer is on its way, and whatever happens there: only logged. */
  function announce(session: MaskingSession): void {
    setImmediate(() => {
      Promise.resolve()
        .then(() => deps.onSessionCreated(session))
        .catch((error: unknown) => {
          deps.logger.error({ err: error, session: session.id }, 'what follows a new session failed');
        });
    });
  }
}
