import { describe, expect, it } from 'vitest';

import { answerFor } from '../../../src/calls/answers.js';
import type { Admission, BeginResult, CallLooks, PinLook } from '../../../src/calls/ports.js';
import { Rehearsals, type RehearsedCall } from '../../../src/calls/rehearsal.js';
import { NO_TRACER } from '../../../src/calls/call-trace.js';
import { NO_METER } from '../../../src/calls/meter.js';
import { CallRunner } from '../../../src/calls/runner.js';
import { ANONYMOUS, type Caller } from '../../../src/masking/caller.js';
import type { DestinationProblem } from '../../../src/masking/destinations.js';
import type { Match, NumberRoutes } from '../../../src/masking/resolve.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { FakeCallStore } from '../../helpers/fake-call-store.js';
import { FakeClaimPorts } from '../../helpers/fake-claims.js';
import { aQuestion, UUID } from '../../helpers/questions.js';
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
const session = aSession();
const pinSession = aSession({ pin: PIN_RULES });
const matched = { session: pinSession, party: 'first' } as const;

/** What a call meets. */
interface Situation {
  readonly caller: Caller;
  readonly routes?: Partial<NumberRoutes>;
  readonly pin?: string;
  readonly look?: PinLook;
  readonly ownDigits?: string;
  readonly begin?: BeginResult;
  readonly admission?: Admission;
  readonly problem?: DestinationProblem;
  readonly ours?: boolean;
}

const TRUNKS = ['main', 'spare'];

function rehearsalsOf(situation: Situation, nodes = ['node-1'], admissions = new Map<string, Admission>()) {
  const looks: CallLooks = {
    route: () => Promise.resolve(routes(situation.routes)),
    lookAtPin: () => Promise.resolve(situation.look ?? { result: 'wrong' }),
    lookAtClaim: () => Promise.resolve(situation.begin ?? 'begun'),
    isVirtualNumber: () => Promise.resolve(situation.ours ?? false),
  };
  const admission = situation.admission ?? { limit: null, secondsLeft: null };
  return new Rehearsals({
    looks,
    admissions: { look: (_account, node) => Promise.resolve(admissions.get(node) ?? admission) },
    destinations: { problemOf: () => Promise.resolve(situation.problem ?? null) },
    nodes: () => Promise.resolve(nodes),
    trunks: TRUNKS,
    now: () => NOW,
  });
}

const asked = (match: Match | null, mayAnswer = true): PinLook => ({ result: 'asked', match, mayAnswer });

const everything = (): boolean => true;

const callOf = ({ caller, pin = '', ownDigits = '' }: Situation): RehearsedCall => ({
  ...{ caller, number: DID, pin, ownDigits, sees: everything },
});

const OPTIONS = { prompts: { fileFor: () => null }, trunks: TRUNKS, recordingPath: (name: string) => name };

/** How a real call of that situation is answered: its first question, and those about what is keyed. */
async function decided(situation: Situation): Promise<unknown> {
  const { caller, pin = '', look, ownDigits = '' } = situation;
  const store = new FakeCallStore();
  const ports = new FakeClaimPorts();
  store.routes = routes(situation.routes);
  store.beginResult = situation.begin ?? 'begun';
  if (situation.admission !== undefined) ports.admission = situation.admission;
  if (situation.problem !== undefined) ports.problems.set(SECOND, situation.problem);
  if (situation.ours === true) store.ours = [SECOND];
  const runner = new CallRunner({
    ...OPTIONS,
    store,
    claims: ports.claimsOn(store),
    sessions: { get: () => Promise.resolve(null) },
    mayRecord: () => true,
    now: () => NOW,
    defaultCountry: '',
    log: createLogger({ level: 'silent' }),
    meter: NO_METER,
    tracer: NO_TRACER,
  });
  const number = caller.kind === 'number' ? caller.number : 'anonymous';
  const question = aQuestion({ callerNumber: number, fromUser: number });
  let answer = await runner.decide(question);
  if (pin === '' || answer.next !== 'prompt') return answer;
  const asked = look?.result === 'asked';
  store.pin = asked ? { result: 'asked' } : (look ?? { result: 'wrong' });
  answer = await runner.decide({ ...question, kind: 'digits', attempt: 1, digits: pin });
  if (!asked || ownDigits === '') return answer;
  const isRight = ownDigits === FIRST.slice(-6) && look.match !== null;
  store.pin = isRight ? { result: 'matched', match: look.match } : { result: 'wrong' };
  return runner.decide({ ...question, kind: 'digits', keyed: 'own-digits', attempt: 1, digits: ownDigits });
}

