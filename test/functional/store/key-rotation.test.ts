import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import {
  ALICE,
  BOB,
  did,
  DID,
  draft,
  Fixture,
  from,
  KEY,
  NOW,
  OTHER_KEY,
  pinDraft,
  STRANGER,
  UNGUARDED,
} from './fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(() => fixture.raw.flushall());

test('what the old key wrote is found, guarded and counted under the new one', async () => {
  const limits = { ...UNGUARDED, callerLimit: 2, remember: 86_400_000 };
  const before = fixture.store({ dataKeys: [KEY], pinGuard: limits });
  await before.numbers.add(did(DID));
  const session = await before.sessions.create(draft({ pin: pinDraft({ first: '1234', second: '4321' }) }));
  for (let guess = 0; guess < 2; guess += 1) await before.calls.checkPin(DID, from(STRANGER), '0000', NOW);

  const after = fixture.store({ dataKeys: [OTHER_KEY, KEY], pinGuard: limits });
  expect((await after.calls.route(DID, from(BOB), NOW)).matched).toEqual({ session, party: 'second' });
  expect((await after.calls.route(DID, from(STRANGER), NOW)).refusedUntil).toBe(NOW + 25 * 3_600_000);
  expect((await after.calls.checkPin(DID, from(STRANGER), '1234', NOW)).result).toBe('refused');
  expect((await after.calls.checkPin(DID, from(ALICE), '1234', NOW)).result).toBe('matched');
  await expect(after.sessions.create(draft(), { choose: () => [DID] })).rejects.toMatchObject({
    code: 'ERR_NUMBER_POOL_EXHAUSTED',
  });
  const samePin = draft({
    firstParty: '+15550001011' as typeof ALICE,
    secondParty: '+15550001012' as typeof ALICE,
    pin: pinDraft({ first: '4321', second: '9999' }),
  });
  await expect(after.sessions.create(samePin)).rejects.toMatchObject({ code: 'ERR_PIN_TAKEN' });

  const renewed = await after.sessions.create(draft({ now: session.expiresAt }));
  for (const keys of [[OTHER_KEY], [OTHER_KEY, KEY], [KEY, OTHER_KEY]]) {
    const { matched } = await fixture
      .store({ dataKeys: keys })
      .calls.route(DID, from(ALICE), session.expiresAt);
    expect(matched?.session.id).toBe(renewed.id);
  }
});

test('without the key that sealed it a session is an error, not a session', async () => {
  const before = fixture.store({ dataKeys: [KEY] });
  await before.numbers.add(did(DID));
  const { id } = await before.sessions.create(draft());
  const after = fixture.store({ dataKeys: [OTHER_KEY] });
  await expect(after.sessions.get(id, NOW)).rejects.toMatchObject({ code: 'ERR_UNREADABLE_DOCUMENT' });
  expect((await after.calls.route(DID, from(ALICE), NOW)).matched).toBeNull();
});
