import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { allocate } from '../../../src/masking/allocate.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import { targetOf, type Match } from '../../../src/masking/resolve.js';
import type { SessionQuery } from '../../../src/masking/session-query.js';
import type { Choose, Store } from '../../../src/store/index.js';
import {
  addressOf,
  ANONYMOUS,
  did,
  DID,
  DID2,
  draft,
  Fixture,
  from,
  leg,
  NOW,
  pinDraft,
  startOf,
  UNGUARDED,
} from './fixture.js';
import { isLive, Model, type ModelSession, type Wanted } from './model.js';

const NUMBERS = [DID, DID2];
const PEOPLE = [1, 2, 3, 4, 5].map((index) => `+1555000100${index}` as E164);
const PINS = ['1111', '2222', '3333', '44444'];
const ALL: SessionQuery = {
  ...{ accountIds: null, status: 'all', created: {}, expiry: {}, duration: {}, limit: 20, offset: 0 },
};

let fixture: Fixture;
let stores: Store[];
beforeAll(async () => {
  fixture = await Fixture.start(['--appendonly', 'no']);
  stores = [1, 2, 3].map(() => fixture.store({ pinGuard: UNGUARDED }));
});
afterAll(() => fixture.stop());

type Step =
  | {
      readonly kind: 'create';
      readonly first: number | null;
      readonly second: number | null;
      readonly pins: readonly [number, number] | null;
      readonly announces: boolean;
      readonly expiry: number;
      readonly cooloff: number;
      readonly advised: boolean;
    }
  | {
      readonly kind: 'update';
      readonly of: number;
      readonly expiry: number | null;
      readonly fill: number | null;
    }
  | { readonly kind: 'end'; readonly of: number }
  | {
      readonly kind: 'call';
      readonly who: number | null;
      readonly number: number;
      readonly pin: number | null;
    }
  | { readonly kind: 'hang-up'; readonly of: number }
  | { readonly kind: 'sweep' };

const person = fc.nat(PEOPLE.length - 1);
const someSession = fc.nat(7);
const steps: fc.Arbitrary<{ step: Step; elapse: number; store: number }[]> = fc.array(
  fc.record({
    elapse: fc.constantFrom(0, 0, 0, 1_000, 30_000, 59_999, 60_000, 130_000),
    store: fc.nat(2),
    step: fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .record({
            kind: fc.constant('create' as const),
            first: fc.option(person, { freq: 3 }),
            second: fc.option(person, { freq: 3 }),
            pins: fc.option(fc.tuple(fc.nat(PINS.length - 1), fc.nat(PINS.length - 1)), { freq: 1 }),
            announces: fc.boolean(),
            expiry: fc.constantFrom(60, 120, 600),
            cooloff: fc.constantFrom(0, 0, 60),
            advised: fc.boolean(),
          })
          .filter(({ first, second, pins }) => first !== second && (pins === null || pins[0] !== pins[1])),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('update' as const),
          of: someSession,
          expiry: fc.option(fc.constantFrom(60, 300)),
          fill: fc.option(person, { freq: 1 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), of: someSession }) },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('call' as const),
          who: fc.option(person, { freq: 4 }),
          number: fc.nat(NUMBERS.length - 1),
          pin: fc.option(fc.nat(PINS.length - 1), { freq: 1 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('hang-up' as const), of: someSession }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
    ),
  }),
  { minLength: 5, maxLength: 25 },
);

const anyNumber: Choose = (_, candidates) => candidates.map(({ number }) => number);
const callerOf = (index: number | null) => (index === null ? ANONYMOUS : from(PEOPLE[index]!));

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => '',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
}

const brief = (match: Match | null): { id: string; party: string } | null =>
  match === null ? null : { id: match.session.id, party: match.party };

/** One run: the store and the model do the same, and after each step everything is compared. */
class Run {
  readonly model = new Model();
  now = NOW;
  #calls = 0;

