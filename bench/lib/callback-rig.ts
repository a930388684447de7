import { randomBytes, randomUUID } from 'node:crypto';
import { cpus, tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

import { RedisServer } from '../../sandbox/redis-server.js';
import type { Parameters } from '../../src/callbacks/parameters.js';
import type { E164 } from '../../src/masking/phone-number.js';
import { outboxKey } from '../../src/store/keys.js';
import { Store } from '../../src/store/index.js';
import { e164, SETTINGS } from '../../test/helpers/sessions.js';
import { AUTH_ID } from '../../test/helpers/stack.js';
import type { BarePost } from './bare-callbacks.js';
import type { Behaviour, Receipts } from './callback-receivers.js';
import { Child } from './child.js';
import { SESSION_EXPIRY } from './fill.js';
import { openWatched } from './interruption.js';
import { first, second } from './people.js';
import { pin } from './process-figures.js';

export const SENDERS = ['bare POST', 'bare POST, a connection each', 'maskline'] as const;
export type SenderName = (typeof SENDERS)[number];

/** Sessions of each receiver, each on a virtual number of its own. */
const SESSIONS_EACH = 8;
/** Attempts under way at once, of all and at one receiver: the defaults of a controller. */
const [CONCURRENCY, RECEIVER_CONCURRENCY] = [256, 32];
/** Milliseconds between two looks at what arrived. */
const LOOK_MS = 50;
/** Milliseconds that the very first callback may take. */
const FIRST_PATIENCE_MS = 10_000;

/** A session with a call that is up. */
interface OpenSession {
  readonly number: E164;
  readonly sessionId: string;
  readonly callId: string;
  /** Which of the receivers is told of it, and where. */
  readonly receiver: number;
  readonly url: string;
}

/** Something that a receiver is to be told. */
export interface CallbackEvent extends OpenSession {
  readonly sequence: number;
}

/** Which callback it is, as the receivers tell it. */
export function callbackKey({ sessionId, sequence }: Pick<CallbackEvent, 'sessionId' | 'sequence'>): string {
  return `${sessionId} ${sequence}`;
}

/** What carries events to receivers, as a process of its own. */
export interface Sender {
  readonly pid: number;
  /** Resolves once they are on their way. */
  tell(events: readonly CallbackEvent[]): Promise<void>;
  end(): Promise<void>;
}

/** Redis as shipped, receivers in one other process, and one sender at a time. */
export class CallbackRig {
  readonly close: () => Promise<void>;
  readonly #redis: RedisServer;
  readonly #raw: Redis;
  readonly #receivers: Child;
  readonly #dataKey = randomBytes(32).toString('base64');
  readonly #token = randomBytes(24).toString('base64url');
  #sessions: readonly OpenSession[] = [];
  #sequence = 0;
  #template: Parameters = [];

  private constructor(redis: RedisServer, raw: Redis, receivers: Child, close: () => Promise<void>) {
    this.#redis = redis;
    this.#raw = raw;
    this.#receivers = receivers;
    this.close = close;
  }

  /** With so many receivers. When it fails, or the benchmark is interrupted, nothing of it is left. */
  static async start(receivers: number): Promise<CallbackRig> {
    const rig = await openWatched(async (opened, close) => {
      const redis = await RedisServer.start();
      opened.push(() => redis.stop());
      const raw = new Redis(redis.url);
      raw.on('error', () => undefined);
      opened.push(() => {
        raw.disconnect();
        return Promise.resolve();
      });
      const child = await Child.start('callback-receivers', { RECEIVERS: String(receivers) });
      opened.push(() => child.end());
      return new CallbackRig(redis, raw, child, close);
    });
    try {
      await rig.#learnTemplate();
    } catch (error) {
      await rig.close();
      throw error;
    }
    return rig;
  }

  get redisPid(): number {
    return this.#redis.pid ?? 0;
  }

  get receivers(): number {
    return (this.#receivers.said as number[]).length;
  }

  /** Gives the sender the first core, and everything else the others; false where there are not enough of them. */
  async pin(sender: Sender): Promise<boolean> {
    const [own = 0, ...others] = cpus().map((_, core) => core);
    const done = await Promise.all([
      pin(sender.pid, others.length === 0 ? [] : [own]),
      ...[process.pid, this.redisPid, this.#receivers.pid].map((pid) => pin(pid, others)),
    ]);
    return done.every(Boolean);
  }

  /** A sender with nothing to do yet, and for Maskline a Redis with nothing but open sessions. */
  async sender(name: SenderName): Promise<Sender> {
    if (name === 'maskline') {
      await this.#openSessions();
      return this.#maskline();
    }
    const child = await Child.start('bare-callbacks', {
      CONNECTIONS: name === 'bare POST' ? 'kept' : 'each',
      WIDTH: String(Math.min(CONCURRENCY, RECEIVER_CONCURRENCY * this.receivers)),
      AUTH_TOKEN: this.#token,
    });
    child.send({ template: this.#template });
    return {
      pid: child.pid,
      tell: (events) => {
        const posts: BarePost[] = events.map(({ url, sessionId, sequence }) => ({
          url,
          sessionId,
          sequence,
        }));
        child.send(posts);
        return Promise.resolve();
      },
      end: () => child.end(),
    };
  }

  /** The next event, of each session in turn. */
  next(): CallbackEvent {
    const session = this.#sessions[this.#sequence % this.#sessions.length];
    if (session === undefined) throw new RangeError('there are no sessions');
    this.#sequence += 1;
    // No number is used twice in a session.
    return { ...session, sequence: this.#sequence };
  }

  /** How each receiver behaves from now on. */
  async behave(behaviours: readonly Behaviour[]): Promise<void> {
    await this.#receivers.ask(behaviours);
  }

  /** Forgets what arrived until now. */
  async forget(): Promise<void> {
    await this.#receivers.ask('take');
  }

  /**
   * When each of these callbacks came first, by `instant()`. Waits until all did, or for `patienceMs` milliseconds:
   * then some are missing.
   */
  async arrivals(keys: readonly string[], patienceMs: number): Promise<ReadonlyMap<string, number>> {
    const missing = new Set(keys);
    const arrived = new Map<string, number>();
    const until = performance.now() + patienceMs;
    for (;;) {
      const { receipts } = (await this.#receivers.ask('take')) as Receipts;
      for (const [key, at] of receipts) if (missing.delete(key)) arrived.set(key, at);
      if (missing.size === 0 || performance.now() > until) return arrived;
      await sleep(LOOK_MS);
    }
  }

  /** What the bare loop sends is what Maskline sent once. */
  async #learnTemplate(): Promise<void> {
    const sender = await this.sender('maskline');
    try {
      await sender.tell([this.next()]);
      const until = performance.now() + FIRST_PATIENCE_MS;
      while (this.#template.length === 0) {
        if (performance.now() > until) throw new Error('the first callback did not come');
        await sleep(LOOK_MS);
        const { sample } = (await this.#receivers.ask('take')) as Receipts;
        this.#template = [...new URLSearchParams(sample)];
      }
    } finally {
      await sender.end();
    }
  }

  async #maskline(): Promise<Sender> {
    const child = await Child.start('callback-controller', {
      ...{ AUTH_ID, AUTH_TOKEN: this.#token, REDIS_URL: this.#redis.url, DATA_KEYS: this.#dataKey },
      ...{ TRUNKS: 'bench', FREESWITCH_PASSWORD: this.#token, QUESTION_SECRET: this.#token },
      ...{ RECORDINGS_DIR: tmpdir(), PROMPTS_DIR: tmpdir(), CDR_DIR: tmpdir(), LOG_LEVEL: 'info' },
      CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8',
      CALLBACK_CONCURRENCY: String(CONCURRENCY),
      CALLBACK_RECEIVER_CONCURRENCY: String(RECEIVER_CONCURRENCY),
    });
    return {
      pid: child.pid,
      tell: async (events) => {
        const entries = new Map<E164, string[]>();
        for (const event of events) {
          entries.set(event.number, [...(entries.get(event.number) ?? []), entryOf(event)]);
        }
        await Promise.all([...entries].map(([number, own]) => this.#raw.rpush(outboxKey(number), ...own)));
        child.send([...entries.keys()]);
      },
      end: () => child.end(),
    };
  }

  /** An empty Redis, but for the sessions. */
  async #openSessions(): Promise<void> {
    await this.#raw.flushall();
    const store = new Store({ url: this.#redis.url, dataKeys: [this.#dataKey] });
    try {
      const ports = this.#receivers.said as number[];
      const open: OpenSession[] = [];
      for (let n = 0; n < ports.length * SESSIONS_EACH; n += 1) {
        const receiver = n % ports.length;
        const url = `http://127.0.0.1:${ports[receiver] ?? 0}/hook`;
        open.push(await openSession(store, n, receiver, url));
      }
      this.#sessions = open;
    } finally {
      await store.close();
    }
  }
}

/** A session of the n-th two people, on the n-th number, whose second party has just answered. */
async function openSession(store: Store, n: number, receiver: number, url: string): Promise<OpenSession> {
  const now = Date.now();
  const number = e164(`+1555${String(n).padStart(7, '0')}`);
  await store.numbers.add({
    ...{ number, country: 'US', alias: '', subaccount: '', trunk: '', enabled: true },
    addedAt: now,
  });
  const parties = { firstParty: e164(first(n)), secondParty: e164(second(n)) };
  const settings = { ...SETTINGS, geomatch: false, sessionExpiry: SESSION_EXPIRY, callbackUrl: url };
  const { id: sessionId } = await store.sessions.create({
    ...{ accountId: AUTH_ID, settings, pin: null, now, virtualNumber: number },
    ...parties,
  });
  const callId = randomUUID();
  const begun = await store.calls.begin(
    {
      ...{ id: callId, sessionId, accountId: AUTH_ID, number, node: 'bench' },
      caller: 'first',
      people: { a: parties.firstParty, b: parties.secondParty, aWasCalled: false },
      ...{ startedAt: now, claimUntil: now + SESSION_EXPIRY * 1_000, recording: '' },
      ...{ tells: null, takesPlace: false },
    },
    now,
  );
  if (begun !== 'begun') throw new Error(`a call did not begin: ${begun}`);
  return { number, sessionId, callId, receiver, url };
}

/** That the second party answered, as the scripts of the store append it (store/lua/include/outbox.lua). */
function entryOf({ sessionId, sequence, callId }: CallbackEvent): string {
  return JSON.stringify({
    ...{ session: sessionId, sequence, at: String(Date.now()), kind: 'answer' },
    ...{ data: JSON.stringify({ role: 'b', party: 'second' }), call: callId },
  });
}
