import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { AuditEntry } from '../../../src/masking/audit.js';
import { Fixture } from './fixture.js';

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 10, 23, 12);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(() => fixture.raw.flushall());

function entry(at: number, changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    ...{
      id: randomUUID(),
      at,
      who: 'MAXXXXXXXXXXXXXXXXXX',
      account: 'MAXXXXXXXXXXXXXXXXXX',
      peer: '192.0.2.7',
    },
    ...{ requestId: '', action: 'createSession', target: '', fields: ['first_party'], status: null },
    ...changes,
  };
}

const ALL = { gte: NOON - 30 * DAY, lt: NOON + 1, limit: 20, offset: 0 };

test('an entry is there before its outcome, with it afterwards, and once', async () => {
  const { audit } = fixture.store();
  const change = entry(NOON, { requestId: 'order-7', account: 'SAXXXXXXXXXXXXXXXXXX' });
  await audit.enter(change);
  expect(await audit.list(ALL)).toEqual({ entries: [change], total: 1 });
  const outcome = { status: 201, target: randomUUID() };
  await audit.settle(change, outcome);
  expect(await audit.list(ALL)).toEqual({ entries: [{ ...change, ...outcome }], total: 1 });
  // Told twice, by a request that was answered twice: no second entry.
  await audit.settle(change, outcome);
  expect((await audit.list(ALL)).total).toBe(1);
});

test('a change that was refused leaves no entry; one that failed does', async () => {
  const { audit } = fixture.store();
  for (const status of [400, 403, 404, 409, 500]) {
    const change = entry(NOON);
    await audit.enter(change);
    await audit.settle(change, { status, target: '' });
  }
  expect((await audit.list(ALL)).entries.map(({ status }) => status).sort()).toEqual([409, 500]);
});

test('pages go over days, newest first, with exact totals, also with filters', async () => {
  const { audit } = fixture.store();
  const all: AuditEntry[] = [];
  for (let n = 0; n < 60; n += 1) {
    const change = entry(NOON - n * (DAY / 4) - n, {
      action: n % 3 === 0 ? 'updateSession' : 'createSession',
    });
    await audit.enter(change);
    all.push(change);
  }
  const read: AuditEntry[] = [];
  for (let offset = 0; offset < 60; offset += 7) {
    const { entries, total } = await audit.list({ ...ALL, limit: 7, offset });
    expect(total).toBe(60);
    read.push(...entries);
  }
  expect(read).toEqual(all);
  const updates = all.filter(({ action }) => action === 'updateSession');
  const page = await audit.list({ ...ALL, action: 'updateSession', limit: 5, offset: 3 });
  expect(page).toEqual({ entries: updates.slice(3, 8), total: 20 });
  const window = await audit.list({ ...ALL, gte: all[10]!.at, lt: all[4]!.at });
  expect(window).toEqual({ entries: all.slice(5, 11), total: 6 });
  expect((await audit.list({ ...ALL, outcome: 'done' })).total).toBe(0);
});

test('a day is kept for the retention from its end on, and no longer', async () => {
  const { audit } = fixture.store({ audit: { retention: 30 * DAY } });
  await audit.enter(entry(NOON));
  const [key = ''] = await fixture.raw.keys('*audit*');
  const ttl = await fixture.raw.pttl(key);
  expect(ttl).toBeGreaterThan(30.5 * DAY - 60_000);
  expect(ttl).toBeLessThanOrEqual(30.5 * DAY);
});

test('a retention that was changed holds for the day that has begun', async () => {
  await fixture.store({ audit: { retention: 30 * DAY } }).audit.enter(entry(NOON));
  await fixture.store({ audit: { retention: 10 * DAY } }).audit.enter(entry(NOON));
  const [key = ''] = await fixture.raw.keys('*audit*');
  expect(await fixture.raw.pttl(key)).toBeLessThanOrEqual(10.5 * DAY);
});

test('outcomes that come together are all written', async () => {
  const { audit } = fixture.store();
  const all = Array.from({ length: 150 }, (_, n) => entry(NOON - 150 + n));
  await Promise.all(all.map((change) => audit.enter(change)));
  await Promise.all(
    all.map((change, n) => audit.settle(change, { status: n % 3 === 0 ? 400 : 201, target: '' })),
  );
  const { entries, total } = await audit.list({ ...ALL, limit: 200 });
  expect(total).toBe(100);
  expect(entries.every(({ status }) => status === 201)).toBe(true);
});

test('a day holds a bounded number of entries: the oldest give way, and that is told', async () => {
  const lost: number[] = [];
  const { audit } = fixture.store({ audit: { mostPerDay: 5, onLost: (entries) => lost.push(entries) } });
  const all = Array.from({ length: 8 }, (_, n) => entry(NOON - 8 + n));
  for (const change of all) await audit.enter(change);
  expect((await audit.list(ALL)).entries).toEqual(all.slice(3).reverse());
  expect(lost).toEqual([1, 1, 1]);
  // What gave way does not come back with its outcome.
  await audit.settle(all[0]!, { status: 201, target: '' });
  expect((await audit.list(ALL)).total).toBe(5);
});

test('entries take a bounded amount of memory', async () => {
  const { audit } = fixture.store();
  const used = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await fixture.raw.info('memory'))?.[1]);
  const before = await used();
  for (let n = 0; n < 5_000; n += 100) {
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const change = entry(NOON - n, { fields: ['callback_url', 'first_party', 'second_party'] });
        await audit.enter(change);
        await audit.settle(change, { status: 201, target: randomUUID() });
      }),
    );
  }
  const bytes = ((await used()) - before) / 5_000;
  process.stdout.write(`an audit entry takes ${bytes.toFixed(0)} bytes\n`);
  expect(bytes).toBeLessThan(600);
});
