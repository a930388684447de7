import { afterAll, beforeAll, expect, it } from 'vitest';

import { numberKey } from '../../../src/store/keys.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import { RedisCluster } from '../../helpers/redis-cluster.js';
import { SimBed } from '../../helpers/sim-bed.js';
import { aMasterDies } from './a-master-dies.js';
import { DAY_ENVIRONMENT } from './one-day.js';

let cluster: RedisCluster;
let bed: SimBed;
beforeAll(async () => {
  cluster = await RedisCluster.start({ replicas: true, nodeTimeoutMs: 2_000 });
  bed = await SimBed.start({ controllers: 2, environment: DAY_ENVIRONMENT, storage: cluster });
}, 120_000);
afterAll(() => bed.close());

it('a replica takes over, and nothing that it had is lost', { timeout: 240_000 }, async () => {
  const masters = [...cluster.masters];
  await aMasterDies(bed, {
    replicated: () => cluster.replicated(),
    kill: async (did) => {
      const slot = await cluster.slotOf(numberKey(did as E164));
      const master = await cluster.masterOf(slot);
      await master.kill();
      masters.splice(masters.indexOf(master), 1);
    },
  });
  expect(masters).toHaveLength(2);
});
