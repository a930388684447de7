import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { NodeRepository } from '../../../src/store/index.js';
import { PROOF } from '../../helpers/hold.js';
import { Fixture, NOW } from './fixture.js';

const KEY = 'maskline:{nodes}';
const ONE = '127.0.0.1:8021';
const OTHER = '127.0.0.1:8022';
const WEEK = 7 * 24 * 3_600_000;

let fixture: Fixture;
let nodes: NodeRepository;
beforeAll(async () => {
  fixture = await Fixture.start();
  nodes = fixture.store().nodes;
});
afterAll(() => fixture.stop());
beforeEach(() => fixture.raw.flushall());

/** Redis's clock, in milliseconds since the epoch. */
async function redisNow(): Promise<number> {
  const [seconds, micros] = await fixture.raw.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

describe('remember', () => {
  test('answers every name that the endpoint has had, the one it has first', async () => {
    expect(await nodes.remember(ONE, 'a')).toEqual(['a']);
    expect(await nodes.remember(ONE, 'b')).toEqual(['b', 'a']);
    expect(await nodes.remember(ONE, 'a')).toEqual(['a', 'b']);
    expect(await nodes.remember(OTHER, 'c')).toEqual(['c']);
    expect(await nodes.remember(ONE, 'a')).toEqual(['a', 'b']);
  });

  test('tells which names an endpoint has, also to whoever does not know its name', async () => {
    await nodes.remember(ONE, 'a');
    await nodes.remember(ONE, 'b');
    await nodes.remember(OTHER, 'c');
    expect((await nodes.namesOf(ONE)).sort()).toEqual(['a', 'b']);
    await nodes.remember(OTHER, 'b');
    expect(await nodes.namesOf(ONE)).toEqual(['a']);
    expect(await nodes.namesOf('127.0.0.1:8023')).toEqual([]);
  });

  test('gives a name to the endpoint that had it last', async () => {
    await nodes.remember(ONE, 'a');
    expect(await nodes.remember(OTHER, 'a')).toEqual(['a']);
    expect(await nodes.remember(ONE, 'b')).toEqual(['b']);
    expect(await nodes.remember(OTHER, 'a')).toEqual(['a']);
  });

  test('forgets a name a week after it was last noted, and everything when nobody asks for a week', async () => {
    const now = await redisNow();
    await fixture.raw.hset(KEY, 'old', `${now - WEEK}|${ONE}`, 'older', `${now - 2 * WEEK}|${OTHER}`);
    await fixture.raw.hset(KEY, 'young', `${now - WEEK + 60_000}|${ONE}`);
    expect(await nodes.remember(ONE, 'a')).toEqual(['a', 'young']);
    expect((await fixture.raw.hkeys(KEY)).sort()).toEqual(['a', 'young']);
    const ttl = await fixture.raw.pttl(KEY);
    expect(ttl).toBeGreaterThan(WEEK - 60_000);
    expect(ttl).toBeLessThanOrEqual(WEEK);
    expect(await nodes.remember(ONE, 'young')).toEqual(['young', 'a']);
    expect(await fixture.raw.hget(KEY, 'young')).not.toBe(`${now - WEEK + 60_000}|${ONE}`);
  });

  test('keeps the newest 32', async () => {
    const now = await redisNow();
    for (let index = 0; index < 40; index += 1) {
      await fixture.raw.hset(KEY, `name-${index}`, `${now - 100_000 + index}|${ONE}`);
    }
    await fixture.raw.hset(KEY, 'elsewhere', `${now - 200_000}|${OTHER}`);
    const names = await nodes.remember(ONE, 'a');
    expect(names).toEqual(['a', ...Array.from({ length: 31 }, (_, index) => `name-${39 - index}`)]);
    expect(await fixture.raw.hlen(KEY)).toBe(33);
  });
});

test('a sighting is per node, the newest that was noted, and lapses', async () => {
  expect(await nodes.lastSeen('a')).toBeNull();
  await nodes.noteSeen('a', NOW, PROOF);
  await nodes.noteSeen('a', NOW + 15_000, PROOF);
  await nodes.noteSeen('b', NOW + 1, PROOF);
  expect(await nodes.lastSeen('a')).toBe(NOW + 15_000);
  expect(await nodes.lastSeen('b')).toBe(NOW + 1);
  expect(await fixture.raw.pttl('maskline:{live:a}:seen')).toBeGreaterThan(WEEK - 60_000);
});
