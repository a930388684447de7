import type { FastifyInstance, FastifyReply } from 'fastify';

/** Seconds that browsers are to insist on https: a year. */
const HSTS_AGE = 31_536_000;

/**
 * On every answer. Answers are data: a browser that is led to one shows it as text, runs nothing of it, puts
 * it in no frame, keeps no copy, and tells no other host where it came from (the URL of a recording is a key).
 */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** `publicUrl`: browsers are told to insist on https only where that is what clients use. */
export function securityHeaders(publicUrl: string): Readonly<Record<string, string>> {
  return publicUrl.startsWith('https:')
    ? { ...HEADERS, 'strict-transport-security': `max-age=${HSTS_AGE}` }
    : HEADERS;
}

/** Puts `headers` on every answer, whatever becomes of the request. A handler may set others in their place. */
export function secureAnswers(app: FastifyInstance, headers: Readonly<Record<string, string>>): void {
  app.addHook('onRequest', (_request, reply, done) => {
    secure(reply, headers);
    done();
  });
}

/** For answers to what never became a request of a route. */
export function secure(reply: FastifyReply, headers: Readonly<Record<string, string>>): void {
  reply.headers({ ...headers });
}
