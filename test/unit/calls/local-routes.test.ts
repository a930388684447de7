import { describe, expect, it } from 'vitest';
import { LocalRoutes } from '../../../src/calls/local-routes.js';
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
    const people = [1, 2, 3].map((index) => e164(`+1555000${1000 + index * 7}`));
    for (const firstParty of [...people.slice(0, 2), people[0]!, people[2]!]) {
      const session = aSession({ id: firstParty, firstParty });
      local.learn(DID, callerOf(firstParty), knownTo(session), NOW);
    }
    expect(local.size).toBe(2);
    expect(await led(local, DID, callerOf(people[1]!))).toBe(UNKNOWN);
    expect(await led(local, DID, callerOf(people[0]!))).toBe(SECOND);
    expect(await led(local, DID, callerOf(people[2]!))).toBe(SECOND);
  });
});
