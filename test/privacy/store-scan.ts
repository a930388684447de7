import { Cluster, type Redis } from 'ioredis';
import { RedisConnection } from '../../src/store/redis.js';
import type { NamedText } from './running-stack.js';

const PAGE = 500;

/** Everything in Redis, key by key, as it stands there. Works on one Redis, on Sentinel and on a cluster. */
export async function* contentsOfRedis(url: string): AsyncGenerator<NamedText> {
  const connection = new RedisConnection(url, { commandTimeout: 30_000 });
  try {
    await connection.ready();
    const { client } = connection;
    const nodes = client instanceof Cluster ? client.nodes('master') : [client];
    for (const node of nodes) {
      let cursor = '0';
      do {
        const [next, keys] = await node.scan(cursor, 'COUNT', PAGE);
        cursor = next;
        for (const key of keys)
          yield { name: `Redis key ${key}`, text: `${key} ${JSON.stringify(await valueOf(node, key))}` };
      } while (cursor !== '0');
    }
  } finally {
    await connection.close();
  }
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'set':
      return redis.smembers(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      // It expired meanwhile.
      return null;
  }
}
