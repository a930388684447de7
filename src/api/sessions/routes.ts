import type { FastifyInstance, FastifyRequest } from 'fastify';

import { DESTINATION_TEXTS } from '../../masking/destinations.js';
import type { E164 } from '../../masking/phone-number.js';
import type { MaskingSession } from '../../masking/session.js';
import type { ApiDeps, SessionWithInteractions } from '../deps.js';
import { ApiError, invalid, notFound, TEXT } from '../errors.js';
import { pageMeta } from '../openapi/common.js';
import { accountOf, sees, type RequestAccount } from '../plugins/account.js';
import { auditTarget, enterAudit } from '../plugins/audit.js';
import { resource } from '../plugins/resource.js';
import { CreateParams } from './create-params.js';
import { ListParams } from './list-params.js';
import {
  createOperation,
  DELETE_OPERATION,
  GET_OPERATION,
  listOperation,
  updateOperation,
} from './operations.js';
import { sessionObject } from './session-object.js';
import { UpdateParams } from './update-params.js';
import { UUID } from '../params/uuid.js';

/** `Masking/Session/` of one account. */
export function sessionRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const createParams = new CreateParams(deps);
  const listParams = new ListParams(deps);
  const updateParams = new UpdateParams(deps);

  resource(scope, '/Masking/Session', {
    POST: {
      operation: createOperation(createParams.documented),
      handler: async (request, reply) => {
        const account = accountOf(request);
        const now = deps.clock.now();
        const draft = createParams.draft(request.body, account.id, now);
        await requireOwner(account, draft.accountId);
        const session = await deps.sessions.create(draft, {
          permit: async () => {
            await refuseVirtualNumbers(draft);
            await refuseDestinations(draft);
          },
          alongside: () => enterAudit(request),
        });
        auditTarget(request, session.id);
        // From here on the session exists: a 5xx would make clients create a second one.
        afterwards('what follows a new session failed', session, () => deps.onSessionCreated(session));
        return reply.code(201).send({
          api_id: request.id,
          session_uuid: session.id,
          virtual_number: session.virtualNumber,
          message: 'Session created',
          session: sessionObject(session, [], now, account.url),
        });
      },
    },
    GET: {
      operation: listOperation(listParams.schema),
      handler: async (request) => {
        const account = accountOf(request);
        const now = deps.clock.now();
        const { query, subaccount, page } = listParams.read(request.query, now);
        const accountIds = subaccount === '' ? account.sees : sees(account, subaccount) ? [subaccount] : [];
        const { sessions, total } = await deps.sessions.list({ ...query, accountIds }, now);
        const newest = query.offset === 0 ? sessions[0]?.session.createdAt : undefined;
        const path = `${account.path}/Masking/Session/`;
        return {
          api_id: request.id,
          response: {
            meta: pageMeta(query, total, (offset) => `${path}?${page(offset, newest ?? now)}`),
            objects: sessions.map(({ session, interactions }) => ({
              ...sessionObject(session, interactions, now, account.url),
              resource_uri: `${path}${session.id}/`,
            })),
          },
        };
      },
    },
  });

  resource(scope, '/Masking/Session/:sessionId', {
    GET: {
      operation: GET_OPERATION,
      handler: async (request) => {
        const account = accountOf(request);
        const now = deps.clock.now();
        const { session, interactions } = await found(request, account, now);
        return { api_id: request.id, response: sessionObject(session, interactions, now, account.url) };
      },
    },
    POST: {
      operation: updateOperation(updateParams.schema),
      handler: async (request) => {
        const account = accountOf(request);
        const now = deps.clock.now();
        const { session: before } = await found(request, account, now);
        const change = updateParams.change(request.body, before);
        await refuseVirtualNumbers(change);
        await refuseDestinations(change);
        const { session, interactions } = await deps.sessions.update(before.id, change, now);
        afterwards('what follows an updated session failed', session, () => deps.onSessionUpdated(session));
        return {
          api_id: request.id,
          message: 'Session updated',
          session: sessionObject(session, interactions, now, account.url),
        };
      },
    },
    DELETE: {
      operation: DELETE_OPERATION,
      handler: async (request) => {
        const now = deps.clock.now();
        const { session } = await found(request, accountOf(request), now);
        await deps.sessions.end(session.id, now);
        return { api_id: request.id, message: 'Session expired' };
      },
    },
  });

  /** The session in the path. Throws ApiError 404 when the account does not see it. */
  async function found(
    request: FastifyRequest,
    account: RequestAccount,
    now: number,
  ): Promise<SessionWithInteractions> {
    const { sessionId: id } = request.params as { sessionId: string };
    const session = UUID.test(id) ? await deps.sessions.get(id.toLowerCase(), now) : null;
    if (session === null || !sees(account, session.session.accountId)) throw notFound();
    return session;
  }

  /** The owner of a new session: the account itself, or a subaccount of it. Throws ApiError 400. */
  async function requireOwner(account: RequestAccount, ownerId: string): Promise<void> {
    if (ownerId === account.id) return;
    if (sees(account, ownerId) && (await deps.accounts.get(ownerId)) !== null) return;
    throw new ApiError(400, TEXT.unknownSubaccount);
  }

  /** A call to a virtual number would come back to us, through the trunk. Throws ApiError 400. */
  async function refuseVirtualNumbers(parties: {
    readonly firstParty?: E164 | null;
    readonly secondParty?: E164 | null;
  }): Promise<void> {
    const { firstParty, secondParty } = parties;
    const given = [firstParty, secondParty].filter((number) => number != null);
    if (given.length === 0) return;
    const ours = await deps.numbers.listed(given);
    if (ours.size === 0) return;
    const isFirst = firstParty != null && ours.has(firstParty);
    throw new ApiError(
      400,
      invalid(isFirst ? 'first_party' : 'second_party', 'is a virtual number of this account'),
    );
  }

  /** What may not be called is said now, not by a call that fails. Throws ApiError 400. */
  async function refuseDestinations(parties: {
    readonly firstParty?: E164 | null;
    readonly secondParty?: E164 | null;
  }): Promise<void> {
    for (const [name, number] of [
      ['first_party', parties.firstParty],
      ['second_party', parties.secondParty],
    ] as const) {
      const problem = number == null ? null : await deps.destinations.problemOf(number);
      if (problem === null) continue;
      throw new ApiError(400, invalid(name, `may not be called: ${DESTINATION_TEXTS[problem]}`));
    }
  }

  /** After the answer is on its way, and whatever happens there: only logged. */
  function afterwards(failure: string, session: MaskingSession, work: () => void | Promise<void>): void {
    setImmediate(() => {
      Promise.resolve()
        .then(work)
        .catch((error: unknown) => {
          deps.logger.error({ err: error, session: session.id }, failure);
        });
    });
  }
}
