import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { step, type CallEffect, type CallEvent, type CallState } from '../../../src/calls/machine.js';
import type { PinGate, Resolution } from '../../../src/masking/resolve.js';
import { aSession, GATE, SECOND, STRANGER } from '../../helpers/sessions.js';

const match = { session: aSession(), party: 'first' as const };
const caller = { kind: 'number', number: STRANGER } as const;
const prompting = (attempt: number, gate: PinGate = GATE): CallState => ({
  stage: 'prompting',
  keyed: 'pin',
  attempt,
  failures: 0,
  gate,
});

describe('a call', () => {
  it('of a registered party claims the session and dials', () => {
    const claim = step(
      { stage: 'received' },
      { type: 'resolved', resolution: { outcome: 'connect', match, target: SECOND } },
    );
    expect(claim.effects).toEqual([{ type: 'claim', match }]);
    const dial = step(claim.state, { type: 'claimed', match, result: 'begun' });
    expect(dial).toEqual({ state: { stage: 'dialing' }, effects: [{ type: 'dial', match }] });
  });

  it.each([
    ['busy', { type: 'refuse', reason: 'busy' }],
    ['loop', { type: 'refuse', reason: 'loop' }],
    ['destination', { type: 'refuse', reason: 'destination' }],
    ['limit', { type: 'refuse', reason: 'limit' }],
    ['overloaded', { type: 'refuse', reason: 'overloaded' }],
    ['minutes', { type: 'refuse', reason: 'minutes' }],
    ['gone', { type: 'announce', announcement: 'not-in-service', url: '' }],
  ] as const)('whose claim is %s ends', (result, effect) => {
    expect(step({ stage: 'received' }, { type: 'claimed', match, result })).toEqual({
      state: { stage: 'ended' },
      effects: [effect],
    });
  });

  it('allows one attempt and pin_retry more', () => {
    const gate = { ...GATE, retry: 2 };
    let state: CallState = step(
      { stage: 'received' },
      { type: 'resolved', resolution: { outcome: 'pin', gate } },
    ).state;
    const seen: CallEffect[] = [];
    for (let keyed = 0; keyed < 5; keyed += 1) {
      const result = step(state, { type: 'pin-checked', check: { result: 'wrong' }, caller });
      seen.push(...result.effects);
      state = result.state;
    }
    expect(seen).toEqual([
      { type: 'prompt', keyed: 'pin', attempt: 2, failures: 0, gate, afterWrong: true },
      { type: 'prompt', keyed: 'pin', attempt: 3, failures: 0, gate, afterWrong: true },
      { type: 'announce', announcement: 'wrong-pin', url: '' },
    ]);
    expect(state).toEqual({ stage: 'ended' });
  });

  it('with a right PIN claims, whatever the attempt', () => {
    const result = step(prompting(2), { type: 'pin-checked', check: { result: 'matched', match }, caller });
    expect(result.effects).toEqual([{ type: 'claim', match }]);
  });

  it('that is locked out hears so and ends', () => {
    const result = step(prompting(1), { type: 'pin-checked', check: { result: 'refused' }, caller });
    expect(result.effects).toEqual([{ type: 'announce', announcement: 'too-many-attempts', url: '' }]);
    expect(result.state).toEqual({ stage: 'ended' });
  });

  it('that has to give more than a PIN is asked so, and hears nothing of the PIN', () => {
    const asked = step(prompting(1), { type: 'pin-checked', check: { result: 'asked' }, caller });
    const state = { ...prompting(1), keyed: 'own-digits' };
    expect(asked).toEqual({
      state,
      effects: [
        { type: 'prompt', keyed: 'own-digits', attempt: 1, failures: 0, gate: GATE, afterWrong: false },
      ],
    });
    const wrong = step(asked.state, { type: 'pin-checked', check: { result: 'wrong' }, caller });
    expect(wrong.effects).toEqual([
      { type: 'prompt', keyed: 'pin', attempt: 2, failures: 0, gate: GATE, afterWrong: true },
    ]);
    const matched = step(asked.state, { type: 'pin-checked', check: { result: 'matched', match }, caller });
    expect(matched.effects).toEqual([{ type: 'claim', match }]);
  });

  it('gets the built-in prompt once when its own cannot be played, at no cost in attempts', () => {
    const gate = { ...GATE, retry: 1 };
    const second = step(prompting(1, gate), { type: 'prompt-failed' });
    expect(second.effects).toEqual([
      { type: 'prompt', keyed: 'pin', attempt: 1, failures: 1, gate, afterWrong: false },
    ]);
    expect(step(second.state, { type: 'prompt-failed' }).effects).toEqual([
      { type: 'refuse', reason: 'prompt-failed' },
    ]);
    const wrong = step(second.state, { type: 'pin-checked', check: { result: 'wrong' }, caller });
    expect(wrong.effects).toEqual([
      { type: 'prompt', keyed: 'pin', attempt: 2, failures: 1, gate, afterWrong: true },
    ]);
  });

  it('with a PIN that leads to its own phone is refused', () => {
    const own = { kind: 'number', number: SECOND } as const;
    const result = step(prompting(1), {
      type: 'pin-checked',
      check: { result: 'matched', match },
      caller: own,
    });
    expect(result).toEqual({ state: { stage: 'ended' }, effects: [{ type: 'refuse', reason: 'loop' }] });
  });

  it('notes its stages only forwards', () => {
    const connected = step({ stage: 'dialing' }, { type: 'legs-joined' });
    expect(connected.effects).toEqual([{ type: 'note-stage', stage: 'connected' }]);
    expect(step(connected.state, { type: 'leg-ringing', role: 'b' })).toEqual({
      state: { stage: 'connected' },
      effects: [],
    });
  });
});

