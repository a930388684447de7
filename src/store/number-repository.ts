import { randomUUID } from 'node:crypto';

import { callingCodeOf, type E164 } from '../masking/phone-number.js';
import type { NumberChange } from '../masking/number-change.js';
import type { VirtualNumber } from '../masking/virtual-number.js';
import { NumberChangedError, NumberExistsError, NumberInUseError, NumberNotFoundError } from './errors.js';
import { INVENTORY_KEY, INVENTORY_VERSION_KEY, numberKey, REMOVED_NUMBERS_KEY } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** Changes of one number that may come between reading and writing it. */
const CHANGE_ATTEMPTS = 10;

/** A virtual number with what its choice needs. */
export interface InventoryEntry extends VirtualNumber {
  /** Such as `44`, or "" when no plan has it. */
  readonly callingCode: string;
}

export interface NumberPage {
  readonly numbers: readonly VirtualNumber[];
  readonly total: number;
}

/**
 * The operator's virtual numbers.
 *
 * A number's own record decides whether it is ours. The inventory lists the numbers for people and
 * for the choice; it is kept in memory and checked against its version with every use. It is written
 * after the record: when that is interrupted, the same add or remove again repairs it.
 */
export class NumberRepository {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  #version = '';
  #inventory: readonly InventoryEntry[] = [];
  #listed: ReadonlySet<string> = new Set();
  #looking: Promise<readonly InventoryEntry[]> | null = null;
  #nextLook: Promise<readonly InventoryEntry[]> | null = null;
  /** Whether the look that is under way was begun in this very microtask. */
  #hasJustBegun = false;

  constructor(client: RedisClient, scripts: Scripts) {
    this.#client = client;
    this.#scripts = scripts;
  }

  /** Throws NumberExistsError when the number is ours already. */
  async add(number: VirtualNumber): Promise<void> {
    const record = JSON.stringify(number);
    const present = await this.#scripts.run('add-number', [numberKey(number.number)], [record]);
    await this.#list(number.number, present === null ? record : String(present));
    if (present !== null) throw new NumberExistsError('this virtual number was added before');
  }

  /** The number, or null when it is not ours. */
  async get(number: E164): Promise<VirtualNumber | null> {
    const record = await guarded(() => this.#client.get(numberKey(number)));
    return record === null ? null : fromRecord(record);
  }

  /**
   * Changes what `change` names, and answers the number as it is then. Sessions that live on it go on.
   * Throws NumberNotFoundError, and NumberChangedError when others change it all the time.
   */
  async update(number: E164, change: NumberChange): Promise<VirtualNumber> {
    for (let attempt = 1; attempt <= CHANGE_ATTEMPTS; attempt += 1) {
      const record = await guarded(() => this.#client.get(numberKey(number)));
      if (record === null) throw new NumberNotFoundError('this virtual number is not ours');
      const changed = { ...fromRecord(record), ...change };
      const next = JSON.stringify(changed);
      const done = await this.#scripts.run('change-number', [numberKey(number)], [record, next]);
      if (done === 1) {
        await this.#list(number, next);
        return changed;
      }
    }
    throw new NumberChangedError('this virtual number was changed by others meanwhile');
  }

  /**
   * A page of the numbers that `where` holds for, newest first, numbers added at the same instant in
   * ascending order.
   */
  async list(query: {
    readonly limit: number;
    readonly offset: number;
    readonly where?: (number: VirtualNumber) => boolean;
  }): Promise<NumberPage> {
    const { limit, offset, where } = query;
    const inventory = await this.inventory();
    const matching = where === undefined ? inventory : inventory.filter(where);
    return {
      numbers: matching.slice(offset, offset + limit).map(withoutCallingCode),
      total: matching.length,
    };
  }

  async count(): Promise<number> {
    return (await this.inventory()).length;
  }

  /**
   * Gives the number up. Throws NumberNotFoundError, or NumberInUseError while sessions live on it at
   * `now` (milliseconds since the epoch).
   */
  async remove(number: E164, now: number): Promise<void> {
    await guarded(() => this.#client.sadd(REMOVED_NUMBERS_KEY, number));
    const result = await this.#scripts.run('remove-number', [numberKey(number)], [now]);
    if (result === 'in-use') throw new NumberInUseError('live sessions use this virtual number');
    await this.#list(number, '');
    if (result === 'not-found') throw new NumberNotFoundError('this virtual number is not ours');
  }

  /** Which of `numbers` are ours: listed, at least. One that is being added may not be yet. */
  async listed(numbers: readonly E164[]): Promise<ReadonlySet<E164>> {
    await this.inventory();
    return new Set(numbers.filter((number) => this.#listed.has(number)));
  }

  /**
   * All numbers as they are now, newest first, from memory unless another process changed them.
   *
   * Asking many times at once is two looks at most: those who come while one is under way share the next,
   * which begins after they came. Else a thousand creates on a cold memory would each fetch everything.
   */
  async inventory(): Promise<readonly InventoryEntry[]> {
    if (this.#looking === null) return this.#look();
    // Asked again in the same go, as every create does: what was asked for has not left yet.
    if (this.#hasJustBegun) return this.#looking;
    this.#nextLook ??= this.#looking.then(
      () => this.#look(),
      () => this.#look(),
    );
    return this.#nextLook;
  }

  #look(): Promise<readonly InventoryEntry[]> {
    this.#nextLook = null;
    const looking = this.#fetch().finally(() => {
      if (this.#looking === looking) this.#looking = null;
    });
    this.#looking = looking;
    this.#hasJustBegun = true;
    queueMicrotask(() => {
      this.#hasJustBegun = false;
    });
    return looking;
  }

  async #fetch(): Promise<readonly InventoryEntry[]> {
    const present = await guarded(() => this.#client.get(INVENTORY_VERSION_KEY));
    if ((present ?? '') === this.#version) return this.#inventory;
    const reply = await this.#scripts.run(
      'list-numbers',
      [INVENTORY_KEY, INVENTORY_VERSION_KEY],
      [this.#version],
    );
    const [version, records] = reply as [string, string[]?];
    if (records !== undefined) {
      this.#inventory = records.map(entryOf).sort(newestFirst);
      this.#listed = new Set(this.#inventory.map(({ number }) => number));
      this.#version = version;
    }
    return this.#inventory;
  }

  async #list(number: E164, record: string): Promise<void> {
    const keys = [INVENTORY_KEY, INVENTORY_VERSION_KEY];
    await this.#scripts.run('put-listing', keys, [number, record, randomUUID()]);
  }
}

/** Records that were written before there were subaccounts belong to none. */
function fromRecord(record: string): VirtualNumber {
  return { subaccount: '', ...(JSON.parse(record) as Omit<VirtualNumber, 'subaccount'>) };
}

function entryOf(record: string): InventoryEntry {
  const number = fromRecord(record);
  return { ...number, callingCode: callingCodeOf(number.number) };
}

function withoutCallingCode(entry: InventoryEntry): VirtualNumber {
  const { number, country, alias, enabled, trunk, subaccount, addedAt } = entry;
  return { number, country, alias, enabled, trunk, subaccount, addedAt };
}

function newestFirst(one: VirtualNumber, other: VirtualNumber): number {
  return other.addedAt - one.addedAt || (one.number < other.number ? -1 : 1);
}
