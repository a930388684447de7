import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { ApiError, TEXT } from '../errors.js';

interface ErrorAnswer {
  readonly status: number;
  readonly text: string;
}

/** What the store refuses, by the codes of its errors. */
const BY_CODE: Readonly<Record<string, ErrorAnswer>> = {
  ERR_NUMBER_POOL_EXHAUSTED: { status: 400, text: TEXT.poolExhausted },
  ERR_SESSION_NOT_FOUND: { status: 404, text: TEXT.notFound },
  ERR_SESSION_EXPIRED: { status: 400, text: TEXT.sessionExpired },
  ERR_PARTY_FIXED: { status: 400, text: TEXT.partyFixed },
  ERR_LISTING_TOO_LONG: { status: 400, text: TEXT.listTooLong },
  ERR_PARTY_TAKEN: { status: 400, text: TEXT.partyTaken },
  ERR_PIN_TAKEN: { status: 400, text: TEXT.pinTaken },
  ERR_NUMBER_EXISTS: { status: 400, text: TEXT.numberExists },
  ERR_NUMBER_IN_USE: { status: 400, text: TEXT.numberInUse },
  ERR_ACCOUNT_NOT_FOUND: { status: 404, text: TEXT.notFound },
  ERR_ACCOUNT_IN_USE: { status: 400, text: TEXT.accountInUse },
  ERR_NODE_UNREACHABLE: { status: 503, text: TEXT.nodeUnreachable },
  ERR_BUCKET: { status: 503, text: TEXT.recordingAway },
  ERR_OBJECT_MISMATCH: { status: 503, text: TEXT.recordingAway },
  ERR_OBJECT_MISSING: { status: 404, text: TEXT.notFound },
  ERR_QUEUE_FULL: { status: 503, text: TEXT.queueFull },
  ERR_PERSON_IN_CALL: { status: 409, text: TEXT.personInCall },
  ERR_ERASURE_RUNNING: { status: 409, text: TEXT.erasureRunning },
  ERR_NUMBER_NOT_FOUND: { status: 404, text: TEXT.notFound },
};

/** What Fastify and its plugins refuse, by status. */
const BY_STATUS: Readonly<Record<number, string>> = {
  400: TEXT.badRequest,
  401: TEXT.unauthorized,
  404: TEXT.notFound,
  405: TEXT.method,
  408: TEXT.timeout,
  413: TEXT.tooLarge,
  415: TEXT.mediaType,
  429: TEXT.rate,
  431: TEXT.headersTooLarge,
};

/** Every error becomes `{"api_id","error"}`. What is our own fault is logged with its causes. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ api_id: request.id, error: TEXT.notFound }),
  );
}

/** Answers a request that failed with `error`. */
export function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, text } = answerTo(error);
  if (status >= 500) request.log.error({ err: error }, 'a request failed');
  return reply.code(status).send({ api_id: request.id, error: text });
}

function answerTo(error: unknown): ErrorAnswer {
  if (error instanceof ApiError) return { status: error.statusCode, text: error.message };
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? BY_CODE[code] : undefined;
  if (known !== undefined) return known;
  const status = typeof statusCode === 'number' ? statusCode : 500;
  if (status < 400 || status >= 500) return { status: 500, text: TEXT.internal };
  return { status, text: BY_STATUS[status] ?? TEXT.badRequest };
}

/**
 * Answers what is not HTTP, came too slowly, or has headers too large, with `headers`: there is no request to
 * reply to.
 */
export function refuseConnection(
  error: Error & { code?: string },
  socket: Socket,
  headers: Readonly<Record<string, string>>,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const id = randomUUID();
  const body = JSON.stringify({ api_id: id, error: BY_STATUS[status] });
  const lines = Object.entries({
    ...headers,
    'x-request-id': id,
    'x-api-id': id,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
