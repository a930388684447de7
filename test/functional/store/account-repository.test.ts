import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Store } from '../../../src/store/index.js';
import { CAROL, did, DID, DID2, draft, Fixture, NOW, STRANGER } from './fixture.js';

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh();
});

describe('subaccounts', () => {
  test('are created with a token that is told once, and listed newest first', async () => {
    const made = [];
    for (let index = 0; index < 5; index += 1) {
      made.push(await store.accounts.create(`agency ${index}`, true, NOW + index));
    }
    const [first] = made;
    expect(first!.account).toMatchObject({ name: 'agency 0', enabled: true, createdAt: NOW });
    expect(first!.account.id).toMatch(/^SA[A-Z0-9]{18}$/);
    expect(first!.token).toMatch(/^[\w-]{40}$/);
    const ids = made.map(({ account }) => account.id).toReversed();
    const page = await store.accounts.list({ limit: 2, offset: 1 });
    expect(page.total).toBe(5);
    expect(page.accounts.map(({ id }) => id)).toEqual(ids.slice(1, 3));
    expect(await store.accounts.get(first!.account.id)).toEqual(first!.account);
    expect(await store.accounts.get('SAXXXXXXXXXXXXXXXXXX')).toBeNull();
  });

  test('authenticate by their own token only, and while they are enabled', async () => {
    const { account, token } = await store.accounts.create('one', true, NOW);
    const other = await store.accounts.create('two', false, NOW);
    expect(await store.accounts.authenticate(account.id, token)).toEqual(account);
    expect(await store.accounts.authenticate(account.id, other.token)).toBeNull();
    expect(await store.accounts.authenticate(account.id, '')).toBeNull();
    expect(await store.accounts.authenticate('SAXXXXXXXXXXXXXXXXXX', token)).toBeNull();
    expect(await store.accounts.authenticate(other.account.id, other.token)).toBeNull();
    expect(await store.accounts.update(other.account.id, { enabled: true })).toMatchObject({ enabled: true });
    expect(await store.accounts.authenticate(other.account.id, other.token)).not.toBeNull();
    expect(await store.accounts.update(account.id, { name: 'renamed' })).toEqual({
      ...account,
      name: 'renamed',
    });
    await expect(store.accounts.update('SAXXXXXXXXXXXXXXXXXX', { name: 'x' })).rejects.toMatchObject({
      code: 'ERR_ACCOUNT_NOT_FOUND',
    });
  });

  test('the token is in Redis as a hash and sealed, never in clear', async () => {
    const { account, token } = await store.accounts.create('one', true, NOW);
    expect(await store.accounts.signingToken(account.id)).toBe(token);
    expect(await store.accounts.signingToken('SAXXXXXXXXXXXXXXXXXX')).toBeNull();
    const fields = await fixture.raw.hgetall(`maskline:{accounts}:${account.id}`);
    expect(Object.keys(fields)).toHaveLength(5);
    for (const text of Object.values(fields)) expect(text).not.toContain(token);
  });

  test('are not removed while numbers or live sessions belong to them', async () => {
    const { account } = await store.accounts.create('one', true, NOW);
    await store.numbers.add(did(DID, { subaccount: account.id }));
    const session = await store.sessions.create(draft({ accountId: account.id }));
    const removing = (at: number): Promise<void> => store.accounts.remove(account.id, at);
    await expect(removing(NOW)).rejects.toMatchObject({ code: 'ERR_ACCOUNT_IN_USE' });
    await store.sessions.end(session.id, NOW + 1);
    await expect(removing(NOW + 1)).rejects.toMatchObject({ code: 'ERR_ACCOUNT_IN_USE' });
    await store.numbers.remove(DID, NOW + 1);
    await removing(NOW + 1);
    expect(await store.accounts.get(account.id)).toBeNull();
    expect((await store.accounts.list({ limit: 20, offset: 0 })).total).toBe(0);
    await expect(removing(NOW + 1)).rejects.toMatchObject({ code: 'ERR_ACCOUNT_NOT_FOUND' });
  });

  test('use their own numbers only, and others do not use these', async () => {
    const { account } = await store.accounts.create('one', true, NOW);
    await store.numbers.add(did(DID, { subaccount: account.id }));
    await expect(store.sessions.create(draft())).rejects.toMatchObject({ code: 'ERR_NUMBER_POOL_EXHAUSTED' });
    await store.numbers.add(did(DID2));
    expect((await store.sessions.create(draft())).virtualNumber).toBe(DID2);
    const own = draft({ accountId: account.id, firstParty: CAROL, secondParty: STRANGER });
    expect((await store.sessions.create(own)).virtualNumber).toBe(DID);
    await expect(store.sessions.create({ ...own, virtualNumber: DID2 })).rejects.toMatchObject({
      code: 'ERR_NUMBER_POOL_EXHAUSTED',
    });
  });
});