const resolution: fc.Arbitrary<Resolution> = fc.constantFrom<Resolution>(
  { outcome: 'connect', match, target: SECOND },
  { outcome: 'pin', gate: GATE },
  { outcome: 'pin', gate: { ...GATE, retry: 0 } },
  { outcome: 'announce', announcement: 'not-in-service' },
  { outcome: 'announce', announcement: 'unknown-caller', url: 'https://a.example/u.wav' },
  { outcome: 'refuse', reason: 'loop' },
);

const event: fc.Arbitrary<CallEvent> = fc.oneof(
  resolution.map((resolved): CallEvent => ({ type: 'resolved', resolution: resolved })),
  fc.constantFrom('matched', 'wrong', 'asked', 'refused').map((result): CallEvent => ({
    type: 'pin-checked',
    caller,
    check: result === 'matched' ? { result, match } : { result },
  })),
  fc.constant<CallEvent>({ type: 'prompt-failed' }),
  fc.constantFrom(match, null).map((found): CallEvent => ({ type: 'first-party-answered', match: found })),
  fc
    .constantFrom('begun' as const, 'busy' as const, 'gone' as const)
    .map((result): CallEvent => ({ type: 'claimed', match, result })),
  fc
    .constantFrom('leg-ringing' as const, 'leg-answered' as const, 'leg-ended' as const)
    .chain((type) => fc.constantFrom('a' as const, 'b' as const).map((role): CallEvent => ({ type, role }))),
  fc.constant<CallEvent>({ type: 'legs-joined' }),
);

const ORDER = ['received', 'prompting', 'dialing', 'ringing', 'whispering', 'connected', 'ended'];

describe('any order of events', () => {
  it('keeps every promise of the machine', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let state: CallState = { stage: 'received' };
        let dialled = 0;
        let prompts = 0;
        for (const next of events) {
          const before = state;
          const { state: after, effects } = step(state, next);
          expect(ORDER.indexOf(after.stage)).toBeGreaterThanOrEqual(ORDER.indexOf(before.stage));
          expect(effects.length).toBeLessThanOrEqual(1);
          if (before.stage === 'ended') {
            expect(after.stage).toBe('ended');
            for (const effect of effects) expect(effect.type).toBe('finish-leg');
          }
          dialled += effects.filter((effect) => effect.type === 'dial').length;
          prompts += effects.filter((effect) => effect.type === 'prompt').length;
          state = after;
        }
        expect(dialled).toBeLessThanOrEqual(1);
        // One prompt opens; pin_retry may add one; each may go on with a second; one may fail to play.
        expect(prompts).toBeLessThanOrEqual(2 * (1 + GATE.retry) + 1);
      }),
      { numRuns: 5000 },
    );
  });
});
