import type { FastifyInstance } from 'fastify';

import { ApiError, TEXT } from '../errors.js';

/** Milliseconds over which requests are counted, as Plivo's account limit does. */
const WINDOW = 5_000;

/**
 * Refuses requests to `scope` beyond `limit` in 5 seconds with a 429; 0 refuses none. One account, so
 * one counter. `now` in milliseconds.
 */
export function limitRate(scope: FastifyInstance, limit: number, now: () => number): void {
  if (limit === 0) return;
  let windowEnds = -Infinity;
  let count = 0;
  scope.addHook('onRequest', (_request, reply, done) => {
    const instant = now();
    // A clock that was set back begins a new window, too.
    if (instant >= windowEnds || instant < windowEnds - WINDOW) {
      windowEnds = instant + WINDOW;
      count = 0;
    }
    count += 1;
    if (count <= limit) {
      done();
      return;
    }
    reply.header('retry-after', String(Math.ceil((windowEnds - instant) / 1_000)));
    done(new ApiError(429, TEXT.rate));
  });
}
