import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { interactionObject } from '../../../src/api/sessions/interaction-object.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { Store } from '../../../src/store/index.js';
import {
  addressOf,
  ALICE,
  ANONYMOUS,
  BOB,
  CAROL,
  did,
  DID,
  DID2,
  draft,
  Fixture,
  from,
  heard,
  leg,
  NOW,
  pinDraft,
  startOf,
  STRANGER,
} from './fixture.js';

const DAVE = '+15550001004' as E164;
let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh(DID);
});

describe('route', () => {
  test('a number that is not ours', async () => {
    expect(await store.calls.route(STRANGER, from(ALICE), NOW)).toEqual({
      number: null,
      matched: null,
      pinGate: null,
      open: null,
      unknownCallerPlay: '',
      refusedUntil: null,
      callerIsOurs: false,
    });
  });

  test('a registered caller leads to the session and party, a stranger and a withheld caller do not', async () => {
    const session = await store.sessions.create(draft());
    const first = await store.calls.route(DID, from(ALICE), NOW);
    expect(first.number).toEqual(did(DID));
    expect(first.matched).toEqual({ session, party: 'first' });
    expect((await store.calls.route(DID, from(BOB), NOW)).matched).toEqual({ session, party: 'second' });
    expect((await store.calls.route(DID, from(STRANGER), NOW)).matched).toBeNull();
    expect((await store.calls.route(DID, ANONYMOUS, NOW)).matched).toBeNull();
  });

  test('expiry is decided by the clock that asks', async () => {
    const { expiresAt } = await store.sessions.create(
      draft({
        pin: pinDraft({ first: '1234', second: '4321' }),
        settings: { unknownCallerPlay: 'https://x.example/u.wav' },
      }),
    );
    const before = await store.calls.route(DID, from(ALICE), expiresAt - 1);
    expect(before.matched).not.toBeNull();
    expect(before.pinGate).not.toBeNull();
    const after = await store.calls.route(DID, from(ALICE), expiresAt);
    expect(after.matched).toBeNull();
    expect(after.pinGate).toBeNull();
  });

  test('the gate is that of the newest live PIN session, with the lengths of all live PINs', async () => {
    const prompt = (name: string): string => `https://prompts.example/${name}.wav`;
    await store.sessions.create(
      draft({
        pin: { ...pinDraft({ first: '1234', second: '123456' }), promptPlay: prompt('old'), retry: 5 },
      }),
    );
    const newest = await store.sessions.create(
      draft({
        firstParty: CAROL,
        secondParty: DAVE,
        now: NOW + 1,
        pin: { ...pinDraft({ first: '11112222', second: '22221111' }), promptPlay: prompt('new'), retry: 2 },
        settings: { sessionExpiry: 60 },
      }),
    );
    const { pinGate } = await store.calls.route(DID, from(STRANGER), NOW + 2);
    expect(pinGate).toEqual({
      promptPlay: prompt('new'),
      incorrectPlay: '',
      retry: 2,
      retryWait: 5,
      lengths: [4, 6, 8],
    });
    for (const later of [newest.expiresAt, newest.expiresAt + 20_000]) {
      const { pinGate: gate } = await store.calls.route(DID, from(STRANGER), later);
      expect(gate).toMatchObject({ promptPlay: prompt('old'), retry: 5, lengths: [4, 6] });
    }
  });

  test('the announcement is that of the newest live session that has one and asks for no PIN', async () => {
    const play = (name: string): { unknownCallerPlay: string } => ({
      unknownCallerPlay: `https://x.example/${name}`,
    });
    await store.sessions.create(draft({ settings: play('old') }));
    await store.numbers.add(did(DID2, { enabled: false }));
    const newer = await store.sessions.create(
      draft({
        firstParty: CAROL,
        secondParty: DAVE,
        now: NOW + 1,
        settings: { ...play('new'), sessionExpiry: 60 },
      }),
    );
    expect((await store.calls.route(DID, ANONYMOUS, NOW + 2)).unknownCallerPlay).toBe(
      'https://x.example/new',
    );
    const later = await store.calls.route(DID, ANONYMOUS, newer.expiresAt);
    expect(later.unknownCallerPlay).toBe('https://x.example/old');
  });

  test('tells when the caller is one of our numbers', async () => {
    await store.numbers.add(did(DID2));
    expect((await store.calls.route(DID, from(DID2), NOW)).callerIsOurs).toBe(true);
    expect((await store.calls.route(DID, from(ALICE), NOW)).callerIsOurs).toBe(false);
  });
});

