import { afterAll, beforeAll, expect, test } from 'vitest';

import { ALICE, BOB, CAROL, DID, draft, Fixture, pinDraft, startOf, STRANGER } from './fixture.js';

/** The real clock: what is kept expires by it. */
const NOW = Date.now();

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());

test('controllers are on the board while they report, and leave it', async () => {
  const { board } = fixture.store();
  const report = { host: 'one', version: '1', startedAt: NOW - 1_000, at: NOW, nodes: [] };
  await board.report({ ...report, id: 'a' });
  await board.report({ ...report, id: 'b', startedAt: NOW - 2_000 });
  expect((await board.read(NOW)).map(({ id }) => id)).toEqual(['b', 'a']);
  await board.report({ ...report, id: 'a', at: NOW + 19_000 });
  expect((await board.read(NOW + 21_000)).map(({ id }) => id)).toEqual(['a']);
  // What a dead one left is gone for good.
  expect((await board.read(NOW)).map(({ id }) => id)).toEqual(['a']);
  await board.leave('a');
  expect(await board.read(NOW)).toEqual([]);
});

test('the load of a number is what lives on it, and who cools off after that', async () => {
  const store = await fixture.fresh(DID);
  const cooling = { virtualNumberCooloffPeriod: 60 };
  const first = await store.sessions.create(
    draft({ now: NOW, settings: cooling, pin: pinDraft({ first: '4711', second: '081520' }) }),
  );
  const second = await store.sessions.create(draft({ now: NOW, firstParty: CAROL, secondParty: STRANGER }));
  await store.calls.begin(startOf(first, 'call-1', { startedAt: NOW, claimUntil: NOW + 60_000 }), NOW);
  const load = async (at: number) => (await store.numberLoads.of([DID], at))[0];
  expect(await load(NOW)).toEqual({
    ...{ sessions: 2, calls: 1, coolingOff: 0, isOpen: false },
    pins: [
      { length: 4, live: 1 },
      { length: 6, live: 1 },
    ],
  });
  await store.sessions.end(first.id, NOW + 1_000);
  await store.sessions.end(second.id, NOW + 1_000);
  expect(await load(NOW + 2_000)).toMatchObject({ sessions: 0, coolingOff: 1, pins: [] });
  expect(await load(NOW + 62_000)).toMatchObject({ coolingOff: 0 });
});

test('a session that expires by itself cools off as well, and one that is extended does later', async () => {
  const store = await fixture.fresh(DID);
  const settings = { virtualNumberCooloffPeriod: 60, sessionExpiry: 100 };
  const { id } = await store.sessions.create(
    draft({ now: NOW, firstParty: ALICE, secondParty: BOB, settings }),
  );
  const cooling = async (at: number) => (await store.numberLoads.of([DID], at))[0]?.coolingOff;
  expect(await cooling(NOW + 90_000)).toBe(0);
  expect(await cooling(NOW + 110_000)).toBe(1);
  await store.sessions.update(id, { sessionExpiry: 300 }, NOW + 10_000);
  expect(await cooling(NOW + 110_000)).toBe(0);
  expect(await cooling(NOW + 330_000)).toBe(1);
  expect(await cooling(NOW + 380_000)).toBe(0);
});
