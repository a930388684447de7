import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RedisCluster } from '../../helpers/redis-cluster.js';
import { SimBed } from '../../helpers/sim-bed.js';
import { enforced } from '../../scenarios/cases/enforced.js';
import { explained } from '../../scenarios/cases/explained.js';
import { pin } from '../../scenarios/cases/pin.js';
import { registered } from '../../scenarios/cases/registered.js';
import { singleParty } from '../../scenarios/cases/single-party.js';
import { DAY_ENVIRONMENT, oneDay } from './one-day.js';

let cluster: RedisCluster;
let bed: SimBed;
beforeAll(async () => {
  cluster = await RedisCluster.start();
  bed = await SimBed.start({ controllers: 2, environment: DAY_ENVIRONMENT, storage: cluster });
}, 120_000);
afterAll(() => bed.close());

/** Each touches other keys; the rest of the written calls differs in what FreeSWITCH does. */
const SCENARIOS = [
  ...registered,
  ...explained.filter(({ name }) => name.includes('step by step')),
  ...singleParty,
  ...pin.filter(({ name }) => /a withheld caller is|until the attempts/.test(name)),
  ...enforced.filter(({ name }) => name.includes('recording')),
];

describe.concurrent('on three masters', () => {
  it('calls of every kind, and all that is told and shown of them', { timeout: 90_000 }, async () => {
    await oneDay(bed);
  });

  for (const scenario of SCENARIOS) {
    it(scenario.name, { timeout: 90_000 }, async () => {
      await scenario.run(await bed.lane());
    });
  }
});

it('every master had its part', async () => {
  for (const master of cluster.masters) expect(await cluster.admin(master).dbsize()).toBeGreaterThan(10);
});
