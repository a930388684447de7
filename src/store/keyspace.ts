import { Cluster } from 'ioredis';

import type { RedisClient } from './redis.js';
import { guarded } from './scripts.js';

/** Keys that a step of SCAN looks at: a few hundred microseconds of Redis. */
const STEP = 500;

/**
 * Every key there is, of every master of a cluster, in chunks; a key that is there from beginning to end at
 * least once. It goes over all that is stored, so it is for rare requests. Throws StoreUnavailableError.
 */
export async function* everyKey(client: RedisClient): AsyncGenerator<readonly string[]> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  for (const node of nodes) {
    let cursor = '0';
    do {
      const from = cursor;
      const [next, keys] = await guarded(() => node.scan(from, 'COUNT', STEP));
      cursor = next;
      if (keys.length > 0) yield keys;
    } while (cursor !== '0');
  }
}
