import type { FastifyInstance } from 'fastify';

import { ApiError, TEXT } from '../errors.js';
import { accountOf } from './account.js';

/** Milliseconds over which requests are counted, as Plivo's account limit does. */
const WINDOW = 5_000;
/** Accounts whose requests are counted at once; past it, windows that are over are forgotten. */
const MOST_WINDOWS = 1_000;

interface Window {
  ends: number;
  count: number;
}

/**
 * Refuses an account's requests to `scope` beyond `limit` in 5 seconds with a 429; 0 refuses none.
 * `now` in milliseconds.
 */
export function limitRate(scope: FastifyInstance, limit: number, now: () => number): void {
  if (limit === 0) return;
  const windows = new Map<string, Window>();
  scope.addHook('onRequest', (request, reply, done) => {
    const instant = now();
    const { id } = accountOf(request);
    let window = windows.get(id);
    if (window === undefined || isOver(window, instant)) {
      if (windows.size >= MOST_WINDOWS) forget(windows, instant);
      window = { ends: instant + WINDOW, count: 0 };
      windows.set(id, window);
    }
    window.count += 1;
    if (window.count <= limit) {
      done();
      return;
    }
    reply.header('retry-after', String(Math.ceil((window.ends - instant) / 1_000)));
    done(new ApiError(429, TEXT.rate));
  });
}

/** A clock that was set back begins a new window, too. */
function isOver({ ends }: Window, instant: number): boolean {
  return instant >= ends || instant < ends - WINDOW;
}

function forget(windows: Map<string, Window>, instant: number): void {
  for (const [id, window] of windows) if (isOver(window, instant)) windows.delete(id);
}
