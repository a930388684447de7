import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import type { Store } from '../../../src/store/index.js';
import { ALICE, BOB, CAROL, did, DID, DID2, draft, Fixture, from, NOW, pinDraft } from './fixture.js';

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh(DID);
});

describe('create and get', () => {
  test('what was created is what is read', async () => {
    const created = await store.sessions.create(
      draft({
        pin: pinDraft({ first: '1234', second: '98765' }),
        settings: { callbackUrl: 'https://x.example/' },
      }),
    );
    expect(created).toMatchObject({
      virtualNumber: DID,
      firstParty: ALICE,
      secondParty: BOB,
      createdAt: NOW,
      expiresAt: NOW + 1_800_000,
      inProgress: false,
      fee: 0,
      totals: { callCount: 0, billedDuration: 0, callAmount: 0 },
      pin: { generated: false, firstPartyPin: '1234', secondPartyPin: '98765' },
    });
    expect(await store.sessions.get(created.id, NOW)).toEqual({ session: created, interactions: [] });
  });

  test('an id that nobody has is null', async () => {
    expect(await store.sessions.get('8e0b8b1e-9f0e-4d3a-9a57-0d6d5e0b5c11', NOW)).toBeNull();
  });

  test('an expired session stays readable for 90 days', async () => {
    const { id, expiresAt } = await store.sessions.create(draft());
    expect((await store.sessions.get(id, expiresAt + 1))?.session.id).toBe(id);
    const ninetyDays = 90 * 24 * 3_600_000;
    const document = await fixture.raw.pttl(`maskline:{${DID}}:session:${id}`);
    const pointer = await fixture.raw.pttl(`maskline:pointer:${id}`);
    expect(document).toBeGreaterThan(ninetyDays);
    expect(document).toBeLessThanOrEqual(ninetyDays + 1_800_000);
    expect(pointer).toBeGreaterThan(document);
  });

  test('parties that are one number, and equal PINs, are refused', async () => {
    await expect(store.sessions.create(draft({ secondParty: ALICE }))).rejects.toMatchObject({
      code: 'ERR_INVALID_DRAFT',
    });
    const equal = draft({ pin: pinDraft({ first: '1234', second: '1234' }) });
    await expect(store.sessions.create(equal)).rejects.toMatchObject({ code: 'ERR_INVALID_DRAFT' });
  });

  test('an equal pair gets another number each time, until none is left', async () => {
    await store.numbers.add(did(DID2));
    const one = await store.sessions.create(draft());
    const two = await store.sessions.create(draft());
    expect(new Set([one.virtualNumber, two.virtualNumber])).toEqual(new Set([DID, DID2]));
    await expect(store.sessions.create(draft())).rejects.toMatchObject({ code: 'ERR_NUMBER_POOL_EXHAUSTED' });
    expect(await fixture.raw.keys('maskline:pointer:*')).toHaveLength(2);
  });

  test('the number that a client wants is the one it gets, in whatever country, or none', async () => {
    await store.numbers.add(did(DID2, { country: 'GB' }));
    for (const wanted of [DID2, DID]) {
      const session = await store.sessions.create(draft({ virtualNumber: wanted }));
      expect(session.virtualNumber).toBe(wanted);
    }
    for (const wanted of [DID2, '+15550004444' as E164]) {
      await expect(store.sessions.create(draft({ virtualNumber: wanted }))).rejects.toMatchObject({
        code: 'ERR_NUMBER_POOL_EXHAUSTED',
      });
    }
  });

  test('different persons share a number', async () => {
    await store.sessions.create(draft());
    const other = await store.sessions.create(
      draft({ firstParty: CAROL, secondParty: '+15550001004' as E164 }),
    );
    expect(other.virtualNumber).toBe(DID);
  });

  test('an expired session is overwritten by the clock, its cool-off is kept', async () => {
    const first = await store.sessions.create(draft({ settings: { virtualNumberCooloffPeriod: 60 } }));
    const over = first.expiresAt + 60_000;
    await expect(store.sessions.create(draft({ now: over - 1 }))).rejects.toMatchObject({
      code: 'ERR_NUMBER_POOL_EXHAUSTED',
    });
    const routes = await store.calls.route(DID, from(ALICE), over - 1);
    expect(routes.matched).toBeNull();
    const second = await store.sessions.create(draft({ now: over }));
    expect(second.virtualNumber).toBe(DID);
  });

  test('the claim guards the cool-off even when nothing advises of it', async () => {
    const { expiresAt } = await store.sessions.create(
      draft({ settings: { virtualNumberCooloffPeriod: 60 } }),
    );
    const advice = await fixture.raw.keys('maskline:{person:*');
    await fixture.raw.del(...advice);
    await expect(store.sessions.create(draft({ now: expiresAt + 59_999 }))).rejects.toMatchObject({
      code: 'ERR_NUMBER_POOL_EXHAUSTED',
    });
  });

  test('a disabled number takes no session', async () => {
    await store.numbers.remove(DID, NOW);
    await store.numbers.add(did(DID, { enabled: false }));
    await expect(store.sessions.create(draft())).rejects.toMatchObject({ code: 'ERR_NUMBER_POOL_EXHAUSTED' });
    await expect(store.sessions.create(draft(), { choose: () => [DID] })).rejects.toMatchObject({
      code: 'ERR_NUMBER_POOL_EXHAUSTED',
    });
  });

  test('in a large pool the choice is that of all numbers: unused ones ascending, then the one used longest ago', async () => {
    const pool = Array.from({ length: 150 }, (_, index) => `+1555000${8100 + index}` as E164);
    await Promise.all(pool.toReversed().map((number) => store.numbers.add(did(number))));
    const wanted = (now: number) => draft({ settings: { sessionExpiry: 60 }, now });
    const given: E164[] = [];
    for (let index = 0; index <= pool.length; index += 1) {
      given.push((await store.sessions.create(wanted(NOW + index))).virtualNumber);
    }
    expect(given).toEqual([...pool, DID]);
    const later = await store.sessions.create(wanted(NOW + 120_000));
    expect(later.virtualNumber).toBe(pool[0]);
  });

  test('geomatch keeps to the country of the first party', async () => {
    const british = '+442079460123' as E164;
    await store.numbers.add(did(british, { country: 'GB' }));
    const local = draft({ firstParty: '+442079460999' as E164, settings: { geomatch: true } });
    expect((await store.sessions.create(local)).virtualNumber).toBe(british);
    await expect(store.sessions.create(local)).rejects.toMatchObject({ code: 'ERR_NUMBER_POOL_EXHAUSTED' });
  });
});