test('isVirtualNumber tells our numbers, also disabled ones, from all others', async () => {
  await store.numbers.add(did(DID2, { enabled: false }));
  expect(await store.calls.isVirtualNumber(DID)).toBe(true);
  expect(await store.calls.isVirtualNumber(DID2)).toBe(true);
  expect(await store.calls.isVirtualNumber(ALICE)).toBe(false);
  await store.numbers.remove(DID2, NOW);
  expect(await store.calls.isVirtualNumber(DID2)).toBe(false);
});

describe('indexes', () => {
  test('do not keep what has expired', async () => {
    const base = `maskline:{${DID}}`;
    for (let index = 0; index < 30; index += 1) {
      await store.sessions.create(
        draft({ now: NOW + index * 120_000, pin: pinDraft(null), settings: { sessionExpiry: 60 } }),
      );
    }
    expect(await fixture.raw.zcard(`${base}:sessions`)).toBe(1);
    expect(await fixture.raw.zcard(`${base}:gates`)).toBe(1);
    expect(await fixture.raw.zcard(`${base}:pins:4`)).toBe(2);
  });
});

describe('checkPin', () => {
  test("leads to the session and the PIN's party, until it expires", async () => {
    const session = await store.sessions.create(draft({ pin: pinDraft({ first: '1234', second: '4321' }) }));
    expect(await store.calls.checkPin(DID, from(STRANGER), '1234', NOW)).toEqual({
      result: 'matched',
      match: { session, party: 'first' },
    });
    expect(await store.calls.checkPin(DID, ANONYMOUS, '4321', NOW)).toMatchObject({
      result: 'matched',
      match: { party: 'second' },
    });
    expect(await store.calls.checkPin(DID, ANONYMOUS, '4321', session.expiresAt)).toEqual({
      result: 'wrong',
    });
  });
});

