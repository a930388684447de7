import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

import { areSame, digestOf } from '../plugins/constant-time.js';
import { CONSOLE_COOKIE, type ConsoleCookies } from './console-cookie.js';

/** The page sends it with every request; no page of another origin can without being asked first (CORS), and nobody says yes. */
const PAGE_HEADER = 'x-maskline-console';
const REVEAL_HEADER = 'x-maskline-reveal';
/** EventSource sends no headers of ours. It only reads, and the cookie is not sent from other sites (SameSite). */
const FEED = '/Masking/Explain/Call/Events';

/** How a request came to be let in. */
export type Access = 'page' | 'reveal';

/** Lets requests of a browser in that has logged in, beside those with credentials. */
export class ConsoleAccess {
  readonly #cookies: ConsoleCookies;
  readonly #now: () => number;
  /** Known to this process alone. */
  readonly #revealKey = randomBytes(24).toString('base64url');
  readonly #revealDigest = digestOf(this.#revealKey);

  /** `now` in milliseconds since the epoch. */
  constructor(cookies: ConsoleCookies, now: () => number) {
    this.#cookies = cookies;
    this.#now = now;
  }

  /** Headers by which a request of our own is answered without a mask. */
  get revealHeaders(): Readonly<Record<string, string>> {
    return { [REVEAL_HEADER]: this.#revealKey };
  }

  /** Whether the request comes from a page that has logged in; null for any other. */
  of(request: FastifyRequest): Access | null {
    const key = request.headers[REVEAL_HEADER];
    if (typeof key === 'string' && areSame([[key, this.#revealDigest]])) return 'reveal';
    const isAsked = request.headers[PAGE_HEADER] === '1' || this.#isFeed(request);
    return isAsked && this.isLoggedIn(request) ? 'page' : null;
  }

  /** Whether somebody is logged in where the request comes from; null for a request that is not of the page. */
  loginOf(request: FastifyRequest): boolean | null {
    if (this.of(request) !== null) return true;
    return request.headers[PAGE_HEADER] === '1' ? false : null;
  }

  /** By the cookie alone: enough to be told that it is so, and for nothing else. */
  isLoggedIn(request: FastifyRequest): boolean {
    const value = request.cookies[CONSOLE_COOKIE];
    return value !== undefined && this.#cookies.accepts(value, this.#now());
  }

  /** For requests that change something: the cookie and the header of the page. */
  isFromPage(request: FastifyRequest): boolean {
    return request.headers[PAGE_HEADER] === '1' && this.isLoggedIn(request);
  }

  #isFeed(request: FastifyRequest): boolean {
    return request.method === 'GET' && (request.routeOptions.url ?? '').endsWith(FEED);
  }
}
