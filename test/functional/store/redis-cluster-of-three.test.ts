import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { inTime } from '../../../src/in-time.js';
import { StoreUnavailableError } from '../../../src/store/errors.js';
import { isOutage, Store } from '../../../src/store/index.js';
import { numberKey } from '../../../src/store/keys.js';
import { until } from '../../helpers/until.js';
import { RedisCluster } from '../../helpers/redis-cluster.js';
import { ALICE, DID2, KEY, NOW } from './fixture.js';
import { fullLife } from './life.js';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.start();
}, 60_000);
afterAll(() => cluster.stop());

test('a whole life on three masters', { timeout: 60_000 }, async () => {
  await withStore(async (store) => {
    const { id } = await fullLife(store);
    const read = await store.sessions.get(id, NOW);
    expect(read?.session.totals).toEqual({ callCount: 2, billedDuration: 8, callAmount: 0 });
    expect(read?.interactions).toHaveLength(1);
    for (const master of cluster.masters) expect(await cluster.admin(master).dbsize()).toBeGreaterThan(0);
  });
});

describe('a search through every key', () => {
  test('fails when keys are on their way between masters, and is complete once they have come', async () => {
    await withStore(async (store) => {
      const slot = await cluster.slotOf(numberKey(DID2));
      const from = await cluster.masterOf(slot);
      const move = await cluster.beginMove(
        slot,
        cluster.masters.find((server) => server !== from)!,
      );
      await expect(store.persons.find(ALICE, NOW)).rejects.toBeInstanceOf(StoreUnavailableError);
      await move.finish();
      expect((await store.persons.find(ALICE, NOW)).sessions.length).toBeGreaterThan(0);
    });
  });

  test('fails when a master is away', async () => {
    const [, gone] = cluster.masters;
    await withStore(async (store) => {
      await gone!.kill();
      await expect(store.persons.find(ALICE, NOW)).rejects.toBeInstanceOf(StoreUnavailableError);
      await gone!.restart();
      await until('it is there again', () =>
        store.persons.find(ALICE, NOW).then(
          ({ sessions }) => sessions.length > 0,
          () => false,
        ),
      );
    });
  });
});

test('without any master commands fail in time, and go on once the masters are back', async () => {
  await withStore(async (store) => {
    await Promise.all(cluster.masters.map((server) => server.kill()));
    // Those that are sent while nothing is known of it, and those that are sent later.
    for (let round = 0; round < 2; round += 1) {
      const asked = Promise.all([expectOutage(store.ready()), expectOutage(store.sessions.get('some', NOW))]);
      expect(await inTime(asked, 20_000)).not.toBeNull();
    }
    await Promise.all(cluster.masters.map((server) => server.restart()));
    await until('it is ready', () =>
      store.ready().then(
        () => true,
        () => false,
      ),
    );
    await until('it answers', () =>
      store.sessions.get('some', NOW).then(
        (read) => read === null,
        () => false,
      ),
    );
  });
});

async function expectOutage(work: Promise<unknown>): Promise<void> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(isOutage(error)).toBe(true);
}

async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
  const store = new Store({ url: cluster.url, dataKeys: [KEY] });
  try {
    await store.ready();
    await work(store);
  } finally {
    await store.close();
  }
}
