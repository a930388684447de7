import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { ApiDeps } from '../deps.js';
import { notFound } from '../errors.js';
import { pageMeta } from '../openapi/common.js';
import { paramsOf, read } from '../params/read.js';
import { isSubaccountId, requireMain } from '../plugins/account.js';
import { auditTarget } from '../plugins/audit.js';
import { resource } from '../plugins/resource.js';
import {
  CREATE_OPERATION,
  DELETE_OPERATION,
  GET_OPERATION,
  LIST_OPERATION,
  UPDATE_OPERATION,
} from './operations.js';
import { CREATE_SCHEMA, PAGE_SCHEMA, subaccountObject, UPDATE_SCHEMA } from './subaccount-object.js';

/** `Subaccount/`, for the main account only. */
export function subaccountRoutes(scope: FastifyInstance, { accounts, clock }: ApiDeps): void {
  resource(scope, '/Subaccount', {
    POST: {
      operation: CREATE_OPERATION,
      handler: async (request, reply) => {
        requireMain(request);
        const { name, enabled } = read(CREATE_SCHEMA, paramsOf(request.body));
        const { account, token } = await accounts.create(name, enabled, clock.now());
        auditTarget(request, account.id);
        return reply.code(201).send({
          api_id: request.id,
          auth_id: account.id,
          auth_token: token,
          message: 'created',
        });
      },
    },
    GET: {
      operation: LIST_OPERATION,
      handler: async (request) => {
        const { path } = requireMain(request);
        const page = read(PAGE_SCHEMA, paramsOf(request.query));
        const { accounts: listed, total } = await accounts.list(page);
        return {
          api_id: request.id,
          meta: pageMeta(page, total, (from) => `${path}/Subaccount/?limit=${page.limit}&offset=${from}`),
          objects: listed.map((account) => subaccountObject(account, path)),
        };
      },
    },
  });

  resource(scope, '/Subaccount/:subaccountId', {
    GET: {
      operation: GET_OPERATION,
      handler: async (request) => {
        const { path } = requireMain(request);
        const account = await accounts.get(idIn(request));
        if (account === null) throw notFound();
        return { api_id: request.id, ...subaccountObject(account, path) };
      },
    },
    POST: {
      operation: UPDATE_OPERATION,
      handler: async (request, reply) => {
        requireMain(request);
        const { name, enabled } = read(UPDATE_SCHEMA, paramsOf(request.body));
        await accounts.update(idIn(request), {
          ...(name === undefined ? {} : { name }),
          ...(enabled === undefined ? {} : { enabled }),
        });
        return reply.code(202).send({ api_id: request.id, message: 'changed' });
      },
    },
    DELETE: {
      operation: DELETE_OPERATION,
      handler: async (request, reply) => {
        requireMain(request);
        await accounts.remove(idIn(request), clock.now());
        return reply.code(204).send();
      },
    },
  });
}

/** Throws ApiError 404 for what cannot be the id of a subaccount. */
function idIn(request: FastifyRequest): string {
  const { subaccountId } = request.params as { subaccountId: string };
  if (!isSubaccountId(subaccountId)) throw notFound();
  return subaccountId;
}
