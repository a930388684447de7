import { afterAll, beforeAll, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import { isLive, type MaskingSession } from '../../../src/masking/session.js';
import type { Store } from '../../../src/store/index.js';
import { ANONYMOUS, did, draft, Fixture, from, NOW, pinDraft, UNGUARDED } from './fixture.js';

const CLIENTS = 50;
const ROUNDS = 20;
const NUMBERS = Array.from({ length: 6 }, (_, index) => `+1555000900${index + 1}` as E164);
const PEOPLE = Array.from({ length: 12 }, (_, index) => `+155500010${String(index + 10)}` as E164);
const PINS = Array.from({ length: 8 }, (_, index) => String(1000 + index));
const HOUR = 3_600_000;
/** One clock for all: what one of them ended is over for the others. */
let clock = NOW;
const tick = (): number => (clock += 1);

/** What may keep a client from what it wants while others want the same. */
const REFUSALS = [
  ...['ERR_NUMBER_POOL_EXHAUSTED', 'ERR_PIN_TAKEN', 'ERR_PARTY_TAKEN'],
  ...['ERR_PARTY_FIXED', 'ERR_SESSION_EXPIRED'],
];

let fixture: Fixture;
let stores: Store[];
beforeAll(async () => {
  fixture = await Fixture.start(['--appendonly', 'no']);
  stores = [1, 2, 3].map(() => fixture.store({ pinGuard: UNGUARDED }));
  for (const number of NUMBERS) await stores[0]!.numbers.add(did(number));
});
afterAll(() => fixture.stop());

/** Numbers that look random and are the same in every run. */
function dice(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 12_345;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function unlessRefused<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    expect(REFUSALS).toContain((error as { code?: string }).code);
    return null;
  });
}

/** A client that creates, fills in, prolongs and ends sessions, of persons and PINs that all share. */
async function client(index: number): Promise<MaskingSession[]> {
  const roll = dice(index + 1);
  const store = stores[index % stores.length]!;
  const own: MaskingSession[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const first = PEOPLE[roll(PEOPLE.length)]!;
    const others = PEOPLE.filter((person) => person !== first);
    const second = roll(4) === 0 ? null : others[roll(others.length)]!;
    const pins = { first: PINS[roll(4)]!, second: PINS[4 + roll(4)]! };
    const wanted = draft({
      firstParty: first,
      secondParty: second,
      pin: roll(2) === 0 ? pinDraft(pins) : null,
      settings: { unknownCallerPlay: roll(3) === 0 ? 'https://x.example/u.wav' : '', sessionExpiry: 3600 },
      now: tick(),
    });
    const created = await unlessRefused(store.sessions.create(wanted));
    if (created !== null) own.push(created);
    const victim = own[roll(Math.max(1, own.length))];
    if (victim === undefined) continue;
    if (roll(3) === 0) {
      const strangers = PEOPLE.filter((person) => person !== victim.firstParty);
      const fill = victim.secondParty === null ? { secondParty: strangers[roll(strangers.length)]! } : {};
      await unlessRefused(store.sessions.update(victim.id, { sessionExpiry: 7200, ...fill }, tick()));
    } else {
      await unlessRefused(store.sessions.end(victim.id, tick()));
    }
  }
  return own;
}

test('fifty clients on three stores: one session for a caller, one for a PIN, and every list agrees', async () => {
  const created = (await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)))).flat();
  expect(created.length).toBeGreaterThan(CLIENTS);
  const now = tick();
  const read = await Promise.all(created.map(({ id }) => stores[1]!.sessions.get(id, now)));
  const live = read.map((found) => found!.session).filter((session) => isLive(session, now));
  expect(live.length).toBeGreaterThan(5);
  expect(live.length).toBeLessThan(created.length);

  for (const number of NUMBERS) {
    const here = live.filter(({ virtualNumber }) => virtualNumber === number);
    const people = here
      .flatMap(({ firstParty, secondParty }) => [firstParty, secondParty])
      .filter((who) => who !== null);
    const pins = here.flatMap(({ pin }) => (pin === null ? [] : [pin.firstPartyPin, pin.secondPartyPin]));
    const open = here.filter(({ singleParty, pin }) => singleParty && pin === null);
    const gates = here.filter(({ pin }) => pin !== null);
    expect(new Set(people).size).toBe(people.length);
    expect(new Set(pins).size).toBe(pins.length);
    expect(open.length === 0 || open.length + gates.length === 1).toBe(true);
    for (const who of PEOPLE) {
      const session = here.find(({ firstParty, secondParty }) => firstParty === who || secondParty === who);
      const { matched, open: reached } = await stores[2]!.calls.route(number, from(who), now);
      expect(matched?.session.id).toBe(session?.id);
      expect(reached?.session.id).toBe(open[0]?.id);
    }
    for (const pin of PINS) {
      const session = gates.find(
        (each) => each.pin?.firstPartyPin === pin || each.pin?.secondPartyPin === pin,
      );
      const check = await stores[0]!.calls.checkPin(number, ANONYMOUS, pin, now);
      expect(check.result === 'matched' ? check.match.session.id : undefined).toBe(session?.id);
    }
  }

  const query = { accountIds: null, created: {}, expiry: {}, duration: {}, limit: 20, offset: 0 };
  const active = await stores[0]!.sessions.list({ ...query, status: 'active' }, now);
  expect(active.total).toBe(live.length);
  expect((await stores[0]!.sessions.list({ ...query, status: 'all' }, now)).total).toBe(created.length);
  const sweeping = stores.flatMap((store) =>
    NUMBERS.map((number) => store.expiry.report(number, NOW + 3 * HOUR)),
  );
  const reported = await Promise.all(sweeping);
  expect(reported.reduce((sum, each) => sum + each.reported, 0)).toBe(live.length);
});
