import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { expect, it } from 'vitest';

import { CallbackQueue } from '../../../src/store/callback-queue.js';
import type { CallbackAddress } from '../../../src/store/index.js';
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
  const tried: { address: CallbackAddress; last: boolean }[] = [];
  queue.work((address, { last }) => {
    tried.push({ address, last });
    return Promise.resolve(last ? 'done' : 'retry');
  });
  const address = { number: DID, sessionId: 'session-1', sequence: 7 };
  await queue.add(address, 3);
  await eventually(() => tried.length === 3);
  expect(tried).toEqual([
    { address, last: false },
    { address, last: false },
    { address, last: true },
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
