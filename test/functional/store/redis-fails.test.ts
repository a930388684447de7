import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import { ALICE, did, DID, draft, Fixture, from, NOW, startOf } from './fixture.js';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.stop());

describe('Redis is killed with kill -9', () => {
  test('every create, claim and number that was acknowledged is there afterwards', async () => {
    const store = fixture.store();
    await store.numbers.add(did(DID));
    const acknowledged: string[] = [];
    const person = (side: number, index: number): E164 => `+1555${side}${String(100_000 + index)}` as E164;
    // Creates go on until the server is gone in the middle of them.
    const creating = (async () => {
      for (let index = 0; ; index += 1) {
        const wanted = draft({ firstParty: person(2, index), secondParty: person(3, index) });
        const session = await store.sessions.create(wanted);
        acknowledged.push(session.id);
      }
    })();
    const outcome = creating.catch((error: unknown) => error as { code?: string });
    while (acknowledged.length < 20) await new Promise((resolve) => setImmediate(resolve));
    await fixture.redis.kill();
    expect(await outcome).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    await fixture.redis.restart();
    const after = fixture.store();
    expect(await after.numbers.get(DID)).toEqual(did(DID));
    for (const id of acknowledged) {
      const read = await after.sessions.get(id, NOW);
      expect(read?.session.id).toBe(id);
      const { matched } = await after.calls.route(DID, from(read!.session.firstParty), NOW);
      expect(matched?.session.id).toBe(id);
    }
    // Also of those that were not: nothing exists that its id does not lead to.
    for (const key of await fixture.raw.keys(`maskline:{${DID}}:session:*`)) {
      const id = key.split(':').at(-1)!;
      expect((await after.sessions.get(id, NOW))?.session.id).toBe(id);
    }
  });

  test('questions fail fast while it is down, and are answered by the same store once it is back', async () => {
    const store = fixture.store();
    await store.numbers.add(did(DID));
    const session = await store.sessions.create(draft());
    await store.calls.begin(startOf(session, 'call-1'), NOW);
    await fixture.redis.kill();
    await expect(store.calls.route(DID, from(ALICE), NOW)).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    await expect(store.ready()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    await fixture.redis.restart();
    const routes = await eventually(() => store.calls.route(DID, from(ALICE), NOW));
    expect(routes.matched?.session.id).toBe(session.id);
    expect(await store.calls.begin(startOf(session, 'call-2'), NOW)).toBe('busy');
  });
});

test('Redis hangs with its sockets open: questions fail at their deadline, and go on when it does', async () => {
  const store = fixture.store({ commandTimeout: 200 });
  await store.numbers.add(did(DID));
  fixture.redis.pause();
  await expect(store.calls.route(DID, from(ALICE), NOW)).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
  });
  fixture.redis.resume();
  const routes = await eventually(() => store.calls.route(DID, from(ALICE), NOW));
  expect(routes.number).toEqual(did(DID));
});

test('close ends a store whose Redis is gone', async () => {
  const store = fixture.store();
  await store.ready();
  await fixture.redis.kill();
  await store.close();
  await expect(store.ready()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
});

/** Asks until the store has its connection again; the test's own limit ends it otherwise. */
async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_STORE_UNAVAILABLE') throw error;
    }
  }
}
