import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { pino } from 'pino';

import { Callbacks, type CallbackSettings, type CallbacksOptions } from '../../../src/callbacks/callbacks.js';
import type { CallbackState, LoggedCallback } from '../../../src/store/index.js';
import type { Store } from '../../../src/store/index.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession, SessionSettings } from '../../../src/masking/session.js';
import { addressOf, did, DID, draft, Fixture, heard, leg, startOf } from '../store/fixture.js';

export const TOKENS = { account: 'token-of-the-account', main: 'token-of-the-main-account' };

export const SETTINGS: CallbackSettings = {
  allowAddresses: ['127.0.0.0/8'],
  retries: 1,
  retryOn: ['ct', 'rt'],
  retryDelays: [100],
  concurrency: 64,
  receiverConcurrency: 8,
};

/** Controllers' callbacks on one private Redis. */
export class CallbackBed {
  readonly #running = new Set<Callbacks>();

  private constructor(
    readonly redis: Fixture,
    readonly store: Store,
  ) {}

  static async start(): Promise<CallbackBed> {
    const redis = await Fixture.start();
    const store = redis.store({
      // A hundredth of the unit for each second.
      tariff: { callRate: 600_000, increment: 1, minimum: 0, sessionFee: 0 },
    });
    await store.numbers.add(did(DID));
    return new CallbackBed(redis, store);
  }

  /** One controller's callbacks, on a store of its own unless told otherwise. */
  callbacks(settings: Partial<CallbackSettings> = {}, options: Partial<CallbacksOptions> = {}): Callbacks {
    const callbacks = new Callbacks({
      settings: { ...SETTINGS, ...settings },
      redisUrl: this.redis.redis.url,
      store: this.store,
      payloads: {
        recordingUrls: ({ accountId: account, id }) => ({
          resource: `https://api.example/v1/Account/${account}/Recording/${id}/`,
          media: `https://api.example/media/${id}`,
        }),
      },
      tokensOf: () => Promise.resolve(TOKENS),
      now: () => Date.now(),
      logger: pino({ level: 'silent' }),
      lockDuration: 2_000,
      sweepInterval: 100,
      ...options,
    });
    callbacks.start();
    this.#running.add(callbacks);
    return callbacks;
  }

  async stop(callbacks: Callbacks, graceMs?: number): Promise<void> {
    this.#running.delete(callbacks);
    await callbacks.stop(graceMs);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((each) => each.stop()));
    await this.redis.stop();
  }

  session(settings: Partial<SessionSettings>): Promise<MaskingSession> {
    return aSession(this.store, settings);
  }

  /** A call from the first party that the second one answers: six events. */
  call(session: MaskingSession): Promise<string> {
    return aCall(this.store, session);
  }

  /** Every callback of a session, oldest first, once all are settled. */
  async settled(session: MaskingSession, count: number, deadlineMs = 20_000): Promise<LoggedCallback[]> {
    const until = Date.now() + deadlineMs;
    for (;;) {
      const { callbacks } = await this.store.callbacks.list(session.virtualNumber, session.id, {
        limit: 1_000,
        offset: 0,
      });
      const open: CallbackState = 'queued';
      if (callbacks.length >= count && callbacks.every(({ state }) => state !== open)) {
        return [...callbacks].reverse();
      }
      if (Date.now() > until) {
        throw new Error(`wanted ${count} callbacks, found: ${JSON.stringify(callbacks, null, 1)}`);
      }
      await sleep(20);
    }
  }
}

/** A session of two people whom nobody else knows. */
export function aSession(
  store: Store,
  settings: Partial<SessionSettings>,
  number: E164 = DID,
): Promise<MaskingSession> {
  return store.sessions.create(
    draft({
      firstParty: person(),
      secondParty: person(),
      virtualNumber: number,
      now: Date.now(),
      settings: { sessionExpiry: 3_600, ...settings },
    }),
  );
}

/** A call from the first party that the second one answers: six events. */
export async function aCall({ calls }: Store, session: MaskingSession): Promise<string> {
  const now = Date.now();
  const id = randomUUID();
  const address = addressOf(session, id);
  await calls.begin(startOf(session, id, { startedAt: now, claimUntil: now + 60_000 }), now);
  await calls.progress(address, heard('ringing', 'b', 'ringing', now + 10));
  await calls.progress(address, heard('answered', 'b', 'whispering', now + 20));
  await calls.progress(address, heard('answered', 'a', null, now + 20));
  await calls.progress(address, heard('joined', 'a', 'connected', now + 25));
  const times = { startedAt: now, ringingAt: now + 10, answeredAt: now + 20, bridgedAt: now + 25 };
  await calls.finishLeg(address, leg('b', randomUUID(), { ...times, endedAt: now + 4_020 }));
  await calls.finishLeg(address, leg('a', id, { ...times, endedAt: now + 4_020 }));
  return id;
}

export async function eventually(
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 15_000,
): Promise<void> {
  const until = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error('it did not come about in time');
    await sleep(10);
  }
}

let people = 0;

/** Somebody nobody else is. */
function person(): MaskingSession['firstParty'] {
  people += 1;
  return `+1555100${String(people).padStart(4, '0')}` as MaskingSession['firstParty'];
}
