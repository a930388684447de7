import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { ApiError, TEXT } from '../errors.js';
import type { Operation } from '../openapi/operation.js';

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;
type Method = 'GET' | 'POST' | 'DELETE';

/** A handler and what the reference says of it. */
export interface Route {
  readonly operation: Operation;
  readonly handler: Handler;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

/** Routes of one path. Every method without a handler is answered with a 405 that names the others. */
export function resource(
  scope: FastifyInstance,
  url: string,
  routes: Readonly<Partial<Record<Method, Route>>>,
): void {
  const allowed: string[] = [];
  for (const [method, { handler, operation }] of Object.entries(routes)) {
    scope.route({ method, url, handler, config: { operation } });
    allowed.push(method);
    // Fastify answers HEAD wherever it answers GET.
    if (method === 'GET') allowed.push('HEAD');
  }
  scope.route({
    method: METHODS.filter((method) => !allowed.includes(method)),
    url,
    exposeHeadRoute: false,
    // Before the body is read: what it holds does not matter.
    onRequest: (_request, reply, done) => {
      reply.header('allow', allowed.join(', '));
      done(new ApiError(405, TEXT.method));
    },
    handler: () => undefined,
  });
}