const known = { matched: { session, party: 'first' } } as const;
const gated = { pinGate: GATE };

describe('a rehearsed call is answered as a real one', () => {
  it.each<[string, Situation]>([
    ['of a party', { caller: first, routes: known }],
    ['on a number that is not ours', { caller: first, routes: { number: null } }],
    ['on a number that is disabled', { caller: first, routes: { number: aNumber({ enabled: false }) } }],
    ['of one of our numbers', { caller: first, routes: { callerIsOurs: true } }],
    ['of somebody withheld', { caller: ANONYMOUS }],
    [
      'of a party whose session is over',
      { caller: first, routes: { matched: { session: aSession({ expiresAt: NOW }), party: 'first' } } },
    ],
    ['in a session that is in a call', { caller: first, routes: known, begin: 'busy' }],
    ['in a session that ended meanwhile', { caller: first, routes: known, begin: 'gone' }],
    ['on a number that is full', { caller: first, routes: known, begin: 'MAX_CALLS_PER_NUMBER' }],
    [
      'of an account that is full',
      { caller: first, routes: known, admission: { limit: 'MAX_CALLS_PER_SUBACCOUNT' } },
    ],
    [
      'when the day’s minutes are used up',
      { caller: first, routes: known, admission: { limit: 'DAILY_MINUTES_TOTAL' } },
    ],
    ['when a minute is left', { caller: first, routes: known, admission: { limit: null, secondsLeft: 12 } }],
    ['to a country that is not allowed', { caller: first, routes: known, problem: 'country' }],
    ['to a number that became ours', { caller: first, routes: known, ours: true }],
    ['of somebody who is asked for a PIN', { caller: stranger, routes: gated }],
    ['of somebody who keyed too many', { caller: stranger, routes: { ...gated, refusedUntil: NOW + 1 } }],
    [
      'with a right PIN',
      { caller: stranger, routes: gated, pin: '1234', look: { result: 'matched', match: matched } },
    ],
    ['with a wrong PIN', { caller: stranger, routes: gated, pin: '0000' }],
    [
      'with the last wrong PIN',
      { caller: stranger, routes: { pinGate: { ...GATE, retry: 0 } }, pin: '0000' },
    ],
    ['with one PIN too many', { caller: stranger, routes: gated, pin: '0000', look: { result: 'refused' } }],
    ['with a PIN that is not enough', { caller: stranger, routes: gated, pin: '1234', look: asked(matched) }],
    [
      'with a PIN and own digits',
      {
        caller: stranger,
        routes: gated,
        pin: '1234',
        ownDigits: FIRST.slice(-6),
        look: asked(matched),
      },
    ],
    [
      'with a PIN and others’ digits',
      {
        caller: stranger,
        routes: gated,
        pin: '1234',
        ownDigits: '999999',
        look: asked(matched),
      },
    ],
    [
      'with a wrong PIN and digits',
      {
        caller: stranger,
        routes: gated,
        pin: '0000',
        ownDigits: FIRST.slice(-6),
        look: asked(null),
      },
    ],
    [
      'with a PIN that rings the own phone',
      {
        caller: { kind: 'number', number: SECOND },
        routes: gated,
        pin: '1234',
        look: { result: 'matched', match: matched },
      },
    ],
    [
      'of a stranger to an open session',
      { caller: stranger, routes: { open: { session: aSession({ firstParty: null }), party: 'first' } } },
    ],
    [
      'of a stranger where there is audio',
      { caller: stranger, routes: { unknownCallerPlay: 'https://a.example/u.wav' } },
    ],
    ['of a stranger where there is nothing', { caller: stranger }],
  ])('%s', async (_what, situation) => {
    const rehearsal = await rehearsalsOf(situation).rehearse(callOf(situation));
    const context = { interactionId: UUID, recording: '', preferredTrunk: '', secondsLeft: null, note: '' };
    const answer = answerFor(rehearsal.outcome, context, OPTIONS);
    const real = (await decided(situation)) as { next: string };
    const lasts = rehearsal.lastsAtMost;
    expect(lasts === null ? answer : { ...answer, callTimeLimit: lasts }).toEqual(real);
  });
});

