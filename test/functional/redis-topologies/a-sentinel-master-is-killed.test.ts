import { afterAll, beforeAll, expect, it } from 'vitest';

import { RedisSentinel } from '../../helpers/redis-sentinel.js';
import { SimBed } from '../../helpers/sim-bed.js';
import { aMasterDies } from './a-master-dies.js';
import { DAY_ENVIRONMENT, oneDay } from './one-day.js';

let redis: RedisSentinel;
let bed: SimBed;
beforeAll(async () => {
  redis = await RedisSentinel.start();
  bed = await SimBed.start({ controllers: 2, environment: DAY_ENVIRONMENT, storage: redis });
}, 120_000);
afterAll(() => bed.close());

// The first Sentinel of REDIS_URL hangs as well: it takes connections and says nothing.
it('a replica takes over, and nothing that it had is lost', { timeout: 240_000 }, async () => {
  await aMasterDies(bed, {
    replicated: () => redis.replicated(),
    kill: async () => {
      redis.sentinels[0]!.pause();
      await redis.servers[0].kill();
    },
  });
  expect(await redis.master()).toBe(redis.servers[1]);
});

it('calls of every kind after it, and all that is told and shown of them', { timeout: 120_000 }, () =>
  oneDay(bed),
);
