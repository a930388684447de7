import { performance } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';

import type { ApiDeps, Readiness } from '../deps.js';
import { resource } from '../plugins/resource.js';

/** Milliseconds that the dependencies have to say how they are. */
const READINESS_DEADLINE = 2_000;

/** `/healthz` and `/readyz`, open to everybody: probes have no credentials. */
export function healthRoutes(app: FastifyInstance, deps: ApiDeps): void {
  resource(app, '/healthz', {
    // Answers only while the event loop turns; the delay tells how well it does.
    GET: async (request) => ({
      api_id: request.id,
      status: 'ok',
      event_loop_delay_ms: await eventLoopDelay(),
    }),
  });

  resource(app, '/readyz', {
    GET: async (request, reply) => {
      const dependencies = await readiness(deps);
      const ready = Object.values(dependencies).every(({ ok }) => ok);
      return reply
        .code(ready ? 200 : 503)
        .send({ api_id: request.id, status: ready ? 'ready' : 'not ready', dependencies });
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
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(
      () => resolve({ readiness: { ok: false, detail: 'no answer in time' } }),
      READINESS_DEADLINE,
    );
  });
  try {
    return await Promise.race([deps.readiness(), late]);
  } catch (error) {
    deps.logger.error({ err: error }, 'the readiness check failed');
    return { readiness: { ok: false, detail: 'the check failed' } };
  } finally {
    clearTimeout(timer);
  }
}
