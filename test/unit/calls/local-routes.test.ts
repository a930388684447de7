import { describe, expect, it } from 'vitest';
import { LocalRoutes } from '../../../src/calls/local-routes.js';
import { FakeCallStore } from '../../helpers/fake-call-store.js';
import { ANONYMOUS, type Caller } from '../../../src/masking/caller.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import { resolve, type NumberRoutes } from '../../../src/masking/resolve.js';
import {
  aNumber,
  aSession,
  DID,
  e164,
  FIRST,
  GATE,
  NOW,
  PIN_RULES,
  routes,
  SECOND,
  STRANGER,
} from '../../helpers/sessions.js';

const MAX_AGE = 60_000;
const OTHER_DID = e164('+15550009998');

const callerOf = (number: E164): Caller => ({ kind: 'number', number });
const knownTo = (session = aSession()): NumberRoutes =>
  routes({ number: aNumber(), matched: { session, party: 'first' } });

function localRoutes(most = 10): LocalRoutes {
  return new LocalRoutes({ most, maxAge: MAX_AGE });
}

/** What a caller is led to, or why not. */
async function led(local: LocalRoutes, number: E164, caller: Caller, now = NOW): Promise<unknown> {
  try {
    const resolution = resolve(caller, await local.route(number, caller, now), now);
    return resolution.outcome === 'connect' ? resolution.target : resolution.outcome;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

const UNKNOWN = 'ERR_NO_LOCAL_ROUTE';

describe('local routes', () => {
  it('lead each party of a session that was seen to the other one', async () => {
    const local = localRoutes();
    local.learn(DID, callerOf(FIRST), knownTo(), NOW);
    expect(await led(local, DID, callerOf(FIRST))).toBe(SECOND);
    expect(await led(local, DID, callerOf(SECOND))).toBe(FIRST);
  });

  it('know no other caller, number or withheld caller, and judge no PIN', async () => {
    const local = localRoutes();
    local.learn(DID, callerOf(FIRST), knownTo(), NOW);
    expect(await led(local, DID, callerOf(STRANGER))).toBe(UNKNOWN);
    expect(await led(local, DID, ANONYMOUS)).toBe(UNKNOWN);
    expect(await led(local, OTHER_DID, callerOf(FIRST))).toBe(UNKNOWN);
    await expect(local.checkPin()).rejects.toMatchObject({ code: UNKNOWN });
    await expect(local.checkOwnDigits()).rejects.toMatchObject({ code: UNKNOWN });
  });

  it('are forgotten when they grow old, and when the session is over', async () => {
    const local = localRoutes();
    local.learn(DID, callerOf(FIRST), knownTo(aSession({ expiresAt: NOW + MAX_AGE / 2 })), NOW);
    expect(await led(local, DID, callerOf(FIRST), NOW + MAX_AGE / 2 - 1)).toBe(SECOND);
    expect(await led(local, DID, callerOf(FIRST), NOW + MAX_AGE / 2)).toBe(UNKNOWN);
    local.learn(DID, callerOf(FIRST), knownTo(), NOW);
    expect(await led(local, DID, callerOf(FIRST), NOW + MAX_AGE)).toBe(SECOND);
    expect(await led(local, DID, callerOf(FIRST), NOW + MAX_AGE + 1)).toBe(UNKNOWN);
  });

  it.each([
    ['whose parties have to key a PIN', knownTo(aSession({ pin: { ...PIN_RULES, forced: true } }))],
    ['of one party', knownTo(aSession({ secondParty: null, singleParty: true, lastPeer: STRANGER }))],
    ['on a number that is switched off', { ...knownTo(), number: aNumber({ enabled: false }) }],
    ['of a caller who is one of our numbers', { ...knownTo(), callerIsOurs: true }],
    ['that is nobody’s', routes({ number: aNumber(), pinGate: GATE })],
  ])('keep no session %s', async (_which, told) => {
    const local = localRoutes();
    local.learn(DID, callerOf(FIRST), knownTo(), NOW);
    local.learn(DID, callerOf(FIRST), told, NOW);
    expect(await led(local, DID, callerOf(FIRST))).toBe(UNKNOWN);
    expect(await led(local, DID, callerOf(SECOND))).toBe(UNKNOWN);
    expect(local.size).toBe(0);
  });

  it('keep a session whose registered parties are let through without its PIN', async () => {
    const local = localRoutes();
    local.learn(DID, callerOf(FIRST), knownTo(aSession({ pin: PIN_RULES })), NOW);
    expect(await led(local, DID, callerOf(FIRST))).toBe(SECOND);
  });

  it('forget a session that was changed or ended', async () => {
    const local = localRoutes();
    const session = aSession();
    local.learn(DID, callerOf(FIRST), knownTo(session), NOW);
    local.forget(session.id);
    expect(await led(local, DID, callerOf(FIRST))).toBe(UNKNOWN);
    local.forget(session.id);
  });

  it('leave nothing behind once they are too old', () => {
    const local = localRoutes();
    local.learn(DID, callerOf(FIRST), knownTo(), NOW);
    local.dropOld(NOW + MAX_AGE);
    expect(local.size).toBe(1);
    local.dropOld(NOW + MAX_AGE + 1);
    expect(local.size).toBe(0);
  });

  it.each([
    ['a person who is erased', (local: LocalRoutes) => local.forgetPerson(SECOND)],
    ['a number that was changed', (local: LocalRoutes) => local.forgetNumber(DID)],
  ])('forget %s, and nobody else', async (_who, forget) => {
    const local = localRoutes();
    local.learn(DID, callerOf(FIRST), knownTo(), NOW);
    const elsewhere = aSession({
      id: 'other',
      virtualNumber: OTHER_DID,
      firstParty: STRANGER,
      secondParty: FIRST,
    });
    local.learn(OTHER_DID, callerOf(STRANGER), knownTo(elsewhere), NOW);
    forget(local);
    expect(await led(local, DID, callerOf(FIRST))).toBe(UNKNOWN);
    expect(await led(local, OTHER_DID, callerOf(STRANGER))).toBe(FIRST);
  });

  it('do not learn what was read before something was forgotten', async () => {
    const local = localRoutes();
    const store = new FakeCallStore();
    store.routes = knownTo();
    const learning = local.learningFrom(store);
    const reading = learning.route(DID, callerOf(FIRST), NOW);
    local.forget(aSession().id);
    await reading;
    expect(local.size).toBe(0);
    await learning.route(DID, callerOf(FIRST), NOW);
    expect(local.size).toBe(1);
  });

  it('give a session up whose other party is led elsewhere by now', async () => {
    const local = localRoutes();
    local.learn(DID, callerOf(FIRST), knownTo(), NOW);
    const next = aSession({ id: 'next', firstParty: STRANGER, secondParty: FIRST });
    local.learn(DID, callerOf(STRANGER), knownTo(next), NOW);
    expect(await led(local, DID, callerOf(FIRST))).toBe(STRANGER);
    expect(await led(local, DID, callerOf(SECOND))).toBe(UNKNOWN);
  });

  it('follow a caller who has another session now', async () => {
    const local = localRoutes();
    const next = aSession({ id: 'next', secondParty: STRANGER });
    local.learn(DID, callerOf(FIRST), knownTo(), NOW);
    local.learn(DID, callerOf(FIRST), knownTo(next), NOW);
    expect(await led(local, DID, callerOf(FIRST))).toBe(STRANGER);
    expect(await led(local, DID, callerOf(SECOND))).toBe(UNKNOWN);
  });

  it('keep those who were seen last', async () => {
    const local = localRoutes(2);
    const numbers = [1, 2, 3].map((index) => e164(`+1555000900${index}`));
    for (const virtualNumber of [...numbers.slice(0, 2), numbers[0]!, numbers[2]!]) {
      local.learn(
        virtualNumber,
        callerOf(FIRST),
        knownTo(aSession({ id: virtualNumber, virtualNumber })),
        NOW,
      );
    }
    expect(local.size).toBe(2);
    const targets = numbers.map((number) => led(local, number, callerOf(FIRST)));
    expect(await Promise.all(targets)).toEqual([SECOND, UNKNOWN, SECOND]);
  });
});
