import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  ALICE,
  ANONYMOUS,
  BOB,
  CAROL,
  did,
  DID,
  draft,
  Fixture,
  NOW,
  pinDraft,
  startOf,
  STRANGER,
} from './fixture.js';
import { FIRST_PIN, fullLife, SECOND_PIN, WRONG_PIN } from './life.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());

/** Every key with everything in it, as one text each. */
async function dump(): Promise<string[]> {
  const texts: string[] = [];
  for (const key of await fixture.raw.keys('*')) {
    const type = await fixture.raw.type(key);
    const value =
      type === 'string'
        ? await fixture.raw.get(key)
        : type === 'hash'
          ? await fixture.raw.hgetall(key)
          : type === 'zset'
            ? await fixture.raw.zrange(key, '0', '-1', 'WITHSCORES')
            : type === 'set'
              ? await fixture.raw.smembers(key)
              : type === 'stream'
                ? await fixture.raw.xrange(key, '-', '+')
                : await fixture.raw.lrange(key, 0, -1);
    texts.push(`${key} ${JSON.stringify(value)}`);
  }
  return texts;
}

test("no party's number, PIN or URL is in Redis or its file in clear, wherever a session has been", async () => {
  const store = fixture.store();
  const session = await fullLife(store);
  // Another interaction is left running, so that its entries are seen too.
  expect(await store.calls.begin(startOf(session, 'call-3'), NOW)).toBe('begun');
  const secrets = [
    ...[ALICE, BOB, CAROL, STRANGER].map((number) => number.slice(2)),
    ...[FIRST_PIN, SECOND_PIN, WRONG_PIN, 'callback.example'],
  ];
  const texts = await dump();
  expect(texts.length).toBeGreaterThan(20);
  expect(texts.some((text) => text.includes(DID))).toBe(true);
  expect(texts.some((text) => text.includes('call-3'))).toBe(true);
  // The append-only file holds every write, also of what is gone by now.
  const folder = join(fixture.redis.dir, 'appendonlydir');
  for (const file of await readdir(folder)) texts.push(await readFile(join(folder, file), 'latin1'));
  for (const text of texts) {
    for (const secret of secrets)
      expect(text.includes(secret), `${secret} in ${text.slice(0, 500)}`).toBe(false);
  }
});

test('a short PIN is no key, field, member or value either', async () => {
  await fixture.raw.flushall();
  const store = fixture.store();
  await store.numbers.add(did(DID));
  await store.sessions.create(draft({ pin: pinDraft({ first: '4711', second: '0815' }) }));
  await store.calls.checkPin(DID, ANONYMOUS, '0816', NOW);
  const parts = (await dump()).flatMap((text) => text.split(/[^0-9A-Za-z_+-]+/));
  expect(parts).toContain(DID);
  for (const pin of ['4711', '0815', '0816']) expect(parts).not.toContain(pin);
});
