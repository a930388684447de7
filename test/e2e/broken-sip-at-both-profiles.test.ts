import { expect, test } from 'vitest';
import { fuzzSip } from '../fuzz/sip.js';
import { requireFreeSwitch } from './helpers/real-freeswitch.js';

/** Another one each time; it stands in the name of what fails. `npm run fuzz` sends many more. */
const seed = Date.now() % 1_000_000_007;

test(`broken SIP messages break nothing, execute nothing and reach nobody (seed ${seed})`, async () => {
  requireFreeSwitch();
  const { findings, checked } = await fuzzSip({ count: 4_000, seed, progress: () => undefined });
  expect(findings).toEqual([]);
  expect(checked['answers']).toBeGreaterThan(1_000);
  // The last one at least: it is placed to see that calls still get through.
  expect(checked['calls to the party']).toBeGreaterThan(0);
}, 300_000);
