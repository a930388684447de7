import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { MaskingSession } from '../../../src/masking/session.js';
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
  leg,
  NOW,
  pinDraft,
  startOf,
  STRANGER,
} from './fixture.js';

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh(DID);
});

const PINS = { first: '1234', second: '4321' };
const SECOND = 1000;

/** Which session the person leads to on the number, at an instant. */
async function leadsTo(person: typeof ALICE, at: number, number = DID): Promise<string | undefined> {
  const { matched } = await store.calls.route(number, from(person), at);
  return matched?.session.id;
}

async function refusal(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code,
  );
}

describe('update', () => {
  test('a session that goes on for longer keeps the log of its callbacks for longer', async () => {
    const { id } = await store.sessions.create(draft({ settings: { sessionExpiry: 60 } }));
    const record = { accountId: 'MA', method: 'POST', url: 'https://receiver.example.com/' } as const;
    const address = { number: DID, sessionId: id, sequence: 1 };
    await store.callbacks.open(address, { ...record, parameters: [], createdAt: NOW });
    await store.sessions.update(id, { sessionExpiry: 86_400 }, NOW);
    const [session, log] = await Promise.all(
      ['session', 'callbacks'].map((kind) => fixture.raw.pttl(`maskline:{${DID}}:${kind}:${id}`)),
    );
    // The two are asked for one after the other.
    expect(session).toBeGreaterThan(0);
    expect(log).toBeGreaterThanOrEqual((session ?? Infinity) - SECOND);
  });

  test('the new expiry counts from the update, and routes, PINs and the gate live until then', async () => {
    const { id } = await store.sessions.create(
      draft({ pin: pinDraft(PINS), settings: { sessionExpiry: 60, virtualNumberCooloffPeriod: 30 } }),
    );
    const at = NOW + 50 * SECOND;
    const { session } = await store.sessions.update(id, { sessionExpiry: 600, ringTimeout: 20 }, at);
    expect(session).toMatchObject({ createdAt: NOW, modifiedAt: at, expiresAt: at + 600 * SECOND });
    expect(session.settings).toMatchObject({ sessionExpiry: 600, ringTimeout: 20, callTimeLimit: 14_400 });
    const late = at + 599 * SECOND;
    expect(await leadsTo(ALICE, late)).toBe(id);
    expect(await leadsTo(BOB, late)).toBe(id);
    expect((await store.calls.route(DID, ANONYMOUS, late)).pinGate?.lengths).toEqual([4]);
    expect(await store.calls.checkPin(DID, ANONYMOUS, '4321', late)).toMatchObject({
      result: 'matched',
      match: { party: 'second' },
    });
    expect(await leadsTo(ALICE, at + 600 * SECOND)).toBeUndefined();
    // In the cool-off the number is kept from both, also where only the claim knows.
    const again = draft({ firstParty: BOB, secondParty: CAROL, now: at + 629 * SECOND });
    expect(await refusal(store.sessions.create(again, { choose: () => [DID] }))).toBe(
      'ERR_NUMBER_POOL_EXHAUSTED',
    );
    expect(await refusal(store.sessions.create({ ...again, now: at + 630 * SECOND }))).toBeUndefined();
  });

  test('an earlier expiry frees the number earlier, also in what is remembered', async () => {
    const { id } = await store.sessions.create(draft({ settings: { sessionExpiry: 6000 } }));
    await store.sessions.update(id, { sessionExpiry: 60 }, NOW);
    const after = NOW + 60 * SECOND;
    expect(await leadsTo(ALICE, after)).toBeUndefined();
    expect(await refusal(store.sessions.create(draft({ now: after })))).toBeUndefined();
  });

  test('what it does not name stays, the expiry too', async () => {
    const created = await store.sessions.create(draft());
    const { session } = await store.sessions.update(created.id, { record: true }, NOW + SECOND);
    expect(session).toEqual({
      ...created,
      modifiedAt: NOW + SECOND,
      settings: { ...created.settings, record: true },
    });
  });

  test('a session that is over, was ended or never was', async () => {
    const { id, expiresAt } = await store.sessions.create(draft());
    expect(await refusal(store.sessions.update(id, {}, expiresAt))).toBe('ERR_SESSION_EXPIRED');
    await store.sessions.end(id, NOW + 5);
    expect(await refusal(store.sessions.update(id, {}, NOW + 5))).toBe('ERR_SESSION_EXPIRED');
    const unknown = '00000000-0000-4000-8000-000000000000';
    expect(await refusal(store.sessions.update(unknown, {}, NOW))).toBe('ERR_SESSION_NOT_FOUND');
  });

  test('twenty at once all take place, one after the other', async () => {
    const { id } = await store.sessions.create(draft());
    const other = fixture.store();
    const limits = Array.from({ length: 20 }, (_, index) => 100 + index);
    await Promise.all(
      limits.map((callTimeLimit, index) =>
        (index % 2 === 0 ? store : other).sessions.update(
          id,
          index < 10 ? { callTimeLimit } : { ringTimeout: callTimeLimit },
          NOW,
        ),
      ),
    );
    const read = await store.sessions.get(id, NOW);
    expect(read?.session.settings.callTimeLimit).toBeLessThan(110);
    expect(read?.session.settings.ringTimeout).toBeGreaterThanOrEqual(110);
  });

  test('what was said before stays readable as long as the session', async () => {
    const short = fixture.store({ retention: 10 * SECOND });
    const session = await short.sessions.create(draft({ settings: { sessionExpiry: 60 } }));
    await short.calls.begin(startOf(session, 'call-1'), NOW);
    await short.calls.finishLeg(addressOf(session, 'call-1'), leg('a', 'call-1'));
    await short.sessions.update(session.id, { sessionExpiry: 3600 }, NOW);
    const keys = await fixture.raw.keys(`maskline:{${DID}}:call*`);
    expect(keys).toHaveLength(2);
    for (const key of [...keys, `maskline:pointer:${session.id}`]) {
      expect(await fixture.raw.pttl(key)).toBeGreaterThan(3600 * SECOND);
    }
  });
});

