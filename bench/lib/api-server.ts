/**
 * Child of bench:api: the server that the API is compared with. A bare Fastify route that parses a JSON body and makes
 * one Redis write. Started with an IPC channel; sends its port.
 */
import { fastify } from 'fastify';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

const redis = new Redis(process.env['REDIS_URL'] ?? '');
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
