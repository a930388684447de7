import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import type { PoolLook } from '../../../src/masking/pool.js';
import type { PoolLoad } from '../../../src/masking/pool-plan.js';
import type { Store } from '../../../src/store/index.js';
import { seeded, simulate } from '../../unit/masking/pool-simulation.js';
import { ALICE, BOB, CAROL, DID, DID2, did, draft, Fixture, NOW, pinDraft, STRANGER } from './fixture.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});

afterAll(() => fixture.stop());

describe('what a create comes upon', () => {
  async function look(store: Store, changes: Parameters<typeof draft>[0]): Promise<PoolLook> {
    const looks: PoolLook[] = [];
    await store.sessions
      .create(draft(changes), { onLook: (each) => looks.push(each) })
      .catch((error: unknown) => {
        if ((error as { code?: string }).code !== 'ERR_NUMBER_POOL_EXHAUSTED') throw error;
      });
    expect(looks).toHaveLength(1);
    return looks[0]!;
  }

  test('how many numbers of its pool its persons have, also in cool-off', async () => {
    const store = await fixture.fresh(DID, DID2);
    const cooling = { virtualNumberCooloffPeriod: 60, sessionExpiry: 100 };
    expect(await look(store, { settings: cooling })).toEqual({ held: 0, livePins: null });
    // Carol has none, Alice the one with Bob.
    expect(await look(store, { secondParty: CAROL, now: NOW + 1 })).toEqual({ held: 1, livePins: null });
    // Both of them together have both numbers: none is left.
    expect(await look(store, { firstParty: BOB, secondParty: CAROL, now: NOW + 2 })).toMatchObject({
      held: 2,
    });
    expect(await look(store, { firstParty: BOB, secondParty: STRANGER, now: NOW + 150_000 })).toMatchObject({
      held: 1,
    });
    expect(await look(store, { firstParty: BOB, secondParty: DID2, now: NOW + 161_000 })).toMatchObject({
      held: 1,
    });
  });

  test('but of no number that is not in its pool', async () => {
    const store = await fixture.fresh(DID, DID2);
    const british = '+442079460001' as E164;
    await store.numbers.add(did(british, { country: 'GB' }));
    await store.sessions.create(draft({ virtualNumber: british }));
    const geomatch = { settings: { geomatch: true }, firstParty: ALICE, secondParty: CAROL, now: NOW + 1 };
    // Alice's number is of the calling code 1, as those two are.
    expect(await look(store, geomatch)).toMatchObject({ held: 0 });
    await store.numbers.update(british, { enabled: false });
    expect(await look(store, { secondParty: STRANGER, now: NOW + 2 })).toMatchObject({ held: 1 });
  });

  test('how many PINs lived on the number that it got', async () => {
    const store = await fixture.fresh(DID);
    expect(await look(store, { pin: pinDraft(null, 4) })).toEqual({ held: 0, livePins: 0 });
    const other = { firstParty: CAROL, secondParty: STRANGER, pin: pinDraft(null, 4) };
    expect(await look(store, { ...other, now: NOW + 1 })).toEqual({ held: 0, livePins: 2 });
  });
});