describe('filling in the missing party', () => {
  test('claims that person by the same rule as a create', async () => {
    const taken = await store.sessions.create(draft({ firstParty: BOB, secondParty: CAROL }));
    const { id } = await store.sessions.create(draft({ secondParty: null }));
    expect(await refusal(store.sessions.update(id, { secondParty: BOB }, NOW))).toBe('ERR_PARTY_TAKEN');
    expect(await leadsTo(BOB, NOW)).toBe(taken.id);
    const { session } = await store.sessions.update(id, { secondParty: STRANGER }, NOW);
    expect(session).toMatchObject({ secondParty: STRANGER, singleParty: true });
    const { matched } = await store.calls.route(DID, from(STRANGER), NOW);
    expect(matched).toMatchObject({ party: 'second', session: { id } });
    expect(await refusal(store.sessions.create(draft({ firstParty: STRANGER, secondParty: ALICE })))).toBe(
      'ERR_NUMBER_POOL_EXHAUSTED',
    );
  });

  test('a party that is there stays', async () => {
    const { id } = await store.sessions.create(draft());
    expect(await refusal(store.sessions.update(id, { firstParty: CAROL }, NOW))).toBe('ERR_PARTY_FIXED');
    expect(await refusal(store.sessions.update(id, { firstParty: ALICE }, NOW))).toBeUndefined();
    const single = await store.sessions.create(draft({ firstParty: null, secondParty: CAROL }));
    const both = store.sessions.update(single.id, { firstParty: CAROL }, NOW);
    expect(await refusal(both)).toBe('ERR_INVALID_DRAFT');
    const own = store.sessions.update(single.id, { firstParty: DID }, NOW);
    expect(await refusal(own)).toBe('ERR_INVALID_DRAFT');
  });
});

