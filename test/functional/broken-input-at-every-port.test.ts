import { expect, test } from 'vitest';
import { fuzzEventSocket } from '../fuzz/event-socket.js';
import { fuzzHttp } from '../fuzz/http.js';

/** Another one each time; it stands in the name of what fails. `npm run fuzz` sends many more. */
const seed = Date.now() % 1_000_000_007;
const progress = (): void => undefined;

test(`broken Event Socket streams break nothing (seed ${seed})`, async () => {
  const { findings, checked } = await fuzzEventSocket({ count: 2_000, seed, progress });
  expect(findings).toEqual([]);
  // Enough of them got past the door for the rest to mean something.
  expect(checked['opened']).toBeGreaterThan(200);
  expect(checked['events']).toBeGreaterThan(200);
  expect(checked['answered']).toBeGreaterThan(5);
}, 120_000);

test(`broken requests break nothing, and nobody is told what is not theirs (seed ${seed})`, async () => {
  const { findings, checked } = await fuzzHttp({ count: 2_000, seed, progress });
  expect(findings).toEqual([]);
  expect(checked['answers']).toBeGreaterThan(1_000);
  expect(checked['2xx']).toBeGreaterThan(10);
}, 120_000);
