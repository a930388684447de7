import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

import type { Account } from '../masking/account.js';
import { AccountInUseError, AccountNotFoundError } from './errors.js';
import { accountKey, ACCOUNTS_KEY } from './keys.js';
import type { NumberRepository } from './number-repository.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';
import type { SessionRepository } from './session-repository.js';
import type { Vault } from './vault.js';

export interface AccountPage {
  readonly accounts: readonly Account[];
  readonly total: number;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** 240 bits: nobody guesses it, so a plain hash keeps it. 40 characters, as Plivo's tokens have. */
const TOKEN_BYTES = 30;

/**
 * Subaccounts. A token is shown once, when it is created. Its hash is what authentication compares; the
 * token itself is kept sealed, because callbacks are signed with it.
 */
export class AccountRepository {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #numbers: NumberRepository;
  readonly #sessions: SessionRepository;

  constructor(
    client: RedisClient,
    scripts: Scripts,
    vault: Vault,
    numbers: NumberRepository,
    sessions: SessionRepository,
  ) {
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#numbers = numbers;
    this.#sessions = sessions;
  }

  /** `now` in milliseconds since the epoch. The only time that the token is told. */
  async create(name: string, enabled: boolean, now: number): Promise<{ account: Account; token: string }> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    for (;;) {
      const id = `SA${Array.from({ length: 18 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
      const account: Account = { id, name, enabled, createdAt: now };
      const created = await this.#scripts.run(
        'put-account',
        [accountKey(id), ACCOUNTS_KEY],
        [
          ...[placeOf(account), 'name', name, 'enabled', enabled ? '1' : '0', 'createdAt', now],
          ...['hash', hashOf(token).toString('base64'), 'token', this.#vault.seal(token, contextOf(id))],
        ],
      );
      if (created === 1) return { account, token };
    }
  }

  /** The subaccount, or null. */
  async get(id: string): Promise<Account | null> {
    const fields = await guarded(() => this.#client.hmget(accountKey(id), 'name', 'enabled', 'createdAt'));
    const [name, enabled, createdAt] = fields;
    if (name == null) return null;
    return { id, name, enabled: enabled === '1', createdAt: Number(createdAt) };
  }

  /** A page, newest first. */
  async list(page: { readonly limit: number; readonly offset: number }): Promise<AccountPage> {
    const { limit, offset } = page;
    const [total, places] = await Promise.all([
      guarded(() => this.#client.zcard(ACCOUNTS_KEY)),
      limit === 0 ? [] : guarded(() => this.#client.zrevrange(ACCOUNTS_KEY, offset, offset + limit - 1)),
    ]);
    const accounts = await Promise.all(places.map((place) => this.get(place.slice(place.indexOf(':') + 1))));
    return { accounts: accounts.filter((account) => account !== null), total };
  }

  /** What is not given stays. Throws AccountNotFoundError. */
  async update(id: string, change: { readonly name?: string; readonly enabled?: boolean }): Promise<Account> {
    const fields = [
      ...(change.name === undefined ? [] : ['name', change.name]),
      ...(change.enabled === undefined ? [] : ['enabled', change.enabled ? '1' : '0']),
    ];
    if (fields.length > 0) await this.#scripts.run('change-account', [accountKey(id)], fields);
    const account = await this.get(id);
    if (account === null) throw new AccountNotFoundError('no such subaccount');
    return account;
  }

  /**
   * Throws AccountNotFoundError, or AccountInUseError while numbers belong to it or sessions of it live at
   * `now` (milliseconds since the epoch). Without numbers it cannot have new sessions meanwhile.
   */
  async remove(id: string, now: number): Promise<void> {
    const account = await this.get(id);
    if (account === null) throw new AccountNotFoundError('no such subaccount');
    const inventory = await this.#numbers.inventory();
    if (inventory.some(({ subaccount }) => subaccount === id)) {
      throw new AccountInUseError('virtual numbers belong to this subaccount');
    }
    const live = { accountIds: [id], created: {}, expiry: { gt: now }, duration: {}, limit: 0, offset: 0 };
    if ((await this.#sessions.list({ ...live, status: 'all' }, now)).total > 0) {
      throw new AccountInUseError('live sessions belong to this subaccount');
    }
    await this.#scripts.run('remove-account', [accountKey(id), ACCOUNTS_KEY], [placeOf(account)]);
  }

  /** The subaccount whose token this is, or null: unknown, disabled or another token. In constant time. */
  async authenticate(id: string, token: string): Promise<Account | null> {
    const hash = await guarded(() => this.#client.hget(accountKey(id), 'hash'));
    const expected = hash === null ? hashOf('') : Buffer.from(hash, 'base64');
    const isRight = timingSafeEqual(expected, hashOf(token));
    if (hash === null || !isRight) return null;
    const account = await this.get(id);
    return account?.enabled === true ? account : null;
  }

  /** What callbacks of the subaccount are signed with; null when it is not known. Throws UnreadableDocumentError. */
  async signingToken(id: string): Promise<string | null> {
    const sealed = await guarded(() => this.#client.hget(accountKey(id), 'token'));
    return sealed === null ? null : this.#vault.open(sealed, contextOf(id));
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** In the order of these, subaccounts are in the order of their creation. */
function placeOf({ id, createdAt }: Account): string {
  return `${String(createdAt).padStart(15, '0')}:${id}`;
}

function contextOf(id: string): string {
  return `account\0${id}`;
}