describe('begin', () => {
  test('is idempotent by interaction, busy for another, free again once the claim lapsed', async () => {
    const session = await store.sessions.create(draft());
    const start = startOf(session, 'call-1');
    expect(await store.calls.begin(start, NOW)).toBe('begun');
    expect(await store.calls.begin(start, NOW)).toBe('begun');
    expect(await store.calls.begin(startOf(session, 'call-2'), NOW)).toBe('busy');
    expect((await store.sessions.get(session.id, NOW))?.session.inProgress).toBe(true);
    expect((await store.sessions.get(session.id, start.claimUntil))?.session.inProgress).toBe(false);
    const later = startOf(session, 'call-2', { claimUntil: start.claimUntil + 60_000 });
    expect(await store.calls.begin(later, start.claimUntil)).toBe('begun');
    const history = await store.sessions.get(session.id, NOW);
    expect(history?.interactions.map(({ id }) => id)).toEqual(['call-1', 'call-2']);
  });

  test('an interaction that began goes on past the expiry of its session', async () => {
    const session = await store.sessions.create(draft());
    await store.calls.begin(startOf(session, 'call-1'), session.expiresAt - 1);
    expect(await store.calls.begin(startOf(session, 'call-1'), session.expiresAt)).toBe('begun');
    expect(await store.calls.begin(startOf(session, 'call-2'), session.expiresAt)).toBe('gone');
  });

  test('the same interaction prolongs its claim', async () => {
    const session = await store.sessions.create(draft());
    await store.calls.begin(startOf(session, 'call-1'), NOW);
    await store.calls.begin(startOf(session, 'call-1', { claimUntil: NOW + 90_000 }), NOW + 30_000);
    expect(await store.calls.begin(startOf(session, 'call-2'), NOW + 89_999)).toBe('busy');
  });

  test('again leaves the start where it was, in the interaction and on its node', async () => {
    const session = await store.sessions.create(draft());
    const address = addressOf(session, 'call-1');
    await store.calls.begin(startOf(session, 'call-1'), NOW);
    const again = { startedAt: NOW + 20_000, claimUntil: NOW + 90_000 };
    expect(await store.calls.begin(startOf(session, 'call-1', again), NOW + 20_000)).toBe('begun');
    expect((await store.calls.interaction(address))?.startedAt).toBe(NOW);
    expect(await store.calls.liveOn('node-1')).toMatchObject([{ startedAt: NOW }]);
    expect(await store.calls.begin(startOf(session, 'call-2'), NOW + 89_999)).toBe('busy');
    expect(await store.calls.begin(startOf(session, 'call-2'), NOW + 90_000)).toBe('begun');
  });

  test('is gone for a session that expired or is not known, and for an interaction that ended', async () => {
    const session = await store.sessions.create(draft());
    expect(await store.calls.begin(startOf(session, 'call-1'), session.expiresAt)).toBe('gone');
    expect(await store.calls.begin(startOf(session, 'call-1', { sessionId: 'nobody' }), NOW)).toBe('gone');
    await store.calls.begin(startOf(session, 'call-2'), NOW);
    await store.calls.finishLeg(addressOf(session, 'call-2'), leg('a', 'call-2'));
    expect(await store.calls.begin(startOf(session, 'call-2'), NOW)).toBe('gone');
    expect(await store.calls.liveOn('node-1')).toEqual([]);
  });

  test('of twenty calls at once one has the session', async () => {
    const session = await store.sessions.create(draft());
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.calls.begin(startOf(session, `call-${index}`), NOW)),
    );
    expect(results.filter((result) => result === 'begun')).toHaveLength(1);
    expect(results.filter((result) => result === 'busy')).toHaveLength(19);
    expect(await store.calls.liveOn('node-1')).toHaveLength(1);
  });

  test('lists every interaction of a node that has thousands', async () => {
    const entries = Array.from({ length: 2_500 }, (_, index): string[] => [
      `call-${index}`,
      JSON.stringify({ node: 'node-1', interactionId: `call-${index}` }),
    ]);
    await fixture.raw.hset('maskline:{live:node-1}', ...entries.flat());
    const live = await store.calls.liveOn('node-1');
    expect(live).toHaveLength(2_500);
    expect(new Set(live.map(({ interactionId }) => interactionId)).size).toBe(2_500);
  });

  test('lists the interaction on its node until its A leg ended', async () => {
    const session = await store.sessions.create(draft());
    const start = startOf(session, 'call-1');
    await store.calls.begin(start, NOW);
    const { startedAt, claimUntil } = start;
    expect(await store.calls.liveOn('node-1')).toEqual([
      { ...addressOf(session, 'call-1'), accountId: session.accountId, startedAt, claimUntil },
    ]);
    expect(await store.calls.liveInteraction('node-1', 'call-1')).toEqual({
      ...addressOf(session, 'call-1'),
      accountId: session.accountId,
      startedAt,
      claimUntil,
    });
    expect(await store.calls.liveInteraction('node-1', 'call-2')).toBeNull();
    expect(await store.calls.liveInteraction('node-2', 'call-1')).toBeNull();
    expect(await store.calls.liveOn('node-2')).toEqual([]);
    await store.calls.finishLeg(addressOf(session, 'call-1'), leg('b', 'leg-b'));
    expect(await store.calls.liveOn('node-1')).toHaveLength(1);
    await store.calls.finishLeg(addressOf(session, 'call-1'), leg('a', 'call-1'));
    expect(await store.calls.liveOn('node-1')).toEqual([]);
    expect(await store.calls.liveInteraction('node-1', 'call-1')).toBeNull();
  });
});

