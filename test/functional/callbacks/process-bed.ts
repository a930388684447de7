import { setTimeout as sleep } from 'node:timers/promises';

import { Store } from '../../../src/store/index.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import type { Receiver } from '../../helpers/receiver.js';
import { SimBed } from '../../helpers/sim-bed.js';
import { AUTH_ID } from '../../helpers/stack.js';
import { did, DID, draft } from '../store/fixture.js';
import { aCall } from './fixture.js';

/** A session of its own for each of many calls, and how many events its scripts have told. */
export interface Traffic {
  readonly sessions: readonly MaskingSession[];
  /** Places calls, on and on; each returns once Redis has taken all of it. Redis may be away in between. */
  readonly run: (until: AbortSignal, pauseMs?: number) => Promise<void>;
}

/** Controllers as processes of their own, and a store beside them that writes what happens to calls. */
export class ProcessBed {
  private constructor(
    readonly sim: SimBed,
    readonly store: Store,
  ) {}

  static async start(
    controllers: number,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ProcessBed> {
    const sim = await SimBed.start({
      controllers,
      environment: { CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8', ...environment },
    });
    const store = new Store({ url: sim.stack.redis.url, dataKeys: [sim.stack.dataKey] });
    await store.numbers.add(did(DID));
    return new ProcessBed(sim, store);
  }

  async session(n: number, callbackUrl: string): Promise<MaskingSession> {
    const person = (role: number): MaskingSession['firstParty'] =>
      `+1555${role}00${String(n).padStart(4, '0')}` as MaskingSession['firstParty'];
    return this.store.sessions.create(
      draft({
        ...{ accountId: AUTH_ID, firstParty: person(1), secondParty: person(2), now: Date.now() },
        settings: { sessionExpiry: 3_600, callbackUrl },
      }),
    );
  }

  async traffic(receiver: Receiver, sessions: number, fragment = ''): Promise<Traffic> {
    const all: MaskingSession[] = [];
    for (let n = 0; n < sessions; n += 1) all.push(await this.session(n, receiver.url(`/hook${fragment}`)));
    return {
      sessions: all,
      run: async (until, pauseMs = 10) => {
        for (let call = 0; !until.aborted; call += 1) {
          try {
            await aCall(this.store, all[call % all.length]!);
          } catch {
            // Redis is away: what it took of this call is told, and the next call is another one.
          }
          await sleep(pauseMs);
        }
      },
    };
  }

  /** How many events of a session were told of by the scripts that wrote them: its receiver hears of each. */
  async toldOf({ id }: MaskingSession): Promise<number> {
    return Number(await this.raw('HGET', `maskline:{${DID}}:session:${id}`, 'sequence'));
  }

  async raw(...command: [string, ...string[]]): Promise<unknown> {
    const { Redis } = await import('ioredis');
    const client = new Redis(this.sim.stack.redis.url);
    try {
      return await client.call(...command);
    } finally {
      client.disconnect();
    }
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.sim.close();
  }
}

/** Which callbacks arrived, as `<session> <sequence>`, with how often. */
export function arrivals(receiver: Receiver): Map<string, number> {
  const all = new Map<string, number>();
  for (const { fields } of receiver.told) {
    const key = `${fields['SessionUUID']} ${fields['SequenceNumber']}`;
    all.set(key, (all.get(key) ?? 0) + 1);
  }
  return all;
}

/**
 * Waits until every event of every session arrived, and no longer than `patienceMs` milliseconds for one more of them; answers how
 * many there are, and how many came more than once.
 */
export async function allArrive(
  toldOf: (session: MaskingSession) => Promise<number>,
  sessions: readonly MaskingSession[],
  receiver: Receiver,
  patienceMs = 60_000,
): Promise<{ expected: number; arrived: number; twice: number }> {
  const wanted: string[] = [];
  for (const session of sessions) {
    const count = await toldOf(session);
    for (let sequence = 1; sequence <= count; sequence += 1) wanted.push(`${session.id} ${sequence}`);
  }
  let until = Date.now() + patienceMs;
  let fewest = wanted.length;
  for (;;) {
    const arrived = arrivals(receiver);
    const missing = wanted.filter((key) => !arrived.has(key));
    if (missing.length < fewest) {
      fewest = missing.length;
      until = Date.now() + patienceMs;
    }
    if (missing.length === 0) {
      const twice = [...arrived.values()].filter((times) => times > 1).length;
      return { expected: wanted.length, arrived: arrived.size, twice };
    }
    if (Date.now() > until) throw new Error(`${missing.length} of ${wanted.length} never arrived`);
    await sleep(100);
  }
}
