import { afterAll, beforeAll, describe, it } from 'vitest';
import { MAX_CALLS_PER_NUMBER } from '../scenarios/cases/refused.js';
import { scenarios } from '../scenarios/index.js';
import { RealBed } from './helpers/real-bed.js';

let bed: RealBed;

beforeAll(async () => {
  bed = await RealBed.start({
    controllers: 2,
    controllerEnvironment: { MAX_CALLS_PER_NUMBER: String(MAX_CALLS_PER_NUMBER) },
  });
});

afterAll(async () => {
  await bed.close();
});

for (const [topic, cases] of Object.entries(scenarios)) {
  describe.concurrent(topic, () => {
    for (const scenario of cases) {
      it(scenario.name, async () => {
        await scenario.run(await bed.lane());
      });
    }
  });
}
