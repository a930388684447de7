/**
 * Child of bench:api: a controller, and beside it in the same process a bare Fastify route that parses a
 * JSON body and makes one Redis write. Started with an IPC channel; sends `ready` with the bare route's port.
 */
import { fastify } from 'fastify';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

import { Controller } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';
import { createLogger } from '../../src/telemetry/logger.js';

const config = loadConfig(process.env);
const controller = new Controller(config, createLogger({ level: config.logLevel }));
await controller.start();

const redis = new Redis(config.redisUrl);
const bare = fastify();
bare.post('/bare', async (request, reply) => {
  const id = randomUUID();
  await redis.set(`bare:${id}`, JSON.stringify(request.body), 'PX', 600_000);
  return reply.code(201).send({ id });
});
await bare.listen({ host: '127.0.0.1', port: 0 });
process.send?.((bare.server.address() as AddressInfo).port);
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
