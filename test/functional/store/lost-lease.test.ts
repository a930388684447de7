import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { HoldProof } from '../../../src/lease-holder.js';
import type { Store } from '../../../src/store/index.js';
import { DID, Fixture, NOW } from './fixture.js';

const ENDPOINT = '10.0.0.1:8021';

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start();
  store = fixture.store();
});
afterAll(() => fixture.stop());
beforeEach(() => fixture.raw.flushall());

/** Two holders of one node, one after the other: the first was stopped for longer than its lease lasts. */
async function twoHolders(): Promise<{ stale: HoldProof; current: HoldProof }> {
  const first = (await store.leases.acquire(ENDPOINT, 'one', 60_000))!;
  // What a lapse does.
  await fixture.raw.del(`maskline:{lease:${ENDPOINT}}`);
  const second = (await store.leases.acquire(ENDPOINT, 'two', 60_000))!;
  return {
    stale: { endpoint: ENDPOINT, fence: first.fence },
    current: { endpoint: ENDPOINT, fence: second.fence },
  };
}

const LOST = { code: 'ERR_LEASE_LOST' };

describe('a holder that lost its lease, once the next one was there', () => {
  test('takes no call to originate, and confirms no end of one', async () => {
    const { stale, current } = await twoHolders();
    await store.originations.push({ interactionId: 'a', sessionId: 's', number: DID }, NOW);
    await store.originations.confirm(current);
    await expect(store.originations.claim(NOW, stale)).rejects.toMatchObject(LOST);
    await expect(store.originations.confirm(stale)).rejects.toMatchObject(LOST);
    expect((await store.originations.claim(NOW, current)).job?.interactionId).toBe('a');
  });

  test('reads no command and answers none: it may be another one by now', async () => {
    const { stale, current } = await twoHolders();
    const command = { uuid: 'leg', call: 'call', cause: 'MANAGER_REQUEST', until: NOW };
    await store.commands.push('node-1', command);
    expect(await store.commands.waiting('node-1', stale)).toEqual([command]);
    expect(await store.commands.waiting('node-1', current)).toEqual([command]);
    await expect(store.commands.waiting('node-1', stale)).rejects.toMatchObject(LOST);
    await expect(store.commands.settle('node-1', 'leg', null, stale)).rejects.toMatchObject(LOST);
    expect(await store.commands.waiting('node-1', current)).toEqual([command]);
    expect(await store.commands.outcome('node-1', 'leg')).toBeNull();
  });

  test('moves no sighting back, and concludes nothing', async () => {
    const { stale, current } = await twoHolders();
    await store.nodes.noteSeen('node-1', NOW, stale);
    await store.nodes.confirm('node-1', current);
    await expect(store.nodes.noteSeen('node-1', NOW - 30_000, stale)).rejects.toMatchObject(LOST);
    await expect(store.nodes.confirm('node-1', stale)).rejects.toMatchObject(LOST);
    expect(await store.nodes.lastSeen('node-1')).toBe(NOW);
  });
});

test('the holder of one node is not measured by the lease of another', async () => {
  const { stale, current } = await twoHolders();
  const older = { endpoint: '10.0.0.2:8021', fence: stale.fence - 1 };
  await store.originations.confirm(current);
  await store.nodes.confirm('node-1', current);
  await store.originations.confirm(older);
  // A name that moved to another machine.
  await store.nodes.confirm('node-1', older);
});

test('a lease tells when it lapses', async () => {
  expect(await store.leases.lapsesIn(ENDPOINT)).toBe(0);
  await store.leases.acquire(ENDPOINT, 'one', 60_000);
  const left = await store.leases.lapsesIn(ENDPOINT);
  expect(left).toBeGreaterThan(30_000);
  expect(left).toBeLessThanOrEqual(60_000);
});
