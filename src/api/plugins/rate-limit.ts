import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { ApiError, TEXT } from '../errors.js';
import { REQUEST_WINDOW, type RequestLimits } from '../limits.js';
import { accountOf } from './account.js';
import { peerOf } from './peer.js';
import { WindowCounter } from './window-counter.js';

/** Credentials that are counted at once: only right ones are. */
const MOST_CREDENTIALS = 10_000;
const MOST_PEERS = 50_000;

/** A 429 with `Retry-After`; `wait` in milliseconds. */
export function refuseForNow(reply: FastifyReply, wait: number): ApiError {
  reply.header('retry-after', String(Math.max(1, Math.ceil(wait / 1_000))));
  return new ApiError(429, TEXT.rate);
}

/**
 * Counts requests in windows of 5 seconds, on this controller alone: a count in Redis would cost every
 * request a round trip.
 */
export class RateLimits {
  readonly #limits: Pick<RequestLimits, 'perCredential' | 'anonymous'>;
  readonly #now: () => number;
  readonly #credentials = new WindowCounter(REQUEST_WINDOW, MOST_CREDENTIALS);
  readonly #peers = new WindowCounter(REQUEST_WINDOW, MOST_PEERS);

  /** `now` in milliseconds since the epoch. */
  constructor(limits: Pick<RequestLimits, 'perCredential' | 'anonymous'>, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Refuses requests to `scope` beyond the limit of the credential that they came with. */
  limitCredentials(scope: FastifyInstance): void {
    const { perCredential } = this.#limits;
    if (perCredential === 0) return;
    scope.addHook('onRequest', (request, reply, done) => {
      const wait = this.#credentials.take(accountOf(request).credentialId, perCredential, this.#now());
      if (wait === 0) done();
      else done(refuseForNow(reply, wait));
    });
  }

  /** Refuses requests to what needs no credentials beyond the limit of their address. */
  limitAnonymous(app: FastifyInstance): void {
    app.addHook('onRequest', (request, reply, done) => {
      const needsAccount = request.routeOptions.url?.startsWith('/v1/Account/') === true;
      const wait = needsAccount ? 0 : this.countAnonymous(request);
      if (wait === 0) done();
      else done(refuseForNow(reply, wait));
    });
  }

  /** Counts a request without right credentials; milliseconds until its address may come again, or 0. */
  countAnonymous(request: FastifyRequest): number {
    const { anonymous } = this.#limits;
    return anonymous === 0 ? 0 : this.#peers.take(peerOf(request.ip), anonymous, this.#now());
  }
}
