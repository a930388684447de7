import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { Scripts, type Store, Vault } from '../../../src/store/index.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import { placeOf, SessionIndex } from '../../../src/store/session-index.js';
import { ALICE, BOB, did, DID, DID2, draft, Fixture, KEY, NOW } from './fixture.js';

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start(['--appendfsync', 'everysec']);
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh(DID);
});

const DAY = new Date(NOW).toISOString().slice(0, 10);
const PENDING = `maskline:{sessions:${DAY}}:pending`;
const ALL = {
  accountIds: null,
  status: 'all',
  created: {},
  expiry: {},
  duration: {},
  limit: 20,
  offset: 0,
} as const;

/** Sessions of two people who appear once. */
const created = (n: number) => {
  const person = (side: number): E164 => `+1555${side}${String(100_000 + n)}` as E164;
  return store.sessions.create(draft({ firstParty: person(2), secondParty: person(3) }));
};

/** Runs of a command by now, those in scripts as well. */
async function runs(command: string): Promise<number> {
  const stats = await fixture.raw.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

test('creates that come together are entered, claimed and settled together, and lists are right before and after', async () => {
  const scripts: string[] = [];
  store = fixture.store({ onScript: (name) => void scripts.push(name) });
  await store.numbers.inventory();
  const sessions = await Promise.all(Array.from({ length: 40 }, (_, n) => created(n)));
  expect((await store.sessions.list(ALL, NOW)).total).toBe(40);
  await fixture.settled();
  expect((await store.sessions.list(ALL, NOW)).total).toBe(40);
  const entries = await fixture.raw.hkeys(`maskline:{sessions:${DAY}}`);
  expect(entries.map((member) => member.split(':')[1]).sort()).toEqual(sessions.map(({ id }) => id).sort());
  const count = (name: string): number => scripts.filter((each) => each === name).length;
  expect(count('remember-person')).toBe(80);
  expect(count('enter-session')).toBeLessThan(20);
  expect(count('claim')).toBeLessThan(20);
  expect(count('settle-session')).toBeLessThan(20);
});

test('of creates that come together each is decided on its own, one after the other', async () => {
  const wanted = (firstParty: E164, secondParty: E164) =>
    store.sessions.create(draft({ firstParty, secondParty, virtualNumber: DID }));
  const person = (n: number): E164 => `+1555400${String(1_000 + n)}` as E164;
  const settled = await Promise.allSettled([
    wanted(person(1), person(2)),
    wanted(person(2), person(3)),
    wanted(person(3), person(4)),
    wanted(person(1), person(5)),
  ]);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
  expect(settled[1]).toMatchObject({ reason: { code: 'ERR_NUMBER_POOL_EXHAUSTED' } });
  expect(await fixture.raw.keys(`maskline:{${DID}}:session:*`)).toHaveLength(2);
  expect((await store.sessions.list(ALL, NOW)).total).toBe(2);
});

test('what leads to a session goes ahead of its claim, whoever it is claimed with', async () => {
  const client = fixture.raw.duplicate();
  const monitor = await client.monitor();
  const sent: string[] = [];
  monitor.on('monitor', (_time: string, args: string[], source: string) => {
    if (source !== 'lua') sent.push(args.join(' '));
  });
  // Of several accounts, so that their entries are of several batches.
  const sessions = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      store.sessions.create(
        draft({
          ...{ accountId: `MA${n % 3}`, firstParty: `+1555210000${n}` as E164 },
          secondParty: `+1555310000${n}` as E164,
        }),
      ),
    ),
  );
  await fixture.raw.echo('all');
  while (!sent.includes('echo all')) await sleep(10);
  monitor.disconnect();
  client.disconnect();
  const first = (what: string, id: string): number =>
    sent.findIndex((command) => command.includes(what) && command.includes(id));
  for (const { id } of sessions) {
    const claim = first(` 1 maskline:{${DID}} `, id);
    expect(claim).toBeGreaterThan(-1);
    for (const what of ['maskline:pointer:', `4 maskline:{sessions:${DAY}}`]) {
      expect(first(what, id)).toBeGreaterThan(-1);
      expect(first(what, id)).toBeLessThan(claim);
    }
  }
});

