import { describe, expect, it } from 'vitest';
import { ANONYMOUS, type Caller } from '../../../src/masking/caller.js';
import { connect, resolve } from '../../../src/masking/resolve.js';
import {
  aNumber,
  aSession,
  DID,
  FIRST,
  GATE,
  NOW,
  PIN_RULES,
  routes,
  SECOND,
  STRANGER,
} from '../../helpers/sessions.js';

const first: Caller = { kind: 'number', number: FIRST };
const stranger: Caller = { kind: 'number', number: STRANGER };

describe('resolve', () => {
  it('connects a registered party to the other one', () => {
    const session = aSession();
    expect(resolve(first, routes({ matched: { session, party: 'first' } }), NOW)).toMatchObject({
      outcome: 'connect',
      target: SECOND,
    });
    const second: Caller = { kind: 'number', number: SECOND };
    expect(resolve(second, routes({ matched: { session, party: 'second' } }), NOW)).toMatchObject({
      outcome: 'connect',
      target: FIRST,
    });
  });

  it('asks a registered party for the PIN when the session forces it', () => {
    const session = aSession({ pin: { ...PIN_RULES, forced: true } });
    const answer = resolve(first, routes({ matched: { session, party: 'first' }, pinGate: GATE }), NOW);
    expect(answer).toEqual({ outcome: 'pin', gate: GATE });
  });

  it('does not know a party whose session is over at this very millisecond', () => {
    const session = aSession({ expiresAt: NOW });
    const found = routes({ matched: { session, party: 'first' } });
    expect(resolve(first, found, NOW)).toEqual({ outcome: 'announce', announcement: 'not-in-service' });
    expect(resolve(first, found, NOW - 1)).toMatchObject({ outcome: 'connect' });
  });

  it('never lets a withheld caller match a party', () => {
    const session = aSession();
    const found = routes({ matched: { session, party: 'first' } });
    expect(resolve(ANONYMOUS, found, NOW)).toMatchObject({ outcome: 'announce' });
  });

  it('asks unknown and withheld callers for a PIN before anything else', () => {
    const found = routes({ pinGate: GATE, unknownCallerPlay: 'https://a.example/u.wav' });
    expect(resolve(stranger, found, NOW)).toEqual({ outcome: 'pin', gate: GATE });
    expect(resolve(ANONYMOUS, found, NOW)).toEqual({ outcome: 'pin', gate: GATE });
  });

  it('refuses a caller with too many wrong PINs until the lock ends', () => {
    const found = routes({ pinGate: GATE, refusedUntil: NOW + 1 });
    expect(resolve(stranger, found, NOW)).toEqual({ outcome: 'refuse', reason: 'too-many-pins' });
    expect(resolve(stranger, found, NOW + 1)).toEqual({ outcome: 'pin', gate: GATE });
  });

  it('plays unknown_caller_play where no PIN is asked', () => {
    const found = routes({ unknownCallerPlay: 'https://a.example/u.wav' });
    expect(resolve(stranger, found, NOW)).toEqual({
      outcome: 'announce',
      announcement: 'unknown-caller',
      url: 'https://a.example/u.wav',
    });
  });

  it('refuses a number that is not ours, or disabled', () => {
    expect(resolve(first, routes({ number: null }), NOW)).toEqual({ outcome: 'refuse', reason: 'not-ours' });
    const disabled = routes({ number: aNumber({ enabled: false }) });
    expect(resolve(first, disabled, NOW)).toEqual({ outcome: 'refuse', reason: 'not-ours' });
  });

  describe('a single-party session', () => {
    const alone = aSession({ secondParty: null, singleParty: true });
    const open = { session: alone, party: 'second' } as const;
    const own = { session: alone, party: 'first' } as const;

    it('has unknown and withheld callers reach the party, until it is over', () => {
      for (const caller of [stranger, ANONYMOUS]) {
        expect(resolve(caller, routes({ open }), NOW)).toEqual({
          outcome: 'connect',
          match: open,
          target: FIRST,
        });
      }
      const over = { ...open, session: aSession({ secondParty: null, expiresAt: NOW }) };
      expect(resolve(stranger, routes({ open: over }), NOW)).toMatchObject({ outcome: 'announce' });
    });

    it('has the party call back who took the place last, and before that hear the announcement', () => {
      expect(resolve(first, routes({ matched: own, open }), NOW)).toEqual({
        outcome: 'announce',
        announcement: 'unknown-caller',
        url: '',
      });
      const called = { ...own, session: { ...alone, lastPeer: STRANGER } };
      expect(resolve(first, routes({ matched: called, open }), NOW)).toMatchObject({ target: STRANGER });
      const filledIn = { ...own, session: { ...called.session, secondParty: SECOND } };
      expect(resolve(first, routes({ matched: filledIn, open }), NOW)).toMatchObject({ target: SECOND });
    });

    it('refuses the last caller who would reach the own phone by the party’s PIN', () => {
      const called = { ...own, session: { ...alone, lastPeer: STRANGER } };
      expect(connect(called, stranger)).toEqual({ outcome: 'refuse', reason: 'loop' });
    });
  });

  it('refuses loops: our own number as caller, and a target that is the caller or the number itself', () => {
    expect(resolve(stranger, routes({ callerIsOurs: true, pinGate: GATE }), NOW)).toEqual({
      outcome: 'refuse',
      reason: 'loop',
    });
    for (const secondParty of [FIRST, DID]) {
      const session = aSession({ secondParty });
      expect(resolve(first, routes({ matched: { session, party: 'first' } }), NOW)).toEqual({
        outcome: 'refuse',
        reason: 'loop',
      });
    }
  });
});