describe('PINs', () => {
  const others = (index: number): { firstParty: E164; secondParty: E164 } => ({
    firstParty: `+1555100${1000 + index}` as E164,
    secondParty: `+1555200${1000 + index}` as E164,
  });

  test('a PIN of the client that is taken here goes to another number, and to ERR_PIN_TAKEN when none is left', async () => {
    await store.numbers.add(did(DID2));
    const one = await store.sessions.create(
      draft({ ...others(1), pin: pinDraft({ first: '1234', second: '2222' }) }),
    );
    const two = await store.sessions.create(
      draft({ ...others(2), pin: pinDraft({ first: '3333', second: '1234' }) }),
    );
    expect(two.virtualNumber).not.toBe(one.virtualNumber);
    const third = draft({ ...others(3), pin: pinDraft({ first: '1234', second: '4444' }) });
    await expect(store.sessions.create(third)).rejects.toMatchObject({ code: 'ERR_PIN_TAKEN' });
    const later = await store.sessions.create({ ...third, now: one.expiresAt });
    expect(later.pin?.firstPartyPin).toBe('1234');
  });

  test('the claim guards PINs even when the choice does not look at them', async () => {
    await store.sessions.create(draft({ ...others(1), pin: pinDraft({ first: '1234', second: '2222' }) }));
    const shared = '777777';
    const racing = await Promise.allSettled(
      [2, 3, 4, 5].map((index) => {
        const own = `88888${index}`;
        const pins = index % 2 === 0 ? { first: shared, second: own } : { first: own, second: shared };
        return store.sessions.create(draft({ ...others(index), pin: pinDraft(pins) }));
      }),
    );
    expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of racing) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ERR_PIN_TAKEN' });
    }
  });

  test('generated PINs have their length, differ, and never collide', async () => {
    const seen = new Set<string>();
    for (let index = 0; index < 60; index += 1) {
      const { pin } = await store.sessions.create(draft({ ...others(index), pin: pinDraft(null, 4) }));
      expect(pin).toMatchObject({ generated: true });
      for (const digits of [pin!.firstPartyPin, pin!.secondPartyPin]) {
        expect(digits).toMatch(/^\d{4}$/);
        seen.add(digits);
      }
    }
    expect(seen.size).toBe(120);
  });

  test('PIN sessions go to the number with the fewest live PINs', async () => {
    await store.numbers.add(did(DID2));
    const numbers = [];
    for (let index = 0; index < 6; index += 1) {
      const session = await store.sessions.create(draft({ ...others(index), pin: pinDraft(null, 6) }));
      numbers.push(session.virtualNumber);
    }
    expect(numbers.filter((number) => number === DID)).toHaveLength(3);
  });

  test('in a large pool, PIN sessions have numbers of their own for as long as there are free ones', async () => {
    for (let index = 0; index < 80; index += 1) {
      await store.numbers.add(did(`+155500080${String(10 + index)}` as E164));
    }
    const numbers = new Set<string>();
    for (let index = 0; index < 40; index += 1) {
      const session = await store.sessions.create(draft({ ...others(index), pin: pinDraft(null, 6) }));
      numbers.add(session.virtualNumber);
    }
    expect(numbers.size).toBe(40);
  });
});