test('whether a create is permitted is asked beside what it reads, and nothing is written before', async () => {
  let isPermitted = false;
  const permit = async (): Promise<void> => {
    expect(await store.numbers.listed([ALICE, BOB])).toEqual(new Set());
    await sleep(30);
    expect(await fixture.raw.keys('maskline:{sessions:*')).toEqual([]);
    isPermitted = true;
  };
  await store.numbers.inventory();
  const before = await runs('get');
  const { id } = await store.sessions.create(draft(), { permit });
  expect(isPermitted).toBe(true);
  // The version of the inventory once, and by the claim the number's record and the routes of the two.
  expect((await runs('get')) - before).toBe(4);
  expect((await store.sessions.get(id, NOW))?.session.id).toBe(id);
});

test('a create that is not permitted leaves nothing', async () => {
  const refusal = new Error('not this one');
  const before = (await fixture.raw.keys('maskline:*')).sort();
  const permit = () => Promise.reject(refusal);
  await expect(store.sessions.create(draft(), { permit })).rejects.toBe(refusal);
  await fixture.settled();
  expect((await fixture.raw.keys('maskline:*')).sort()).toEqual(before);
});

test('what was withdrawn does not come back by being settled', async () => {
  const { id, accountId, createdAt } = await created(1);
  await fixture.settled();
  const vault = new Vault([KEY]);
  const index = new SessionIndex(fixture.raw, new Scripts(fixture.raw), vault, 1_000);
  const listed = { id, accountId, virtualNumber: DID, firstParty: ALICE, secondParty: BOB, createdAt };
  const entry = await index.enterNew({ ...listed, expiresAt: NOW + 60_000 });
  await index.withdraw(placeOf({ id, accountId, createdAt }));
  await index.settleNew(entry);
  expect(await fixture.raw.hgetall(`maskline:{sessions:${DAY}}`)).toEqual({});
  expect(await fixture.raw.exists(PENDING)).toBe(0);
});

test('a store that closes settles what it created', async () => {
  await created(1);
  await store.close();
  expect(await fixture.raw.zcard(PENDING)).toBe(0);
});

test('one look at Redis’ clock serves the creates of a second, and none of another connection', async () => {
  // Each claim looks at the clock itself.
  const looks = async (n: number): Promise<number> => {
    const before = await runs('time');
    await created(n);
    return (await runs('time')) - before - 1;
  };
  expect(await looks(1)).toBe(1);
  const begun = performance.now();
  const again = await looks(2);
  if (performance.now() - begun < 900) expect(again).toBe(0);
  await fixture.raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  // The store learns of it by itself.
  await sleep(100);
  await store.ready();
  expect(await looks(3)).toBe(1);
});

test('a session that comes prolongs no index that is there long enough', async () => {
  await created(1);
  const [one] = await Promise.all([fixture.raw.pttl(`maskline:{${DID}}:sessions`), fixture.settled()]);
  expect(one).toBeGreaterThan(draft().settings.sessionExpiry * 1_000);
  const before = await runs('pexpire');
  await created(2);
  await fixture.settled();
  // Of the session itself, of what is pending, which comes and goes, and of what is remembered of each of the two.
  expect((await runs('pexpire')) - before).toBeLessThanOrEqual(6);
  expect(await fixture.raw.pttl(`maskline:{sessions:${DAY}}`)).toBeGreaterThan(90 * 86_400_000);
});

test('who is one of our numbers is known as soon as it is added, on every controller', async () => {
  const other = fixture.store();
  expect(await other.numbers.listed([ALICE, DID, DID2])).toEqual(new Set([DID]));
  await store.numbers.add(did(DID2));
  expect(await other.numbers.listed([ALICE, DID, DID2])).toEqual(new Set([DID, DID2]));
  await store.numbers.remove(DID, NOW);
  expect(await other.numbers.listed([ALICE, DID, DID2])).toEqual(new Set([DID2]));
});
