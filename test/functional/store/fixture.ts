import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import type { InteractionStart, LegAddress, LegProgress } from '../../../src/calls/ports.js';
import type { Caller } from '../../../src/masking/caller.js';
import type { LegRecord } from '../../../src/masking/interaction.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession, SessionSettings } from '../../../src/masking/session.js';
import type { VirtualNumber } from '../../../src/masking/virtual-number.js';
import type { PinDraft, SessionDraft } from '../../../src/masking/session-draft.js';
import { Store, type StoreOptions } from '../../../src/store/index.js';
import { RedisServer } from '../../helpers/redis-server.js';
import type { PinGuardRules } from '../../../src/masking/pin-guard.js';
import { SETTINGS as ALL_SETTINGS } from '../../helpers/sessions.js';

export const NOW = 1_800_000_000_000;
export const KEY = Buffer.alloc(32, 7).toString('base64');
export const OTHER_KEY = Buffer.alloc(32, 8).toString('base64');
export const DID = '+15550009001' as E164;
export const DID2 = '+15550009002' as E164;
export const ALICE = '+15550001001' as E164;
export const BOB = '+15550001002' as E164;
export const CAROL = '+15550001003' as E164;
export const STRANGER = '+15550007777' as E164;
export const ANONYMOUS: Caller = { kind: 'anonymous' };

export const SETTINGS: SessionSettings = { ...ALL_SETTINGS, geomatch: false };

/** Nobody is asked for more than a PIN, nobody is refused. */
export const UNGUARDED: PinGuardRules = {
  guessRisk: 1e6,
  overallRisk: 1e6,
  callerFree: 1e9,
  callerLimit: 1e9,
  remember: 0,
};

/** A private Redis with stores that speak to it. */
export class Fixture {
  readonly #stores: Store[] = [];

  private constructor(
    readonly redis: RedisServer,
    readonly raw: Redis,
  ) {}

  static async start(args: readonly string[] = []): Promise<Fixture> {
    const redis = await RedisServer.start(args);
    const raw = new Redis(redis.port, '127.0.0.1');
    // Tests that kill the server lose this connection; it comes back with the server.
    raw.on('error', () => undefined);
    return new Fixture(redis, raw);
  }

  store(options: Partial<StoreOptions> = {}): Store {
    const store = new Store({ url: this.redis.url, dataKeys: [KEY], ...options });
    this.#stores.push(store);
    return store;
  }

  /** A store on an empty Redis, with these virtual numbers. Those of before are closed, or what they write behind would come late. */
  async fresh(...numbers: readonly E164[]): Promise<Store> {
    await Promise.all(this.#stores.splice(0).map((store) => store.close()));
    await this.raw.flushall();
    const store = this.store();
    for (const number of numbers) await store.numbers.add(did(number));
    return store;
  }

  /** Resolves once no session's place in the lists is pending: new ones are settled a moment after their creates. */
  async settled(): Promise<void> {
    while ((await this.raw.keys('maskline:{sessions:*}:pending')).length > 0) await sleep(5);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    this.raw.disconnect();
    await this.redis.stop();
  }
}

export function did(number: E164, changes: Partial<VirtualNumber> = {}): VirtualNumber {
  return {
    number,
    country: 'US',
    alias: '',
    enabled: true,
    trunk: '',
    subaccount: '',
    addedAt: NOW,
    ...changes,
  };
}

export function from(number: E164 | null): Caller {
  if (number === null) throw new TypeError('a missing party calls nobody');
  return { kind: 'number', number };
}

export function pinDraft(pins: { first: string; second: string } | null, generatedLength = 4): PinDraft {
  return {
    pins,
    generatedLength,
    promptPlay: 'https://prompts.example/pin.wav',
    incorrectPlay: '',
    retry: 1,
    retryWait: 5,
    forced: false,
  };
}

export function draft(
  changes: Partial<Omit<SessionDraft, 'settings'>> & { settings?: Partial<SessionSettings> } = {},
): SessionDraft {
  const { settings, ...rest } = changes;
  return {
    accountId: 'MAXXXXXXXXXXXXXXXXXX',
    firstParty: ALICE,
    secondParty: BOB,
    pin: null,
    virtualNumber: null,
    now: NOW,
    ...rest,
    settings: { ...SETTINGS, ...settings },
  };
}

export function startOf(
  session: MaskingSession,
  id: string,
  changes: Partial<InteractionStart> = {},
): InteractionStart {
  return {
    id,
    sessionId: session.id,
    accountId: session.accountId,
    number: session.virtualNumber,
    node: 'node-1',
    caller: 'first',
    people: { a: session.firstParty, b: session.secondParty ?? STRANGER, aWasCalled: false },
    startedAt: NOW,
    claimUntil: NOW + 60_000,
    recording: '',
    tells: null,
    takesPlace: false,
    ...changes,
  };
}

export function addressOf(session: MaskingSession, interactionId: string): LegAddress {
  return { node: 'node-1', number: session.virtualNumber, sessionId: session.id, interactionId };
}

/** A leg that rang for a second, talked from 2 s to 5.5 s, and hung up. */
export function leg(role: 'a' | 'b', uuid: string, changes: Partial<LegRecord> = {}): LegRecord {
  return {
    uuid,
    role,
    party: role === 'a' ? 'first' : 'second',
    startedAt: NOW,
    ringingAt: NOW + 1000,
    answeredAt: NOW + 2000,
    bridgedAt: NOW + 2000,
    endedAt: NOW + 5500,
    cause: 'NORMAL_CLEARING',
    sipStatus: 200,
    endedBy: 'a',
    trunk: 'sandbox',
    ...changes,
  };
}

/** News of a leg that is up: the A leg is the first party's. */
export function heard(
  fact: LegProgress['fact'],
  role: 'a' | 'b',
  stage: LegProgress['stage'],
  at: number,
): LegProgress {
  return { fact, role, party: role === 'a' ? 'first' : 'second', at, stage };
}
