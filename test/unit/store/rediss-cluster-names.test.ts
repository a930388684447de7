import { Cluster } from 'ioredis';
import { expect, it } from 'vitest';

import { RedisConnection } from '../../../src/store/redis.js';

it.each([
  ['rediss+cluster://redis.invalid:7000', 'redis.invalid'],
  ['redis+cluster://127.0.0.1:7000', '127.0.0.1'],
])('%s is connected to by the name on its certificate', async (url, expected) => {
  const connection = new RedisConnection(url, { commandTimeout: 100, connectTimeout: 100 });
  const { client } = connection;
  expect(client).toBeInstanceOf(Cluster);
  const [, name = ''] = /:\/\/([^:]+)/.exec(url) ?? [];
  const address = await new Promise<string | undefined>((resolve) => {
    (client as Cluster).options.dnsLookup?.(name, (_error, found) => resolve(found));
  });
  expect(address).toBe(expected);
  await connection.close();
});