describe('the history of pools', () => {
  test('adds up what creates came upon, by the day, for each pool', async () => {
    const store = await fixture.fresh(DID);
    const { poolHistory } = store;
    const anywhere = draft();
    const british = draft({ firstParty: '+442079460001' as E164, settings: { geomatch: true } });
    const now = NOW + 30 * 60_000;
    poolHistory.created(anywhere, { held: 0, livePins: null }, false, now);
    poolHistory.created(anywhere, { held: 3, livePins: null }, false, now);
    poolHistory.created(anywhere, { held: 3, livePins: null }, true, now - 23 * HOUR);
    poolHistory.created(anywhere, { held: 200, livePins: null }, false, now - DAY);
    poolHistory.created(draft({ secondParty: null }), { held: 0, livePins: null }, false, now);
    poolHistory.created({ ...anywhere, virtualNumber: DID }, { held: 1, livePins: null }, true, now);
    poolHistory.created({ ...british, pin: pinDraft(null, 6) }, { held: 0, livePins: 12 }, false, now);
    await poolHistory.flush();
    const past = await poolHistory.read(now, 3);
    expect(past).toHaveLength(2);
    const any = past.find(({ pool }) => pool.scope === '*')!;
    expect(any).toMatchObject({ pool: { subaccount: '' }, hours: 3 });
    expect(any.days).toEqual([
      { created: 0, exhausted: 0, open: 0, held: new Map(), pins: new Map() },
      { created: 1, exhausted: 0, open: 0, held: new Map([[200, 1]]), pins: new Map() },
      {
        created: 3,
        exhausted: 1,
        open: 1,
        held: new Map([
          [0, 2],
          [3, 2],
        ]),
        pins: new Map(),
      },
    ]);
    const gb = past.find(({ pool }) => pool.scope === 'GB')!;
    expect(gb.days.at(-1)).toMatchObject({ created: 1, pins: new Map([[6, new Map([[12, 1]])]]) });
  });

  test('holds nobody’s number, adds to what other controllers counted, and goes after six weeks', async () => {
    const store = await fixture.fresh(DID);
    const other = fixture.store();
    for (const each of [store, other]) {
      each.poolHistory.created(draft(), { held: 1, livePins: null }, false, NOW);
      await each.poolHistory.flush();
    }
    const [past] = await store.poolHistory.read(NOW, 1);
    expect(past!.days[0]!.created).toBe(2);
    const [key = ''] = await fixture.raw.keys('*pool-history*');
    expect(key).not.toBe('');
    const stored = JSON.stringify([key, await fixture.raw.hgetall(key)]);
    for (const person of [ALICE, BOB]) expect(stored).not.toContain(person.slice(2));
    const days = (await fixture.raw.pttl(key)) / DAY;
    expect(days).toBeGreaterThan(41);
    expect(days).toBeLessThanOrEqual(42);
  });
});

test('the store turns away as many creates as the simulation that plans are held to', async () => {
  const numbers = Array.from({ length: 5 }, (_, index) => `+1555000900${index}` as E164);
  const store = await fixture.fresh(...numbers);
  const persons = { persons: 12, busyFactor: 1, atOnce: null };
  const load: PoolLoad = {
    ...{ sessionsPerHour: 90, sessionSeconds: 900, coolOffSeconds: 300, first: persons, second: persons },
    ...{ pinLength: null, callsAtOnce: null },
  };
  const random = seeded(11);
  const one = (role: string): E164 =>
    `+4477009${role}${String(Math.floor(random() * 12)).padStart(3, '0')}` as E164;
  let [now, turnedAway] = [NOW, 0];
  const creates = 800;
  for (let index = 0; index < creates; index += 1) {
    now += -Math.log(1 - random()) * 40_000;
    const settings = {
      sessionExpiry: Math.ceil(-Math.log(1 - random()) * load.sessionSeconds),
      virtualNumberCooloffPeriod: load.coolOffSeconds,
    };
    const wanted = draft({ now: Math.round(now), firstParty: one('10'), secondParty: one('20'), settings });
    await store.sessions.create(wanted).catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'ERR_NUMBER_POOL_EXHAUSTED') throw error;
      turnedAway += 1;
    });
  }
  const simulated = simulate(load, {
    numbers: numbers.length,
    creates: 8_000,
    warmUp: 500,
    seed: 12,
  }).without;
  expect(simulated).toBeGreaterThan(0.1);
  expect(turnedAway / creates / simulated).toBeGreaterThan(0.8);
  expect(turnedAway / creates / simulated).toBeLessThan(1.2);
});

test('a single-party session and its cool-off have a number’s unknown callers', async () => {
  const store = await fixture.fresh(DID);
  const settings = { virtualNumberCooloffPeriod: 60, sessionExpiry: 100 };
  await store.sessions.create(draft({ secondParty: null, settings }));
  const isOpen = async (at: number) => (await store.numberLoads.of([DID], at))[0]!.isOpen;
  expect([await isOpen(NOW), await isOpen(NOW + 159_000), await isOpen(NOW + 161_000)]).toEqual([
    true,
    true,
    false,
  ]);
});
