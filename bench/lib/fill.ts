import { Redis } from 'ioredis';

import type { E164 } from '../../src/masking/phone-number.js';
import { Store } from '../../src/store/index.js';
import { e164, SETTINGS } from '../../test/helpers/sessions.js';
import { AUTH_ID } from '../../test/helpers/stack.js';
import { first, second } from './people.js';

/** Seconds; as long as the API allows, so that no session ends while we measure. */
export const SESSION_EXPIRY = 86_400;
/** Creates under way at once while filling. */
const FILL_WIDTH = 64;
/** Sessions between two reports. */
const REPORT_EVERY = 10_000;

/** A store with virtual numbers and as many sessions as are asked for, each of two people of its own. */
export class Filled {
  readonly #admin: Redis;
  readonly store: Store;
  readonly numbers: readonly E164[];
  /** Sessions so far. */
  sessions = 0;
  /** Enough of them to read from, of all ages: each with the n of its people. */
  readonly sample: { readonly id: string; readonly n: number }[] = [];

  private constructor(admin: Redis, store: Store, numbers: readonly E164[]) {
    this.#admin = admin;
    this.store = store;
    this.numbers = numbers;
  }

  /** `redisUrl` of one Redis; `count` virtual numbers. */
  static async open(redisUrl: string, dataKey: string, count: number): Promise<Filled> {
    const admin = new Redis(redisUrl);
    admin.on('error', () => undefined);
    const store = new Store({ url: redisUrl, dataKeys: [dataKey] });
    const numbers = Array.from({ length: count }, (_, n) => e164(`+1555${String(n).padStart(7, '0')}`));
    const record = { country: 'US', alias: '', subaccount: '', trunk: '', enabled: true };
    for (const number of numbers) await store.numbers.add({ number, ...record, addedAt: Date.now() });
    // Read once, or each of the first creates would.
    await store.numbers.inventory();
    return new Filled(admin, store, numbers);
  }

  /** The virtual number of the n-th two people. */
  numberOf(n: number): E164 {
    const number = this.numbers[n % this.numbers.length];
    if (number === undefined) throw new RangeError('there are no numbers');
    return number;
  }

  /**
   * Creates sessions until there are `count`, evenly on all numbers, through the store's own create. Without fsync: what
   * is measured afterwards is written with it again. Tells `progress` how many there are.
   */
  async fill(count: number, progress: (sessions: number) => void = () => undefined): Promise<void> {
    await this.#admin.config('SET', 'appendfsync', 'no');
    const settings = { ...SETTINGS, geomatch: false, sessionExpiry: SESSION_EXPIRY };
    const sampled = Math.ceil(count / 5_000);
    const work = async (): Promise<void> => {
      while (this.sessions < count) {
        const n = this.sessions;
        this.sessions += 1;
        const { id } = await this.store.sessions.create({
          ...{ accountId: AUTH_ID, settings, pin: null, now: Date.now() },
          ...{ firstParty: e164(first(n)), secondParty: e164(second(n)) },
          virtualNumber: this.numberOf(n),
        });
        if (n % sampled === 0) this.sample.push({ id, n });
        if ((n + 1) % REPORT_EVERY === 0) progress(n + 1);
      }
    };
    await Promise.all(Array.from({ length: FILL_WIDTH }, work));
    await this.#admin.config('SET', 'appendfsync', 'always');
  }

  /** Bytes that Redis uses for its data. */
  async memory(): Promise<number> {
    return Number(/^used_memory:(\d+)/m.exec(await this.#admin.info('memory'))?.[1]);
  }

  /** Scripts that Redis has run, and commands, those that scripts run among them. */
  async commands(): Promise<{ readonly scripts: number; readonly commands: number }> {
    const stats = await this.#admin.info('commandstats');
    const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    const sum = (isCounted: (name: string) => boolean): number =>
      calls.reduce((total, [, name = '', count]) => total + (isCounted(name) ? Number(count) : 0), 0);
    return { scripts: sum((name) => name.startsWith('eval')), commands: sum(() => true) };
  }

  async close(): Promise<void> {
    await this.store.close();
    this.#admin.disconnect();
  }
}