describe('end', () => {
  test('marks it expired now, once, and frees its people and PINs', async () => {
    const { id } = await store.sessions.create(draft({ pin: pinDraft(PINS) }));
    const at = NOW + 7500;
    const ended = await store.sessions.end(id, at);
    expect(ended).toMatchObject({ id, expiresAt: at, modifiedAt: at, endedBy: 'deleted', running: null });
    expect(await refusal(store.sessions.end(id, at))).toBe('ERR_SESSION_EXPIRED');
    expect((await store.sessions.get(id, at))?.session).toMatchObject({ expiresAt: at, endedBy: 'deleted' });
    for (const person of [ALICE, BOB]) expect(await leadsTo(person, at)).toBeUndefined();
    expect((await store.calls.route(DID, ANONYMOUS, at)).pinGate).toBeNull();
    expect((await store.calls.checkPin(DID, ANONYMOUS, '1234', at)).result).toBe('wrong');
    await store.numbers.remove(DID, at);
    await store.numbers.add(did(DID));
    const next = await store.sessions.create(draft({ pin: pinDraft(PINS), now: at }));
    expect(await leadsTo(ALICE, at)).toBe(next.id);
  });

  test('the cool-off counts from the end', async () => {
    const { id } = await store.sessions.create(
      draft({ settings: { sessionExpiry: 3600, virtualNumberCooloffPeriod: 100 } }),
    );
    await store.sessions.end(id, NOW + SECOND);
    const again = (at: number): Promise<MaskingSession> => store.sessions.create(draft({ now: at }));
    expect(await refusal(again(NOW + 100 * SECOND))).toBe('ERR_NUMBER_POOL_EXHAUSTED');
    expect(await refusal(again(NOW + 101 * SECOND))).toBeUndefined();
  });

  test('a call that runs goes on, and its totals are written', async () => {
    const session = await store.sessions.create(draft());
    await store.calls.begin(startOf(session, 'call-1'), NOW);
    const ended = await store.sessions.end(session.id, NOW + SECOND);
    expect(ended).toMatchObject({ inProgress: true, running: addressOf(session, 'call-1') });
    expect(await store.calls.begin(startOf(session, 'call-2'), NOW + SECOND)).toBe('gone');
    await store.calls.finishLeg(addressOf(session, 'call-1'), leg('b', 'leg-b'));
    await store.calls.finishLeg(addressOf(session, 'call-1'), leg('a', 'call-1'));
    const read = await store.sessions.get(session.id, NOW + 6 * SECOND);
    expect(read?.session).toMatchObject({ inProgress: false, totals: { callCount: 2, billedDuration: 8 } });
  });

  test('expired by the clock, or unknown', async () => {
    const { id, expiresAt } = await store.sessions.create(draft());
    expect(await refusal(store.sessions.end(id, expiresAt))).toBe('ERR_SESSION_EXPIRED');
    const unknown = '00000000-0000-4000-8000-000000000000';
    expect(await refusal(store.sessions.end(unknown, NOW))).toBe('ERR_SESSION_NOT_FOUND');
  });

  test('what an older data key wrote is freed too', async () => {
    const older = fixture.store({ dataKeys: [Buffer.alloc(32, 9).toString('base64')] });
    const { id } = await older.sessions.create(draft({ pin: pinDraft(PINS) }));
    const both = fixture.store({
      dataKeys: [Buffer.alloc(32, 7), Buffer.alloc(32, 9)].map((key) => key.toString('base64')),
    });
    await both.sessions.end(id, NOW + SECOND);
    const again = await both.sessions.create(draft({ pin: pinDraft(PINS), now: NOW + SECOND }));
    expect(again.virtualNumber).toBe(DID);
  });

  test('of two clients at once, one ends it', async () => {
    const { id } = await store.sessions.create(draft());
    const results = await Promise.all(
      [store, fixture.store()].map((each) => refusal(each.sessions.end(id, NOW + 1))),
    );
    expect(results.toSorted()).toEqual(['ERR_SESSION_EXPIRED', undefined]);
  });
});

