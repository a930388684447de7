import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';

import { NO_LIMITS } from '../../../src/masking/call-limits.js';
import { Store } from '../../../src/store/index.js';
import { freeTcpPort } from '../../helpers/ports.js';
import { Fixture, KEY, NOW } from './fixture.js';
import { fullLife } from './life.js';

const fixtures: Fixture[] = [];
afterAll(() => Promise.all(fixtures.map((fixture) => fixture.stop())));

/** What Redis Cluster hashes of a key: what is in the first braces, if anything, else all of it. */
function tagOf(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key;
}

test('every script touches keys of one slot only, also those that it does not declare', async () => {
  const fixture = await Fixture.start();
  fixtures.push(fixture);
  const monitor = await fixture.raw.monitor();
  const scripts: { sent: string[]; touched: string[] }[] = [];
  let ended = (): void => undefined;
  const seenAll = new Promise<void>((resolve) => (ended = resolve));
  monitor.on('monitor', (_time: string, args: string[], source: string) => {
    const [command = '', ...rest] = args;
    if (source === 'lua') {
      if (command.toUpperCase() !== 'TIME') scripts.at(-1)?.touched.push(String(rest[0]));
    } else if (/^eval/i.test(command)) {
      scripts.push({ sent: rest.slice(2, 2 + Number(rest[1])), touched: [] });
    } else if (command === 'echo' || command === 'ECHO') {
      ended();
    }
  });
  const limited = {
    MAX_CALLS_PER_NUMBER: 9,
    MAX_CALLS_TOTAL: 9,
    CALL_RATE_PER_SESSION: 9,
    CALL_RATE_TOTAL: 9,
  };
  await fullLife(fixture.store({ callLimits: { ...NO_LIMITS, ...limited, DAILY_MINUTES_TOTAL: 9 } }));
  await fixture.raw.echo('end');
  await seenAll;
  monitor.disconnect();
  expect(scripts.length).toBeGreaterThan(40);
  expect(scripts.flatMap(({ touched }) => touched).length).toBeGreaterThan(200);
  for (const { sent, touched } of scripts) {
    expect(sent.length).toBeGreaterThan(0);
    expect(new Set([...sent, ...touched].map(tagOf)).size, [...sent, ...touched].join(' ')).toBe(1);
  }
});

test('a whole life on a Redis that runs as a cluster', async () => {
  const fixture = await Fixture.start([
    ...['--cluster-enabled', 'yes', '--cluster-port', String(await freeTcpPort())],
    ...['--cluster-announce-ip', '127.0.0.1'],
  ]);
  fixtures.push(fixture);
  const admin = new Redis(fixture.redis.port, '127.0.0.1');
  await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
  while (!(await admin.cluster('INFO')).includes('cluster_state:ok')) await sleep(20);
  const store = new Store({ url: `redis+cluster://127.0.0.1:${fixture.redis.port}`, dataKeys: [KEY] });
  try {
    await store.ready();
    const { id } = await fullLife(store);
    const read = await store.sessions.get(id, NOW);
    expect(read?.session.totals).toEqual({ callCount: 2, billedDuration: 8, callAmount: 0 });
    expect(read?.interactions).toHaveLength(1);
  } finally {
    await store.close();
    admin.disconnect();
  }
});