describe('sessions of accounts that are not seen', () => {
  const open = { open: { session: aSession({ firstParty: null }), party: 'first' } } as const;
  it.each<[string, Situation, Situation]>([
    ['a party', { caller: first, routes: known }, { caller: first }],
    ['whoever takes a missing place', { caller: stranger, routes: open }, { caller: stranger }],
    [
      'a right PIN',
      { caller: stranger, routes: gated, pin: '1234', look: { result: 'matched', match: matched } },
      { caller: stranger, routes: gated, pin: '0000' },
    ],
    [
      'a right PIN and digits',
      { caller: stranger, routes: gated, pin: '1234', ownDigits: FIRST.slice(-6), look: asked(matched) },
      { caller: stranger, routes: gated, pin: '0000', ownDigits: FIRST.slice(-6), look: asked(null) },
    ],
  ])('are as if they were not there: %s', async (_what, hidden, absent) => {
    const unseen = await rehearsalsOf(hidden).rehearse({ ...callOf(hidden), sees: () => false });
    expect(unseen).toEqual(await rehearsalsOf(absent).rehearse(callOf(absent)));
    expect(JSON.stringify(unseen)).not.toContain(session.id);
  });
});

describe('a rehearsal says', () => {
  it('that digits are wrong once no more answers about a PIN are taken', async () => {
    const look = asked(matched, false);
    const situation = { caller: stranger, routes: gated, pin: '1234', ownDigits: FIRST.slice(-6), look };
    expect((await rehearsalsOf(situation).rehearse(callOf(situation))).pin).toBe('wrong');
  });

  it('which rules were asked, and why they passed', async () => {
    const situation = { caller: stranger, routes: { open: known.matched } };
    expect(await rehearsalsOf(situation).rehearse(callOf(situation))).toMatchObject({
      passed: [
        { rule: 'number-in-service', by: 'fine' },
        { rule: 'caller-is-no-virtual-number', by: 'fine' },
        { rule: 'known-caller', by: 'no-party' },
        { rule: 'pin', by: 'no-pin-session' },
      ],
      rule: 'open-session',
    });
  });

  it('whom it would ring, through which trunks, the number’s own first', async () => {
    const situation = { caller: first, routes: { ...known, number: aNumber({ trunk: 'spare' }) } };
    expect(await rehearsalsOf(situation).rehearse(callOf(situation))).toMatchObject({
      ...{ target: SECOND, trunks: ['spare', 'main'], lastsAtMost: 14_400, limit: null, destination: null },
    });
  });

  it('that a limit is reached only when no node has room', async () => {
    const situation = { caller: first, routes: known };
    const full = { limit: 'MAX_CALLS_PER_NODE' } as const;
    const one = new Map<string, Admission>([['node-1', full]]);
    const both = new Map<string, Admission>([...one, ['node-2', full]]);
    const nodes = ['node-1', 'node-2'];
    const call = callOf(situation);
    expect((await rehearsalsOf(situation, nodes, one).rehearse(call)).limit).toBeNull();
    expect((await rehearsalsOf(situation, nodes, both).rehearse(call)).limit).toBe('MAX_CALLS_PER_NODE');
    expect((await rehearsalsOf({ ...situation, admission: full }, []).rehearse(call)).limit).toBe(
      'MAX_CALLS_PER_NODE',
    );
  });
});
