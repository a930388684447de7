import type { E164 } from '../masking/phone-number.js';
import { heldKey, usedKey } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';
import type { Vault } from './vault.js';

/** Milliseconds that a use of a number is remembered at most. */
const REMEMBERED = 30 * 24 * 3_600_000;
/** Numbers remembered of one person. */
const MOST_NUMBERS = 1_000;

/** What is remembered of one person. Instants are milliseconds since the epoch. */
export interface PersonMemory {
  readonly lastUsed: ReadonlyMap<string, number>;
  readonly heldUntil: ReadonlyMap<string, number>;
}

/** Which virtual numbers a person was given: advice for the choice of the next, bounded and expiring. */
export class People {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #remembered: number;

  /** `retention` in milliseconds: a person is not remembered for longer than a session. */
  constructor(client: RedisClient, scripts: Scripts, vault: Vault, retention = REMEMBERED) {
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#remembered = Math.min(REMEMBERED, retention);
  }

  async recall(person: E164, now: number): Promise<PersonMemory> {
    const lastUsed = new Map<string, number>();
    const heldUntil = new Map<string, number>();
    // A script would cost Redis five times as much, and it need not be one look: this is advice.
    await Promise.all(
      this.#vault.partyTokens(person).map(async (token) => {
        const [used, held] = await guarded(() =>
          Promise.all([
            this.#client.zrange(usedKey(token), '0', '-1', 'WITHSCORES'),
            this.#client.zrangebyscore(heldKey(token), `(${now}`, '+inf', 'WITHSCORES'),
          ]),
        );
        collect(used, lastUsed);
        collect(held, heldUntil);
      }),
    );
    return { lastUsed, heldUntil };
  }

  /** The newest word on how long the person holds the number is the one that counts. */
  async remember(person: E164, number: E164, now: number, heldUntil: number): Promise<void> {
    const [token, ...older] = this.#vault.partyTokens(person);
    if (token === undefined) return;
    const args = [number, now, heldUntil, this.#remembered, MOST_NUMBERS];
    await Promise.all([
      this.#scripts.run('remember-person', [usedKey(token), heldKey(token)], args),
      ...older.map((old) => guarded(() => this.#client.zrem(heldKey(old), number))),
    ]);
  }
}

/** Reads member, score, member, … and keeps the later instant of each. */
function collect(flat: readonly string[], into: Map<string, number>): void {
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const number = String(flat[index]);
    into.set(number, Math.max(into.get(number) ?? 0, Number(flat[index + 1])));
  }
}