describe('stage and finishLeg', () => {
  test('a stage never goes backwards, and its instant is kept also when it comes late', async () => {
    const session = await store.sessions.create(draft());
    const address = addressOf(session, 'call-1');
    await store.calls.progress(address, heard('ringing', 'b', 'ringing', NOW));
    expect(await store.calls.interaction(address)).toBeNull();
    await store.calls.begin(startOf(session, 'call-1', { recording: 'abc.mp3' }), NOW);
    await store.calls.progress(address, heard('answered', 'b', 'whispering', NOW + 1));
    await store.calls.progress(address, heard('ringing', 'b', 'ringing', NOW + 2));
    expect(await store.calls.interaction(address)).toMatchObject({ stage: 'whispering', connectedAt: null });
    await store.calls.progress(address, heard('joined', 'a', 'connected', NOW + 3));
    expect(await store.calls.interaction(address)).toMatchObject({
      stage: 'connected',
      connectedAt: NOW + 3,
    });
    await store.calls.finishLeg(address, leg('a', 'call-1', { bridgedAt: null }));
    await store.calls.progress(address, heard('joined', 'a', 'connected', NOW + 4));
    expect(await store.calls.interaction(address)).toMatchObject({
      stage: 'ended',
      connectedAt: NOW + 3,
      endedAt: NOW + 5500,
      endedBy: 'a',
      cause: 'NORMAL_CLEARING',
      recording: 'abc.mp3',
      people: { a: ALICE, b: BOB, aWasCalled: false },
    });
  });

  test('what is heard at once is noted in its order, and told of each', async () => {
    const settings = { callbackUrl: 'https://receiver.example/' };
    const session = await store.sessions.create(draft({ settings }));
    const address = addressOf(session, 'call-1');
    await store.calls.begin(startOf(session, 'call-1'), NOW);
    await store.calls.progress(
      address,
      heard('ringing', 'b', 'ringing', NOW + 1),
      heard('answered', 'b', 'whispering', NOW + 2),
      heard('joined', 'a', 'connected', NOW + 4),
      heard('answered', 'a', null, NOW + 3),
    );
    expect(await store.calls.interaction(address)).toMatchObject({
      stage: 'connected',
      connectedAt: NOW + 4,
    });
    const { entries } = await store.outbox.read(DID, 0, 10);
    expect(entries.map(({ kind, at }) => [kind, at])).toEqual([
      ['ring', NOW + 1],
      ['answer', NOW + 2],
      ['answer', NOW + 3],
    ]);
  });

  test.each([
    ['A before B', ['a', 'b']],
    ['B before A', ['b', 'a']],
  ] as const)('counts each leg once, %s, however often it is written', async (_, order) => {
    const session = await store.sessions.create(draft());
    const address = addressOf(session, 'call-1');
    await store.calls.begin(startOf(session, 'call-1'), NOW);
    const legs = {
      a: leg('a', 'call-1'),
      b: leg('b', 'leg-b', { startedAt: NOW + 100, answeredAt: NOW + 2000, endedAt: NOW + 5001 }),
    };
    const failed = leg('b', 'leg-failed', { startedAt: NOW + 50, answeredAt: null, bridgedAt: null });
    expect(await store.calls.finishLeg(address, failed)).toBe(true);
    for (const role of order) {
      expect(await store.calls.finishLeg(address, legs[role])).toBe(true);
      expect(await store.calls.finishLeg(address, legs[role])).toBe(false);
    }
    const { session: after, interactions } = (await store.sessions.get(session.id, NOW))!;
    // 3.5 s and 3.001 s, both rounded up.
    expect(after.totals).toEqual({ callCount: 2, billedDuration: 8, callAmount: 0 });
    expect(after.inProgress).toBe(false);
    expect(after.lastInteractionAt).toBe(NOW + 5500);
    expect(interactions).toHaveLength(1);
    expect(interactions[0]?.legs).toMatchObject([legs.a, failed, legs.b]);
    expect(interactions[0]).toMatchObject({ stage: 'ended', connectedAt: NOW + 2000 });
  });

  const silent = { answeredAt: null, bridgedAt: null };
  test.each([
    ['A alone, not answered', 1, 0, [leg('a', 'call-1', silent)]],
    ['A alone, answered', 1, 4, [leg('a', 'call-1')]],
    ['A answered, B not', 2, 4, [leg('b', 'leg-b', silent), leg('a', 'call-1')]],
    ['neither answered', 2, 0, [leg('a', 'call-1', silent), leg('b', 'leg-b', silent)]],
    [
      'B over the third trunk',
      2,
      8,
      [leg('b', 'leg-1', silent), leg('b', 'leg-2', silent), leg('b', 'leg-3'), leg('a', 'call-1')],
    ],
  ])('a session counts what its interactions do: %s', async (_, callCount, billedDuration, legs) => {
    const session = await store.sessions.create(draft());
    for (const id of ['call-1', 'call-2']) {
      await store.calls.begin(startOf(session, id), NOW);
      for (const each of legs) await store.calls.finishLeg(addressOf(session, id), each);
      // Told of twice, as by its event and its CDR.
      await store.calls.finishLeg(addressOf(session, id), legs[0]!);
    }
    const { session: after, interactions } = (await store.sessions.get(session.id, NOW))!;
    expect(after.totals).toEqual({
      callCount: 2 * callCount,
      billedDuration: 2 * billedDuration,
      callAmount: 0,
    });
    for (const interaction of interactions) {
      expect(interactionObject(interaction, 'https://masking.example/v1/Account/MA')).toMatchObject({
        total_call_count: callCount,
        call_billed_duration: billedDuration,
      });
    }
  });

  test('what legs cost is kept with them and added up, by the tariff of the moment', async () => {
    const tariff = { callRate: 8_500, increment: 60, minimum: 0, sessionFee: 2 };
    const billing = fixture.store({ tariff });
    const session = await billing.sessions.create(draft());
    expect(session).toMatchObject({ fee: 2, totals: { callAmount: 0 } });
    const address = addressOf(session, 'call-1');
    await billing.calls.finishLeg(address, leg('b', 'leg-b', { endedAt: NOW + 2000 + 61_000 }));
    await billing.calls.finishLeg(address, leg('b', 'leg-b'));
    await store.calls.finishLeg(address, leg('a', 'call-1'));
    const read = await store.sessions.get(session.id, NOW);
    expect(read?.session.fee).toBe(2);
    expect(read?.session.totals).toEqual({ callCount: 2, billedDuration: 124, callAmount: 17_000 });
    expect(read?.interactions[0]?.legs.map(({ bill }) => bill)).toEqual([
      { seconds: 4, amount: 0 },
      { seconds: 120, amount: 17_000 },
    ]);
  });

  test('a leg whose interaction never began is written all the same', async () => {
    const session = await store.sessions.create(draft());
    const address = addressOf(session, 'call-1');
    expect(await store.calls.finishLeg(address, leg('b', 'leg-b'))).toBe(true);
    expect(await store.calls.interaction(address)).toMatchObject({
      stage: 'dialing',
      caller: 'first',
      node: 'node-1',
    });
    expect(await store.calls.finishLeg(address, leg('a', 'call-1'))).toBe(true);
    expect((await store.sessions.get(session.id, NOW))?.interactions).toHaveLength(1);
  });

  test('the end of an old call does not free a session that another call holds', async () => {
    const session = await store.sessions.create(draft());
    await store.calls.begin(startOf(session, 'call-1'), NOW);
    await store.calls.begin(startOf(session, 'call-2', { claimUntil: NOW + 200_000 }), NOW + 60_000);
    expect(await store.calls.finishLeg(addressOf(session, 'call-1'), leg('a', 'call-1'))).toBe(true);
    expect(await store.calls.begin(startOf(session, 'call-3'), NOW + 60_001)).toBe('busy');
    const late = leg('a', 'call-2', { endedAt: NOW + 1 });
    expect(await store.calls.finishLeg(addressOf(session, 'call-2'), late)).toBe(true);
    expect((await store.sessions.get(session.id, NOW))?.session.lastInteractionAt).toBe(NOW + 5500);
    expect(await store.calls.begin(startOf(session, 'call-3'), NOW + 60_001)).toBe('begun');
  });

  test('a session that is not known takes no leg, and its live entry goes', async () => {
    const session = await store.sessions.create(draft());
    await fixture.raw.hset('maskline:{live:node-1}', 'call-9', '{}');
    const address = { ...addressOf(session, 'call-9'), sessionId: 'nobody' };
    expect(await store.calls.finishLeg(address, leg('a', 'call-9'))).toBe(false);
    expect(await store.calls.interaction(address)).toBeNull();
    expect(await store.calls.liveOn('node-1')).toEqual([]);
  });

  test('a session lists its newest 100 interactions; an older one stays, and is not counted again', async () => {
    const session = await store.sessions.create(draft());
    for (let index = 0; index < 103; index += 1) {
      const id = `call-${index}`;
      await store.calls.begin(startOf(session, id), NOW);
      await store.calls.finishLeg(addressOf(session, id), leg('a', id));
    }
    const { interactions, session: after } = (await store.sessions.get(session.id, NOW))!;
    expect(interactions.map(({ id }) => id)).toEqual(
      Array.from({ length: 100 }, (_, index) => `call-${index + 3}`),
    );
    expect(await store.calls.finishLeg(addressOf(session, 'call-0'), leg('a', 'call-0'))).toBe(false);
    expect(after.totals.callCount).toBe(103);
    expect(await fixture.raw.pttl(`maskline:{${DID}}:call:call-102`)).toBeGreaterThan(0);
    expect(await fixture.raw.pttl(`maskline:{${DID}}:calls:${session.id}`)).toBeGreaterThan(0);
  });
});
