import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import { RunningApi } from '../../helpers/running-api.js';

/** The only number: a session that nobody was told of would keep its pair from having one. */
const DID = '+15550009001' as E164;
const CLIENTS = 50;

let api: RunningApi;
let raw: Redis;
afterEach(async () => {
  api.redis.resume();
  raw.disconnect();
  await api.close();
});

/** Creates sessions for one pair of people after the other, each again until it is answered with 201. */
class Client {
  /** Sessions that were answered with 201, by their pair. */
  readonly created = new Map<string, string>();
  /** Answers with a 5xx. */
  failures = 0;
  readonly #index: number;

  constructor(index: number) {
    this.#index = index;
  }

  async run(isOver: () => boolean): Promise<void> {
    for (let pair = 0; !isOver(); pair += 1) {
      const person = (side: number): string =>
        `+1555${side}${String(this.#index).padStart(2, '0')}${String(pair).padStart(4, '0')}`;
      const id = await this.#create(person(1), person(2));
      this.created.set(`${person(1)} ${person(2)}`, id);
    }
  }

  async #create(first: string, second: string): Promise<string> {
    for (;;) {
      const response = await fetch(`${api.url}/v1/Account/${api.account.id}/Masking/Session/`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${api.account.id}:${api.account.token}`).toString('base64')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ first_party: first, second_party: second, geomatch: false }),
      });
      const body = (await response.json()) as { session_uuid?: string };
      if (response.status === 201) return body.session_uuid ?? '';
      // No 400 either: nothing stands in the way of who comes again.
      expect(response.status, JSON.stringify(body)).toBe(500);
      this.failures += 1;
    }
  }
}

test.each([
  ['again and again, for moments and for longer than anybody waits', 400, [100, 500, 900, 300, 1_200, 600]],
  ['for longer than a command, and than a connection waits', 2_000, [2_500, 4_700]],
])(
  'Redis hangs %s: what exists are the sessions that were answered with 201',
  { timeout: 90_000 },
  async (_, commandTimeout, stops) => {
    api = await RunningApi.start({ commandTimeout });
    raw = new Redis(api.redis.port, '127.0.0.1');
    await api.store.numbers.add({
      ...{ number: DID, country: '', alias: '', enabled: true, trunk: '', subaccount: '' },
      addedAt: Date.now(),
    });
    const clients = Array.from({ length: CLIENTS }, (_each, index) => new Client(index));
    let over = false;
    const end = (): void => void (over = true);
    const hang = async (): Promise<void> => {
      for (const stop of stops) {
        await sleep(400 + Math.random() * 200);
        api.redis.pause();
        await sleep(stop);
        api.redis.resume();
      }
      await sleep(400);
    };
    await Promise.all(
      [hang(), ...clients.map((client) => client.run(() => over))].map((each) => each.finally(end)),
    );
    const count = (wanted: string): number => api.withdrawals.filter(({ state }) => state === wanted).length;
    while (count('void') + count('dropped') < count('owed')) await sleep(20);

    const answered = clients.flatMap(({ created }) => [...created.values()]);
    expect(answered.length).toBeGreaterThan(2 * CLIENTS);
    expect(clients.reduce((sum, { failures }) => sum + failures, 0)).toBeGreaterThan(0);
    const keys = await raw.keys(`maskline:{${DID}}:session:*`);
    expect(keys.map((key) => key.split(':').at(-1)).sort()).toEqual([...answered].sort());
    const query = { accountIds: null, created: {}, expiry: {}, duration: {}, limit: 100_000, offset: 0 };
    const { sessions } = await api.store.sessions.list({ ...query, status: 'active' }, Date.now());
    const pairs = sessions.map(({ session }) => [`${session.firstParty} ${session.secondParty}`, session.id]);
    expect(pairs).toHaveLength(answered.length);
    expect(new Map(pairs as [string, string][])).toEqual(
      new Map(clients.flatMap(({ created }) => [...created])),
    );
    expect(count('left')).toBe(0);
  },
);
