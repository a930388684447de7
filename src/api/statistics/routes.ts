import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import type { ApiDeps } from '../deps.js';
import { API_ID, EXAMPLE_API_ID } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { requireMain } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { StatisticsParams } from './params.js';
import { STATISTICS_OBJECT, statisticsObject } from './statistics-object.js';

const operation = (query: z.ZodObject): Operation => ({
  id: 'getStatistics',
  tag: 'calls',
  summary: 'What became of calls over time',
  description:
    'By spans of `step` seconds, of the last 30 days. Callers who hung up at the PIN prompt are not in it. A controller ' +
    'that dies takes its last second with it: for billing there are the calls themselves.',
  query,
  refusals: [403],
  answers: {
    200: {
      description: 'One object a span, oldest first.',
      schema: z.object({ api_id: API_ID, step: z.int(), objects: z.array(STATISTICS_OBJECT) }),
      example: {
        api_id: EXAMPLE_API_ID,
        step: 300,
        objects: [
          {
            at: '2026-11-23T01:00:00.000Z',
            calls: 12,
            connected: 8,
            unanswered: 3,
            unconnected: 1,
            talk_seconds: 940,
            answer_rate: 8 / 11,
            post_dial_delay: { p50_ms: 1_750, p95_ms: 3_600, count: 10 },
            failures: { USER_BUSY: 2, NO_ANSWER: 1, 'wrong-pin': 1 },
          },
        ],
      },
    },
  },
});

/** `Masking/Statistics/`: what charts show. */
export function statisticsRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const params = new StatisticsParams();
  resource(scope, '/Masking/Statistics', {
    GET: {
      operation: operation(params.schema),
      handler: async (request) => {
        requireMain(request);
        const { start, end, step } = params.read(request.query, deps.clock.now());
        const spans = await deps.statistics.read(start, end, step);
        return { api_id: request.id, step: step / 1_000, objects: spans.map(statisticsObject) };
      },
    },
  });
}
