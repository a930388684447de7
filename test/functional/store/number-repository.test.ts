import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { StoreUnavailableError } from '../../../src/store/index.js';
import { INVENTORY_KEY, INVENTORY_VERSION_KEY, numberKey } from '../../../src/store/keys.js';
import { did, DID, DID2, draft, Fixture, NOW } from './fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(() => fixture.raw.flushall());

/** Scripts that Redis has run, by their text or their hash. */
async function scriptRuns(): Promise<number> {
  const stats = await fixture.raw.info('commandstats');
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
}

describe('NumberRepository', () => {
  test('adds, gets, lists newest first, counts and removes', async () => {
    const { numbers } = fixture.store();
    const older = did(DID2, { addedAt: NOW - 5, alias: 'older', enabled: false, trunk: 'west' });
    await numbers.add(older);
    await numbers.add(did(DID));
    await numbers.add(did('+15550009003' as typeof DID));
    expect(await numbers.get(DID2)).toEqual(older);
    expect(await numbers.count()).toBe(3);
    const page = await numbers.list({ limit: 2, offset: 1 });
    expect(page.total).toBe(3);
    expect(page.numbers.map(({ number }) => number)).toEqual(['+15550009003', DID2]);
    expect(page.numbers[1]).toEqual(older);
    await numbers.remove(DID2, NOW);
    expect(await numbers.get(DID2)).toBeNull();
    expect((await numbers.list({ limit: 10, offset: 0 })).total).toBe(2);
  });

  test('many who ask at once share what is fetched, and see what was added before they asked', async () => {
    const [one, other] = [fixture.store(), fixture.store()];
    await one.numbers.add(did(DID));
    const before = await scriptRuns();
    const early = Array.from({ length: 200 }, () => other.numbers.count());
    await one.numbers.add(did(DID2));
    const late = await Promise.all(Array.from({ length: 200 }, () => other.numbers.count()));
    expect(late).toEqual(late.map(() => 2));
    for (const count of await Promise.all(early)) expect([1, 2]).toContain(count);
    // Each add has two scripts of its own.
    expect((await scriptRuns()) - before).toBeLessThanOrEqual(2 + 4);
  });

  test('one look that fails is not everybody’s', async () => {
    const { numbers } = fixture.store();
    await numbers.add(did(DID));
    await fixture.raw.set(INVENTORY_VERSION_KEY, 'another');
    await fixture.raw.rename(INVENTORY_KEY, 'aside');
    await fixture.raw.set(INVENTORY_KEY, 'not a hash');
    const failing = numbers.count();
    await expect(failing).rejects.toThrow(StoreUnavailableError);
    await fixture.raw.rename('aside', INVENTORY_KEY);
    expect(await numbers.count()).toBe(1);
  });

  test('changes what an update names, also for the stores that have read it before', async () => {
    const [one, other] = [fixture.store(), fixture.store()];
    await one.numbers.add(did(DID, { alias: 'main', trunk: 'west' }));
    expect(await other.numbers.count()).toBe(1);
    const changed = did(DID, {
      alias: '',
      trunk: 'west',
      enabled: false,
      subaccount: 'SAABCDEFGHIJKLMNOPQR',
    });
    expect(
      await one.numbers.update(DID, { alias: '', enabled: false, subaccount: 'SAABCDEFGHIJKLMNOPQR' }),
    ).toEqual(changed);
    expect(await other.numbers.get(DID)).toEqual(changed);
    expect((await other.numbers.list({ limit: 10, offset: 0 })).numbers).toEqual([changed]);
    expect(await one.numbers.update(DID, {})).toEqual(changed);
    await expect(one.numbers.update(DID2, { alias: 'x' })).rejects.toMatchObject({
      code: 'ERR_NUMBER_NOT_FOUND',
    });
  });

  test('loses none of the changes that are made at once', async () => {
    const stores = [fixture.store(), fixture.store(), fixture.store()] as const;
    await stores[0].numbers.add(did(DID));
    const changes = [{ alias: 'a' }, { trunk: 'east' }, { country: 'GB' }] as const;
    await Promise.all(changes.map((change, index) => stores[index]!.numbers.update(DID, change)));
    expect(await stores[0].numbers.get(DID)).toMatchObject({ alias: 'a', trunk: 'east', country: 'GB' });
  });

  test('lists those that a condition holds for, and counts them', async () => {
    const { numbers } = fixture.store();
    for (const [index, alias] of ['a', 'b', 'a', 'a'].entries()) {
      await numbers.add(did(`+1555000900${index}` as typeof DID, { alias, addedAt: NOW + index }));
    }
    const page = await numbers.list({ limit: 2, offset: 1, where: ({ alias }) => alias === 'a' });
    expect(page.total).toBe(3);
    expect(page.numbers.map(({ number }) => number)).toEqual(['+15550009002', '+15550009000']);
  });

  test('reads what was written before there were subaccounts', async () => {
    const { numbers } = fixture.store();
    const { subaccount, ...before } = did(DID);
    expect(subaccount).toBe('');
    await fixture.raw.set(numberKey(DID), JSON.stringify(before));
    expect(await numbers.get(DID)).toEqual(did(DID));
  });

  test('refuses a number that was added before, and does not change it', async () => {
    const { numbers } = fixture.store();
    await numbers.add(did(DID));
    await expect(numbers.add(did(DID, { alias: 'other' }))).rejects.toMatchObject({
      code: 'ERR_NUMBER_EXISTS',
    });
    expect(await numbers.get(DID)).toEqual(did(DID));
    expect((await numbers.list({ limit: 10, offset: 0 })).numbers).toEqual([did(DID)]);
  });

  test('the same add sent twice, as a reconnect does, succeeds', async () => {
    const { numbers } = fixture.store();
    await numbers.add(did(DID));
    await numbers.add(did(DID));
    expect(await numbers.count()).toBe(1);
  });

  test('keeps a number while sessions live on it, gives it up once they expired', async () => {
    const { numbers, sessions } = fixture.store();
    await numbers.add(did(DID));
    const session = await sessions.create(draft());
    await expect(numbers.remove(DID, session.expiresAt - 1)).rejects.toMatchObject({
      code: 'ERR_NUMBER_IN_USE',
    });
    expect(await numbers.count()).toBe(1);
    await numbers.remove(DID, session.expiresAt);
    await expect(numbers.remove(DID, session.expiresAt)).rejects.toMatchObject({
      code: 'ERR_NUMBER_NOT_FOUND',
    });
    expect((await sessions.get(session.id, NOW))?.session.id).toBe(session.id);
  });

  test("sees another controller's add and remove at once", async () => {
    const [here, there] = [fixture.store(), fixture.store()];
    expect(await here.numbers.count()).toBe(0);
    await there.numbers.add(did(DID));
    expect((await here.sessions.create(draft())).virtualNumber).toBe(DID);
    await there.numbers.add(did(DID2));
    expect(await here.numbers.count()).toBe(2);
    await there.numbers.remove(DID2, NOW);
    expect(await here.numbers.count()).toBe(1);
  });

  test('an add that was cut off before the listing is repaired by the next', async () => {
    const { numbers } = fixture.store();
    await fixture.raw.set(`maskline:{${DID}}`, JSON.stringify(did(DID)));
    await expect(numbers.add(did(DID, { alias: 'again' }))).rejects.toMatchObject({
      code: 'ERR_NUMBER_EXISTS',
    });
    expect((await numbers.list({ limit: 1, offset: 0 })).numbers).toEqual([did(DID)]);
  });
});
