import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import type { SessionDraft } from '../../../src/masking/session-draft.js';
import { StoreUnavailableError } from '../../../src/store/errors.js';
import { numberKey } from '../../../src/store/keys.js';
import { Store } from '../../../src/store/index.js';
import { RedisCluster, type SlotMove } from '../../helpers/redis-cluster.js';
import {
  addressOf,
  ALICE,
  ANONYMOUS,
  BOB,
  CAROL,
  did,
  draft,
  from,
  KEY,
  leg,
  NOW,
  pinDraft,
  startOf,
  STRANGER,
} from './fixture.js';

const PINS = { first: '918273645', second: '192837465' };

let cluster: RedisCluster;
let store: Store;
beforeAll(async () => {
  cluster = await RedisCluster.start();
}, 60_000);
beforeEach(async () => {
  store = new Store({ url: cluster.url, dataKeys: [KEY] });
  await store.ready();
});
afterEach(() => store.close());
afterAll(() => cluster.stop());

let next = 0;

/** A number with a session, and its slot on the way to another master with the keys for which `goes` says so. */
async function onTheWay(
  goes: (key: string, number: E164) => boolean,
): Promise<{ number: E164; session: MaskingSession; move: SlotMove }> {
  next += 1;
  const number = `+1555000910${next}` as E164;
  await store.numbers.add(did(number));
  const session = await store.sessions.create(draft({ pin: pinDraft(PINS), virtualNumber: number }));
  const slot = await cluster.slotOf(numberKey(number));
  const from = await cluster.masterOf(slot);
  const move = await cluster.beginMove(
    slot,
    cluster.masters.find((server) => server !== from)!,
  );
  const there = await move.left(1_000);
  const gone = there.filter((key) => goes(key, number));
  expect(gone.length).toBeGreaterThan(0);
  expect(gone.length).toBeLessThan(there.length);
  await move.keys(gone);
  return { number, session, move };
}

describe.each([
  { what: 'the record of the number is there, the rest is not', goes: isRecord },
  { what: 'the rest is there, the record of the number is not', goes: isNoRecord },
])('$what yet', ({ goes }) => {
  test('nobody is told what half of the keys would say, and no half of a change is made', async () => {
    const { number, session, move } = await onTheWay(goes);
    const attempts = await Promise.allSettled([
      store.calls.route(number, from(ALICE), NOW),
      store.calls.checkPin(number, ANONYMOUS, PINS.first, NOW),
      store.sessions.create(rival(number)),
      store.calls.begin(startOf(session, 'call-1'), NOW),
      store.sessions.get(session.id, NOW),
      store.sessions.end(session.id, NOW),
      store.sessions.update(session.id, { ringTimeout: 20 }, NOW),
    ]);
    for (const attempt of attempts) {
      expect(attempt.status).toBe('rejected');
      if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(StoreUnavailableError);
    }
    await move.finish();

    const known = await store.calls.route(number, from(ALICE), NOW);
    expect(known.matched?.session).toEqual(session);
    expect((await store.calls.route(number, from(BOB), NOW)).matched?.session.id).toBe(session.id);
    expect((await store.calls.route(number, from(CAROL), NOW)).matched).toBeNull();
    expect(await store.calls.checkPin(number, ANONYMOUS, PINS.first, NOW)).toMatchObject({
      match: { session: { id: session.id } },
    });
    await expect(store.sessions.create(rival(number))).rejects.toMatchObject({ code: 'ERR_PIN_TAKEN' });
    expect((await store.sessions.get(session.id, NOW))?.interactions).toEqual([]);
    expect(await store.calls.begin(startOf(session, 'call-2'), NOW)).toBe('begun');
    for (const role of ['a', 'b'] as const)
      await store.calls.finishLeg(addressOf(session, 'call-2'), leg(role, `leg-${number}-${role}`));
    expect((await store.sessions.get(session.id, NOW))?.interactions).toHaveLength(1);
  });

  test('who asks meanwhile is answered once the slot has come', async () => {
    const { number, session, move } = await onTheWay(goes);
    const asked = Promise.all([
      store.calls.route(number, from(ALICE), NOW),
      store.calls.begin(startOf(session, 'call-1'), NOW),
    ]);
    await sleep(200);
    await move.finish();
    const [route, begun] = await asked;
    expect(route.matched?.session.id).toBe(session.id);
    expect(begun).toBe('begun');
  });
});

/** Of others, with the same PINs. */
function rival(number: E164): SessionDraft {
  return draft({ firstParty: CAROL, secondParty: STRANGER, pin: pinDraft(PINS), virtualNumber: number });
}

function isRecord(key: string, number: E164): boolean {
  return key === numberKey(number);
}

function isNoRecord(key: string, number: E164): boolean {
  return !isRecord(key, number);
}
