import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { expect, it } from 'vitest';

import { CallbackQueue, type Delivery } from '../../../src/store/callback-queue.js';
import { freeTcpPort } from '../../helpers/ports.js';
import { DID, Fixture } from '../store/fixture.js';
import { eventually } from './fixture.js';

it('the queue works on a Redis that runs as a cluster, with its retries', async () => {
  const fixture = await Fixture.start([
    ...['--cluster-enabled', 'yes', '--cluster-port', String(await freeTcpPort())],
    ...['--cluster-announce-ip', '127.0.0.1'],
  ]);
  const admin = new Redis(fixture.redis.port, '127.0.0.1');
  await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
  while (!(await admin.cluster('INFO')).includes('cluster_state:ok')) await sleep(20);
  const errors: unknown[] = [];
  const queue = new CallbackQueue({
    url: `redis+cluster://127.0.0.1:${fixture.redis.port}`,
    concurrency: 4,
    retryDelays: [50],
    onError: (error) => errors.push(error),
  });
  const tried: { delivery: Delivery; last: boolean }[] = [];
  queue.work((delivery, { last }) => {
    tried.push({ delivery, last });
    return Promise.resolve(last ? 'done' : 'retry');
  });
  const delivery = { number: DID, sessionId: 'session-1', sequence: 7, round: 0 };
  await queue.add(delivery, 3);
  await eventually(() => tried.length === 3);
  expect(tried).toEqual([
    { delivery, last: false },
    { delivery, last: false },
    { delivery, last: true },
  ]);
  expect(await queue.size()).toBe(0);
  const keys = await admin.keys('*');
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.every((key) => key.startsWith('{maskline:callbacks}:'))).toBe(true);
  await queue.stop(1_000);
  expect(errors).toEqual([]);
  admin.disconnect();
  await fixture.stop();
});
