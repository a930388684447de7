import type { FastifyInstance } from 'fastify';

import type { ApiDeps } from '../deps.js';
import { notFound } from '../errors.js';
import { accountOf, sees } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { timestamp } from '../sessions/timestamp.js';
import { LIST_OPERATION, type EventObject } from './operations.js';
import { UUID } from '../params/uuid.js';

/** `Masking/Session/{uuid}/Event/`: what went wrong with a session without failing a request. */
export function eventRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  resource(scope, '/Masking/Session/:sessionId/Event', {
    GET: {
      operation: LIST_OPERATION,
      handler: async (request) => {
        const account = accountOf(request);
        const { sessionId } = request.params as { sessionId: string };
        if (!UUID.test(sessionId)) throw notFound();
        const found = await deps.sessions.get(sessionId.toLowerCase(), deps.clock.now());
        if (found === null || !sees(account, found.session.accountId)) throw notFound();
        const notes = await deps.notes.of(found.session);
        const objects: EventObject[] = notes.toReversed().map((note) => ({
          event: note.event,
          parameter: note.parameter,
          code: note.code,
          message: note.message,
          first_time: timestamp(note.first),
          last_time: timestamp(note.last),
          count: note.count,
        }));
        return { api_id: request.id, objects };
      },
    },
  });
}
