import { afterAll, beforeAll, describe, it } from 'vitest';
import { SimBed } from '../helpers/sim-bed.js';
import { MAX_CALLS_PER_NUMBER } from '../scenarios/cases/refused.js';
import { scenarios } from '../scenarios/index.js';

let bed: SimBed;

beforeAll(async () => {
  bed = await SimBed.start({
    controllers: 2,
    environment: { MAX_CALLS_PER_NUMBER: String(MAX_CALLS_PER_NUMBER) },
  });
});

afterAll(async () => {
  await bed.close();
});

for (const [topic, cases] of Object.entries(scenarios)) {
  describe.concurrent(topic, () => {
    for (const scenario of cases) {
      it(scenario.name, { timeout: 90_000 }, async () => {
        await scenario.run(await bed.lane());
      });
    }
  });
}
