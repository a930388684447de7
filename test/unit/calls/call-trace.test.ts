import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  inOrder,
  legEnd,
  summaryOf,
  type TraceEvent,
  type TraceStep,
} from '../../../src/calls/call-trace.js';
import type { LegRecord } from '../../../src/masking/interaction.js';

const AT = Date.UTC(2026, 10, 23, 1, 2, 3);

const A_LEG: LegRecord = {
  uuid: 'a-leg',
  role: 'a',
  party: 'first',
  startedAt: AT,
  ringingAt: null,
  answeredAt: AT + 5_000,
  bridgedAt: AT + 5_100,
  endedAt: AT + 65_100,
  cause: 'NORMAL_CLEARING',
  sipStatus: null,
  endedBy: 'b',
  trunk: '',
};

const B_LEG: LegRecord = {
  ...A_LEG,
  ...{ uuid: 'b-leg', role: 'b', party: 'second', trunk: 'main', sipStatus: 200 },
  ...{ startedAt: AT + 10, ringingAt: AT + 1_810, answeredAt: AT + 5_000 },
  endedAt: AT + 65_090,
};

const UNANSWERED = { answeredAt: null, bridgedAt: null } as const;

function at(ms: number, event: TraceEvent): TraceStep {
  return { ...event, at: AT + ms };
}

function ended(leg: LegRecord, ledTo = ''): TraceStep {
  return { ...legEnd(leg, ledTo), at: leg.endedAt };
}

const RECEIVED = at(1, { step: 'received', caller: { kind: 'anonymous' } });
const DECIDED = at(1, { step: 'decided', rule: 'known-caller', passed: [], party: 'first' });
const ASKED = at(1, { step: 'decided', rule: 'pin', passed: [], party: null });
const CLAIMED = at(2, { step: 'claimed', result: 'begun', party: 'first', why: '' });
const DIALED = at(3, { step: 'dialed', leg: 'b', trunks: ['main'] });
const RINGING = at(1_810, { step: 'ringing', leg: 'b' });
const ANSWERED = at(5_000, { step: 'answered', leg: 'b' });
const JOINED = at(5_100, { step: 'joined' });
const PROMPTED = at(2, { step: 'prompted', keyed: 'pin', attempt: 1, afterWrong: false });
const WRONG = at(4_000, { step: 'keyed', keyed: 'pin', attempt: 1, result: 'wrong', party: null });
const TALK = [RECEIVED, DECIDED, CLAIMED, DIALED, RINGING, ANSWERED, JOINED, ended(B_LEG), ended(A_LEG)];

describe('a trace comes to', () => {
  it('a connected call, its delay, its talk, and who ended it', () => {
    expect(summaryOf(TALK)).toEqual({
      startedAt: AT,
      endedAt: AT + 65_100,
      stage: 'ended',
      outcome: 'connected',
      reason: 'NORMAL_CLEARING',
      party: 'first',
      pinAttempts: 0,
      postDialDelay: 1_800,
      talk: 60_000,
      endedBy: 'b',
    });
  });

  it('the same whatever order the steps came in, and how often', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...TALK, ...TALK], { minLength: TALK.length * 2 }), (steps) => {
        expect(summaryOf(steps)).toEqual(summaryOf(TALK));
        expect(inOrder(steps)).toEqual(TALK);
      }),
    );
  });

  it.each([
    [[RECEIVED], 'received'],
    [[RECEIVED, ASKED, PROMPTED], 'prompting'],
    [TALK.slice(0, 4), 'dialing'],
    [TALK.slice(0, 5), 'ringing'],
    [TALK.slice(0, 6), 'whispering'],
    [TALK.slice(0, 7), 'connected'],
  ] as const)('where the call is, while it is up', (steps, stage) => {
    expect(summaryOf(steps)).toMatchObject({ stage, endedAt: null, talk: null });
  });

  it('what befell the other party, when it did not answer', () => {
    const b = ended({ ...B_LEG, ...UNANSWERED, cause: 'USER_BUSY', endedAt: AT + 3_000 });
    const a = ended({ ...A_LEG, ...UNANSWERED, cause: 'CALL_REJECTED', endedAt: AT + 3_100 });
    expect(summaryOf([RECEIVED, DECIDED, CLAIMED, DIALED, b, a])).toMatchObject({
      ...{ outcome: 'unanswered', reason: 'USER_BUSY', talk: null, postDialDelay: 1_800 },
    });
  });

  it('a refusal or an announcement, before its end is heard as well', () => {
    const refused = at(3, { step: 'refused', reason: 'busy', cause: 'USER_BUSY' });
    expect(summaryOf([RECEIVED, DECIDED, refused])).toMatchObject({
      ...{ outcome: 'refused', reason: 'busy', stage: 'ended', endedAt: AT + 3 },
    });
    const announced = at(4_001, { step: 'announced', announcement: 'wrong-pin', cause: 'NORMAL_CLEARING' });
    expect(summaryOf([RECEIVED, ASKED, PROMPTED, WRONG, announced])).toMatchObject({
      ...{ outcome: 'announced', reason: 'wrong-pin', stage: 'prompting', pinAttempts: 1, endedAt: null },
    });
  });

  it('a caller who gave up, or whom no controller answered', () => {
    const a = { ...A_LEG, ...UNANSWERED, cause: 'NORMAL_CLEARING', endedBy: 'a' } as const;
    expect(summaryOf([RECEIVED, ASKED, PROMPTED, ended(a, 'prompt')])).toMatchObject({
      ...{ outcome: 'abandoned', reason: 'NORMAL_CLEARING', endedBy: 'a' },
    });
    expect(summaryOf([ended(a, 'unavailable')])).toMatchObject({ outcome: 'refused', reason: 'unavailable' });
  });

  it('nothing before the call itself, though a node’s clock is behind', () => {
    const early = at(-20, { step: 'answered', leg: 'a' });
    expect(inOrder([early, RECEIVED, ASKED]).map(({ step, at: when }) => [step, when])).toEqual([
      ['received', AT + 1],
      ['decided', AT + 1],
      ['answered', AT + 1],
    ]);
  });

  it('no attempt by a prompt that could not be played', () => {
    const result = { result: 'unplayable', party: null } as const;
    const unplayable = at(4_000, { step: 'keyed', keyed: 'pin', attempt: 1, ...result });
    expect(summaryOf([RECEIVED, ASKED, PROMPTED, unplayable]).pinAttempts).toBe(0);
  });
});