  async take(step: Step, store: Store): Promise<void> {
    switch (step.kind) {
      case 'create':
        return this.#create(step, store);
      case 'update': {
        const session = this.#pick(step.of);
        if (session === undefined) return;
        const fill = step.fill === null ? null : PEOPLE[step.fill]!;
        const party =
          fill === null ? {} : session.missing === 'first' ? { firstParty: fill } : { secondParty: fill };
        const change = { ...(step.expiry === null ? {} : { sessionExpiry: step.expiry }), ...party };
        const expected = this.model.update(
          session,
          {
            ...(step.expiry === null ? {} : { expiry: step.expiry }),
            ...('firstParty' in party ? { first: party.firstParty } : {}),
            ...('secondParty' in party ? { second: party.secondParty } : {}),
          },
          this.now,
        );
        expect(await codeOf(store.sessions.update(session.id, change, this.now))).toBe(expected);
        return;
      }
      case 'end': {
        const session = this.#pick(step.of);
        if (session === undefined) return;
        const expected = this.model.end(session, this.now);
        const ending = store.sessions.end(session.id, this.now);
        expect(await codeOf(ending)).toBe(expected);
        if (expected === '') expect((await ending).running?.interactionId ?? null).toBe(session.call);
        return;
      }
      case 'call':
        return this.#call(step, store);
      case 'hang-up': {
        const session = this.#pick(step.of);
        if (session?.call == null) return;
        const address = {
          ...{ node: 'node-1', number: session.number, sessionId: session.id },
          interactionId: session.call,
        };
        await store.calls.finishLeg(
          address,
          leg('a', session.call, { startedAt: this.now, endedAt: this.now }),
        );
        session.call = null;
        session.calls += 1;
        return;
      }
      case 'sweep':
        for (const number of await store.expiry.numbers()) await store.expiry.report(number, this.now);
    }
  }

  /** Who leads where, on every number; every session; and the list. */
  async compare(store: Store): Promise<void> {
    const { model, now } = this;
    for (const number of NUMBERS) {
      for (const who of [...PEOPLE, null]) {
        const routes = await store.calls.route(number, who === null ? ANONYMOUS : from(who), now);
        expect(brief(routes.matched)).toEqual(model.caller(who, number, now));
        expect(brief(routes.open)).toEqual(model.open(number, now));
        const gated = model.on(number).some((session) => session.pins !== null && isLive(session, now));
        expect(routes.pinGate !== null).toBe(gated);
      }
      for (const pin of PINS) {
        const look = await store.calls.lookAtPin(number, ANONYMOUS, pin, now);
        const check = await store.calls.checkPin(number, ANONYMOUS, pin, now);
        expect(look).toEqual(check);
        expect(check.result === 'matched' ? brief(check.match) : null).toEqual(model.pin(pin, number, now));
      }
    }
    for (const session of model.sessions) {
      const read = await store.sessions.get(session.id, now);
      expect(read?.session).toMatchObject({
        ...{ firstParty: session.first, secondParty: session.second, lastPeer: session.lastPeer },
        ...{ createdAt: session.created, modifiedAt: session.modified, expiresAt: session.expires },
        ...{ virtualNumber: session.number, singleParty: session.missing !== null },
        inProgress: session.call !== null,
        totals: { callCount: session.calls },
      });
      expect(read?.session.endedBy === 'deleted').toBe(session.deleted);
      if (read?.session.endedBy === 'expired') expect(isLive(session, now)).toBe(false);
    }
    const newest = model.sessions.toSorted(
      (one, other) => other.created - one.created || (one.id < other.id ? 1 : -1),
    );
    for (const status of ['all', 'active', 'expired'] as const) {
      const listed = await store.sessions.list({ ...ALL, status }, now);
      const wanted = newest.filter(
        (session) =>
          status === 'all' ||
          // One that was deleted is over at once, though its call goes on.
          (session.deleted
            ? status === 'expired'
            : session.call === null && isLive(session, now) === (status === 'active')),
      );
      expect(listed.total).toBe(wanted.length);
      expect(listed.sessions.map(({ session }) => session.id)).toEqual(
        wanted.slice(0, 20).map(({ id }) => id),
      );
    }
  }

