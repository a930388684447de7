import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { LeaseRepository } from '../../../src/store/index.js';
import { Fixture } from './fixture.js';

let fixture: Fixture;
let leases: LeaseRepository;
beforeAll(async () => {
  fixture = await Fixture.start();
  leases = fixture.store().leases;
});
afterAll(() => fixture.stop());
beforeEach(() => fixture.raw.flushall());

test('one controller has a node at a time, and fences only grow', async () => {
  const first = (await leases.acquire('node-1', 'one', 60_000))!;
  expect(await leases.acquire('node-1', 'two', 60_000)).toBeNull();
  expect(await leases.acquire('node-2', 'two', 60_000)).not.toBeNull();
  expect(await leases.release('node-1', 'two', first)).toBe(false);
  expect(await leases.renew('node-1', 'one', first, 60_000)).toBe(true);
  expect(await leases.release('node-1', 'one', first)).toBe(true);
  const second = (await leases.acquire('node-1', 'two', 60_000))!;
  expect(second.fence).toBeGreaterThan(first.fence);
  expect(await leases.renew('node-1', 'one', first, 60_000)).toBe(false);
});

test('its own holder gets it with a new fence, and the old one is no good any more', async () => {
  const before = (await leases.acquire('node-1', 'one', 60_000))!;
  const after = (await leases.acquire('node-1', 'one', 60_000))!;
  expect(after.fence).toBeGreaterThan(before.fence);
  expect(await leases.renew('node-1', 'one', before, 60_000)).toBe(false);
  expect(await leases.release('node-1', 'one', before)).toBe(false);
  expect(await leases.renew('node-1', 'one', after, 60_000)).toBe(true);
});

test('it is passed to one controller by name, who acquires it with a fence of its own', async () => {
  const first = (await leases.acquire('node-1', 'one', 60_000))!;
  expect(await leases.pass('node-1', 'two', first, 'three', 60_000)).toBe(false);
  expect(await leases.pass('node-1', 'one', first, 'two', 60_000)).toBe(true);
  expect(await leases.renew('node-1', 'one', first, 60_000)).toBe(false);
  expect(await leases.acquire('node-1', 'one', 60_000)).toBeNull();
  expect(await leases.acquire('node-1', 'three', 60_000)).toBeNull();
  const second = (await leases.acquire('node-1', 'two', 60_000))!;
  expect(second.fence).toBeGreaterThan(first.fence);
  expect(await leases.pass('node-1', 'one', first, 'three', 60_000)).toBe(false);
});

test('one to whom it was passed and who is not there loses it in time', async () => {
  const first = (await leases.acquire('node-1', 'one', 60_000))!;
  await leases.pass('node-1', 'one', first, 'gone', 20);
  while ((await fixture.raw.exists('maskline:{lease:node-1}')) === 1) await sleep(5);
  expect((await leases.acquire('node-1', 'one', 60_000))!.fence).toBeGreaterThan(first.fence);
});

test('it lapses, and is renewed for the time that is asked', async () => {
  const lease = (await leases.acquire('node-1', 'one', 20))!;
  while ((await fixture.raw.exists('maskline:{lease:node-1}')) === 1) await sleep(5);
  expect(await leases.renew('node-1', 'one', lease, 60_000)).toBe(false);
  const next = (await leases.acquire('node-1', 'two', 1_000))!;
  expect(next.fence).toBeGreaterThan(lease.fence);
  await leases.renew('node-1', 'two', next, 60_000);
  expect(await fixture.raw.pttl('maskline:{lease:node-1}')).toBeGreaterThan(1_000);
});

test('fences grow also when the last ones were lost in a fail-over', async () => {
  const lease = (await leases.acquire('node-1', 'one', 60_000))!;
  await fixture.raw.flushall();
  await sleep(2);
  expect((await leases.acquire('node-1', 'two', 60_000))!.fence).toBeGreaterThan(lease.fence);
});

test('of twenty controllers at once one gets it', async () => {
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) => leases.acquire('node-1', `controller-${index}`, 60_000)),
  );
  expect(results.filter((lease) => lease !== null)).toHaveLength(1);
});
