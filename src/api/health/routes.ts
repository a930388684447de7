import { performance } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import { inTime } from '../../in-time.js';
import type { ApiDeps, Readiness } from '../deps.js';
import { API_ID, EXAMPLE_API_ID } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { resource } from '../plugins/resource.js';

/** Milliseconds that the dependencies have to say how they are. */
const READINESS_DEADLINE = 2_000;

const HEALTH: Operation = {
  id: 'getHealth',
  tag: 'health',
  summary: 'Whether the process lives',
  answers: {
    200: {
      description: 'Its event loop turns.',
      schema: z.object({
        api_id: API_ID,
        status: z.literal('ok'),
        event_loop_delay_ms: z.int().describe('Milliseconds that a timer was late.'),
      }),
      example: { api_id: EXAMPLE_API_ID, status: 'ok', event_loop_delay_ms: 0 },
    },
  },
  open: true,
};

const readinessAnswer = (status: 'ready' | 'not ready') =>
  z.object({
    api_id: API_ID,
    status: z.literal(status),
    dependencies: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
  });

const READINESS: Operation = {
  id: 'getReadiness',
  tag: 'health',
  summary: 'Whether everything that it needs answers',
  answers: {
    200: {
      description: 'All dependencies are ready.',
      schema: readinessAnswer('ready'),
      example: {
        api_id: EXAMPLE_API_ID,
        status: 'ready',
        dependencies: { redis: { ok: true, detail: 'answers' } },
      },
    },
    503: {
      description: 'One of them is not, or the check took longer than 2 seconds.',
      schema: readinessAnswer('not ready'),
    },
  },
  open: true,
};

/** `/healthz` and `/readyz`, open to everybody: probes have no credentials. */
export function healthRoutes(app: FastifyInstance, deps: ApiDeps): void {
  resource(app, '/healthz', {
    // Answers only while the event loop turns; the delay tells how well it does.
    GET: {
      operation: HEALTH,
      handler: async (request) => ({
        api_id: request.id,
        status: 'ok',
        event_loop_delay_ms: await eventLoopDelay(),
      }),
    },
  });

  resource(app, '/readyz', {
    GET: {
      operation: READINESS,
      handler: async (request, reply) => {
        const dependencies = await readiness(deps);
        const ready = Object.values(dependencies).every(({ ok }) => ok);
        return reply
          .code(ready ? 200 : 503)
          .send({ api_id: request.id, status: ready ? 'ready' : 'not ready', dependencies });
      },
    },
  });
}

/** Milliseconds that a timer of 1 ms was late. */
async function eventLoopDelay(): Promise<number> {
  const due = performance.now() + 1;
  await new Promise((resolve) => setTimeout(resolve, 1));
  return Math.max(0, Math.round(performance.now() - due));
}

async function readiness(deps: ApiDeps): Promise<Readiness> {
  try {
    const found = await inTime(deps.readiness(), READINESS_DEADLINE);
    return found ?? { readiness: { ok: false, detail: 'no answer in time' } };
  } catch (error) {
    deps.logger.error({ err: error }, 'the readiness check failed');
    return { readiness: { ok: false, detail: 'the check failed' } };
  }
}