  async #create(step: Extract<Step, { kind: 'create' }>, store: Store): Promise<void> {
    const wanted: Wanted = {
      first: step.first === null ? null : PEOPLE[step.first]!,
      second: step.second === null ? null : PEOPLE[step.second]!,
      pins: step.pins === null ? null : [PINS[step.pins[0]]!, PINS[step.pins[1]]!],
      announces: step.announces,
      cooloff: step.cooloff * 1000,
    };
    const conflicts = NUMBERS.map((number) => this.model.conflict(wanted, number, this.now));
    const creating = store.sessions.create(
      draft({
        firstParty: wanted.first,
        secondParty: wanted.second,
        pin: wanted.pins === null ? null : pinDraft({ first: wanted.pins[0], second: wanted.pins[1] }),
        settings: {
          sessionExpiry: step.expiry,
          virtualNumberCooloffPeriod: step.cooloff,
          unknownCallerPlay: step.announces ? 'https://x.example/u.wav' : '',
        },
        now: this.now,
      }),
      { choose: step.advised ? allocate : anyNumber },
    );
    if (!conflicts.includes('')) {
      const code = await codeOf(creating);
      expect(['ERR_NUMBER_POOL_EXHAUSTED', 'ERR_PIN_TAKEN']).toContain(code);
      return;
    }
    const session = await creating;
    expect(conflicts[NUMBERS.indexOf(session.virtualNumber)]).toBe('');
    const { id, virtualNumber: number, createdAt: created, expiresAt: expires } = session;
    this.model.add({ ...wanted, id, number, created, expires });
  }

  async #call(step: Extract<Step, { kind: 'call' }>, store: Store): Promise<void> {
    const number = NUMBERS[step.number]!;
    const who = step.who === null ? null : PEOPLE[step.who]!;
    let match: Match | null;
    if (step.pin === null) {
      const routes = await store.calls.route(number, callerOf(step.who), this.now);
      match = routes.matched ?? routes.open;
    } else {
      const check = await store.calls.checkPin(number, callerOf(step.who), PINS[step.pin]!, this.now);
      match = check.result === 'matched' ? check.match : null;
    }
    const target = match === null ? null : targetOf(match);
    if (match === null || target === null) return;
    const session = this.model.sessions.find(({ id }) => id === match.session.id)!;
    const takesPlace = session[match.party] === null;
    expect(target).toBe(session[match.party === 'first' ? 'second' : 'first'] ?? session.lastPeer);
    this.#calls += 1;
    const id = `call-${this.#calls}`;
    const start = startOf(match.session, id, {
      ...{ caller: match.party, takesPlace, people: { a: who, b: target, aWasCalled: false } },
      ...{ startedAt: this.now, claimUntil: this.now + 1e9 },
    });
    const look = await store.calls.lookAtClaim(match.session, this.now);
    const result = await store.calls.begin(start, this.now);
    expect(look).toBe(result);
    expect(result).toBe(session.call === null ? 'begun' : 'busy');
    if (result !== 'begun') return;
    session.call = addressOf(match.session, id).interactionId;
    if (takesPlace) session.lastPeer = who;
  }

  #pick(index: number): ModelSession | undefined {
    // The newest are the ones that something can still happen to.
    return this.model.sessions.at(-1 - (index % Math.max(1, this.model.sessions.length)));
  }
}

/** MODEL_RUNS=2000 for thousands of sequences; a few minutes. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 60);

describe('the store does what the rules say', () => {
  test(
    'after every step of random sequences of creates, updates, ends, calls and time, on three stores',
    async () => {
      let taken = 0;
      await fc.assert(
        fc.asyncProperty(steps, async (sequence) => {
          await fixture.raw.flushall();
          for (const number of NUMBERS) await stores[0]!.numbers.add(did(number));
          await stores[0]!.nodes.remember('127.0.0.1:8021', 'node-1');
          const run = new Run();
          for (const { step, elapse, store } of sequence) {
            run.now += elapse;
            await run.take(step, stores[store]!);
            await run.compare(stores[(store + 1) % stores.length]!);
            taken += 1;
          }
        }),
        { numRuns: RUNS },
      );
      expect(taken).toBeGreaterThan(300);
    },
    60_000 + RUNS * 3_000,
  );
});
