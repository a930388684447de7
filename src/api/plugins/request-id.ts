import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { maskText } from '../../telemetry/privacy.js';

/** What may stand in a log, a header and the audit log as it is. */
const FORM = /^[A-Za-z0-9][A-Za-z0-9._:/+=~-]{0,127}$/;

/** The id of a request, also its `api_id`: always ours, so that no client can make two answers look like one. */
export function newApiId(): string {
  return randomUUID();
}

/** `X-Request-Id` of the client when it can be used, with what looks like a phone number masked; else "". */
export function clientRequestId(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && FORM.test(given) ? maskText(given) : '';
}

/** What every line of the log about a request holds beside its `api_id`. */
export function requestBindings(request: IncomingMessage): Record<string, string> {
  const requestId = clientRequestId(request.headers);
  return requestId === '' ? {} : { requestId };
}

/** `X-Request-Id`, the client's or else ours, and `X-Api-Id` on every answer: a 204 has no body to hold it. */
export function answerWithIds(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    identify(request, reply);
    done();
  });
}

/** For answers to what never became a request of a route. */
export function identify(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', clientRequestId(request.headers) || request.id);
  reply.header('x-api-id', request.id);
}
