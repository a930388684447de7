import type { FastifyInstance } from 'fastify';

import { AddressList } from '../../address-list.js';
import type { ApiDeps } from '../deps.js';
import { ApiError } from '../errors.js';
import type { Operation } from '../openapi/operation.js';
import { isKnown } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';

const METRICS: Operation = {
  id: 'getMetrics',
  tag: 'health',
  summary: 'Metrics, in Prometheus’ text format',
  description:
    'For the addresses of `METRICS_ALLOW` only. No label holds a number, a URL or an id of a session.',
  answers: { 200: { description: 'The metrics.', media: ['text/plain'] } },
  refusals: [403],
  open: true,
};

/** What reverse proxies add. */
const PASSED_ON = [
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'x-forwarded-host',
  'x-forwarded-proto',
  'via',
];

const REFUSAL = 'Metrics are for the addresses of METRICS_ALLOW only.';

/** `/metrics`. Needs no credentials, so it asks where the request comes from. */
export function metricsRoutes(app: FastifyInstance, { metrics, limits }: ApiDeps): void {
  const allowed = new AddressList(metrics.allow);
  const proxies = new AddressList(limits.trustedProxies);
  resource(app, '/metrics', {
    GET: {
      operation: METRICS,
      handler: async (request, reply) => {
        // A proxy says for whom it asks, or it is not known who does.
        const peer = request.socket.remoteAddress ?? '';
        const isPassedOn = PASSED_ON.some((name) => name in request.headers);
        const isNamed = request.ip !== peer;
        const isKnown = isNamed || (!isPassedOn && !proxies.includes(peer));
        if (!isKnown || !allowed.includes(request.ip)) throw new ApiError(403, REFUSAL);
        reply.type(metrics.contentType);
        return metrics.text();
      },
    },
  });
}

/** Times every request, by the pattern of its route. */
export function measureRequests(app: FastifyInstance, { metrics }: ApiDeps): void {
  app.addHook('onResponse', (request, reply, done) => {
    metrics.requestAnswered({
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      elapsedMs: reply.elapsedTime,
      // Who may decide what is sampled, and in whose traces our spans appear: clients, and nobody else.
      traceparent: isKnown(request) ? String(request.headers['traceparent'] ?? '') : '',
    });
    done();
  });
}
