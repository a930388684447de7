import type { Server } from 'node:http';
import type { Socket } from 'node:net';

import { AddressList } from '../address-list.js';
import type { Logger } from '../telemetry/logger.js';
import type { RequestLimits } from './limits.js';
import { peerOf } from './plugins/peer.js';

/** Milliseconds for the headers of a request to arrive, and for all of it. */
const HEADERS_TIMEOUT = 10_000;
export const REQUEST_TIMEOUT = 15_000;
/** Milliseconds between two looks for requests that are late; Node's own is 30 s. */
const LATE_CHECK = 2_000;
/** Milliseconds that a connection may be open without a request; proxies keep theirs for 60 s. */
export const KEEP_ALIVE_TIMEOUT = 65_000;
/** Milliseconds without a byte in either direction: who does not read its answer is let go. */
export const SILENCE_TIMEOUT = 120_000;
/** Bytes of all headers of a request. */
const MOST_HEADER_BYTES = 16_384;
/** Milliseconds between two lines about connections that found no room. */
const LOG_EVERY = 10_000;

/** Options of Node's HTTP server. */
export const HTTP_OPTIONS = {
  headersTimeout: HEADERS_TIMEOUT,
  requestTimeout: REQUEST_TIMEOUT,
  connectionsCheckingInterval: LATE_CHECK,
  maxHeaderSize: MOST_HEADER_BYTES,
} as const;

/**
 * Bounds how many connections are open, in all and from one address: slow requests hold one each, and one
 * address alone may not take them all. Behind trusted proxies every client has the proxy's address, so only
 * the whole is bounded for those.
 */
export function limitConnections(
  server: Server,
  limits: Pick<RequestLimits, 'connections' | 'trustedProxies'>,
  logger: Logger,
): void {
  const { connections } = limits;
  if (connections === 0) return;
  const proxies = new AddressList(limits.trustedProxies);
  const perPeer = Math.max(1, Math.floor(connections / 2));
  const open = new Map<string, number>();
  let dropped = 0;
  let toldAt = -Infinity;
  const noteDropped = (): void => {
    dropped += 1;
    const now = performance.now();
    if (now - toldAt < LOG_EVERY) return;
    logger.warn({ dropped, connections }, 'connections were refused: too many are open');
    toldAt = now;
    dropped = 0;
  };
  server.maxConnections = connections;
  server.on('drop', noteDropped);
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (proxies.includes(address)) return;
    const peer = peerOf(address);
    const count = (open.get(peer) ?? 0) + 1;
    open.set(peer, count);
    socket.once('close', () => {
      const left = (open.get(peer) ?? 1) - 1;
      if (left === 0) open.delete(peer);
      else open.set(peer, left);
    });
    if (count <= perPeer) return;
    noteDropped();
    socket.destroy();
  });
}
