import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { OriginationJob, OriginationQueue } from '../../../src/store/index.js';
import { PROOF } from '../../helpers/hold.js';
import { DID, Fixture, NOW } from './fixture.js';

let fixture: Fixture;
let queue: OriginationQueue;
beforeAll(async () => {
  fixture = await Fixture.start();
  queue = fixture.store({ originations: { visibility: 1_000, maxAge: 5_000, bound: 3 } }).originations;
});
afterAll(() => fixture.stop());
beforeEach(() => fixture.raw.flushall());

const job = (id: string): OriginationJob => ({ interactionId: id, sessionId: `session-${id}`, number: DID });
const NONE = { job: null, dropped: [] };

test('gives a job out once, the one that waited longest first, not before its instant', async () => {
  await queue.push(job('later'), NOW + 10);
  await queue.push(job('now'), NOW);
  expect(await queue.claim(NOW - 1, PROOF)).toEqual(NONE);
  expect(await queue.claim(NOW + 10, PROOF)).toEqual({ job: job('now'), dropped: [] });
  expect(await queue.claim(NOW + 10, PROOF)).toEqual({ job: job('later'), dropped: [] });
  expect(await queue.claim(NOW + 10, PROOF)).toEqual(NONE);
});

test('a job whose taker crashed comes back, one that is done does not', async () => {
  await queue.push(job('a'), NOW);
  await queue.push(job('b'), NOW);
  const { job: done } = await queue.claim(NOW, PROOF);
  const { job: lost } = await queue.claim(NOW, PROOF);
  await queue.done(done!);
  expect(await queue.claim(NOW + 999, PROOF)).toEqual(NONE);
  expect(await queue.claim(NOW + 1_000, PROOF)).toEqual({ job: lost, dropped: [] });
  expect(await queue.claim(NOW + 1_000, PROOF)).toEqual(NONE);
});

test('a job that was given back is given out from then on, and not one that is done', async () => {
  await queue.push(job('a'), NOW);
  await queue.claim(NOW, PROOF);
  await queue.giveBack(job('a'), NOW + 300);
  expect(await queue.claim(NOW + 299, PROOF)).toEqual(NONE);
  expect(await queue.claim(NOW + 300, PROOF)).toEqual({ job: job('a'), dropped: [] });
  await queue.done(job('a'));
  await queue.giveBack(job('a'), NOW + 600);
  expect(await queue.claim(NOW + 3_000, PROOF)).toEqual(NONE);
  expect(await fixture.raw.keys('*')).toEqual(['maskline:{originations}:fences']);
});

test('a job that is too old is dropped and told of', async () => {
  await queue.push(job('old'), NOW);
  await queue.push(job('new'), NOW + 1);
  expect(await queue.claim(NOW + 5_000, PROOF)).toEqual({ job: job('new'), dropped: [job('old')] });
  await queue.done(job('new'));
  // What is left is the fence of whoever took it.
  expect(await fixture.raw.keys('*')).toEqual(['maskline:{originations}:fences']);
});

test('the same job twice is one, and the queue has a bound', async () => {
  for (const id of ['a', 'a', 'b', 'c', 'c']) await queue.push(job(id), NOW);
  await expect(queue.push(job('d'), NOW)).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL' });
  await queue.done(job('b'));
  await queue.push(job('d'), NOW);
  const taken = [];
  for (let count = 0; count < 3; count += 1) taken.push((await queue.claim(NOW, PROOF)).job?.interactionId);
  expect(taken).toEqual(['a', 'c', 'd']);
});