describe('a single-party session without PINs has the number’s unknown callers for itself', () => {
  const others = {
    'another one': draft({ firstParty: null, secondParty: BOB }),
    'a PIN session': draft({ firstParty: CAROL, secondParty: BOB, pin: pinDraft(null) }),
    'an announcement': draft({
      firstParty: CAROL,
      secondParty: BOB,
      settings: { unknownCallerPlay: 'https://x.example/u.wav' },
    }),
  };
  const single = draft({ secondParty: null, settings: { sessionExpiry: 60 } });

  test.each(Object.entries(others))('%s goes elsewhere, whichever came first', async (_, other) => {
    for (const [one, two] of [
      [single, other],
      [other, single],
    ] as const) {
      await fixture.raw.flushall();
      await store.numbers.add(did(DID));
      await store.sessions.create(one);
      // By the advice, and by the claim alone.
      expect(await refusal(store.sessions.create(two))).toBe('ERR_NUMBER_POOL_EXHAUSTED');
      expect(await refusal(store.sessions.create(two, { choose: () => [DID] }))).toBe(
        'ERR_NUMBER_POOL_EXHAUSTED',
      );
      await store.numbers.add(did(DID2));
      expect((await store.sessions.create(two)).virtualNumber).toBe(DID2);
    }
  });

  test('until it ends, by the clock or by a client', async () => {
    const { id } = await store.sessions.create(single);
    const other = others['a PIN session'];
    const after = NOW + 60 * SECOND;
    expect((await store.calls.route(DID, from(STRANGER), after - 1)).open).toMatchObject({
      party: 'second',
      session: { id },
    });
    expect((await store.calls.route(DID, from(STRANGER), after)).open).toBeNull();
    await store.sessions.end(id, NOW + SECOND);
    expect((await store.calls.route(DID, from(STRANGER), NOW + SECOND)).open).toBeNull();
    expect(await refusal(store.sessions.create({ ...other, now: NOW + SECOND }))).toBeUndefined();
  });

  test('an update moves that with its expiry', async () => {
    const { id } = await store.sessions.create(single);
    await store.sessions.update(id, { sessionExpiry: 600 }, NOW);
    const late = NOW + 599 * SECOND;
    expect((await store.calls.route(DID, ANONYMOUS, late)).open?.session.id).toBe(id);
    expect(
      await refusal(store.sessions.create({ ...others['another one'], now: late }, { choose: () => [DID] })),
    ).toBe('ERR_NUMBER_POOL_EXHAUSTED');
  });
});

describe('who took the missing party’s place', () => {
  test('is the newest caller; a withheld one leaves nobody', async () => {
    const session = await store.sessions.create(draft({ secondParty: null }));
    const call = async (id: string, caller: typeof ALICE | null): Promise<unknown> => {
      const people = { a: caller, b: ALICE, aWasCalled: false };
      const start = startOf(session, id, { caller: 'second', people, takesPlace: true });
      expect(await store.calls.begin(start, NOW)).toBe('begun');
      await store.calls.finishLeg(addressOf(session, id), leg('a', id));
      return (await store.sessions.get(session.id, NOW))?.session.lastPeer;
    };
    expect(await call('call-1', STRANGER)).toBe(STRANGER);
    expect(await call('call-2', CAROL)).toBe(CAROL);
    const back = startOf(session, 'call-3', { people: { a: ALICE, b: CAROL, aWasCalled: false } });
    expect(await store.calls.begin(back, NOW)).toBe('begun');
    await store.calls.finishLeg(addressOf(session, 'call-3'), leg('a', 'call-3'));
    expect((await store.calls.route(DID, from(ALICE), NOW)).matched?.session.lastPeer).toBe(CAROL);
    expect(await call('call-4', null)).toBeNull();
  });
});
