import { beforeEach, describe, expect, it } from 'vitest';
import { digitsToCollect, trunksInOrder } from '../../../src/calls/answers.js';
import { NO_TRACER } from '../../../src/calls/call-trace.js';
import { NO_METER } from '../../../src/calls/meter.js';
import { CallRunner } from '../../../src/calls/runner.js';
import type { Question } from '../../../src/freeswitch/question.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { FakeCallStore } from '../../helpers/fake-call-store.js';
import { FakeClaimPorts } from '../../helpers/fake-claims.js';
import { aQuestion as question, UUID } from '../../helpers/questions.js';
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

const FILES: Readonly<Record<string, string>> = {
  'https://prompts.example/pin.wav': '/prompts/pin.wav',
  'https://prompts.example/first.wav': '/prompts/first.wav',
  'https://prompts.example/second.wav': '/prompts/second.wav',
};

let store: FakeCallStore;
let ports: FakeClaimPorts;
let runner: CallRunner;
let session = aSession();

beforeEach(() => {
  store = new FakeCallStore();
  ports = new FakeClaimPorts();
  session = aSession();
  runner = new CallRunner({
    store,
    claims: ports.claimsOn(store),
    sessions: { get: (id) => Promise.resolve(id === session.id ? { session } : null) },
    prompts: { fileFor: (url) => FILES[url] ?? null },
    trunks: ['main', 'spare'],
    mayRecord: () => true,
    recordingPath: (name) => `/recordings/${name}`,
    now: () => NOW,
    defaultCountry: '',
    log: createLogger({ level: 'silent' }),
    meter: NO_METER,
    tracer: NO_TRACER,
  });
});

describe('an inbound call', () => {
  it('of a registered party claims the session and is told whom to dial', async () => {
    session = aSession({
      settings: {
        record: true,
        recordFileFormat: 'wav',
        firstPartyPlayUrl: 'https://prompts.example/first.wav',
      },
    });
    store.routes = routes({ matched: { session, party: 'first' }, number: aNumber({ trunk: 'spare' }) });
    expect(await runner.decide(question())).toEqual({
      next: 'connect',
      marks: { number: DID, sessionId: session.id, interactionId: UUID, party: 'first' },
      target: SECOND,
      trunks: ['spare', 'main'],
      ringTimeout: 45,
      callTimeLimit: 14_400,
      playA: '/prompts/first.wav',
      playB: '',
      record: `/recordings/${UUID}.wav`,
      note: '',
    });
    expect(store.begun).toMatchObject([
      {
        id: UUID,
        sessionId: session.id,
        node: 'node-1',
        accountId: session.accountId,
        caller: 'first',
        people: { a: FIRST, b: SECOND, aWasCalled: false },
        startedAt: NOW,
        recording: `${UUID}.wav`,
      },
    ]);
    // The claim must outlive the longest call that it allows.
    expect(store.begun[0]!.claimUntil).toBeGreaterThan(NOW + (45 + 14_400) * 1000);
  });

  it.each([
    [
      { limit: null, secondsLeft: 90 },
      { next: 'connect', callTimeLimit: 90 },
    ],
    [
      { limit: null, secondsLeft: 1_000_000 },
      { next: 'connect', callTimeLimit: 14_400 },
    ],
    [{ limit: 'MAX_CALLS_PER_SUBACCOUNT' }, { next: 'refuse', cause: 'USER_BUSY' }],
    [{ limit: 'MAX_CALLS_PER_NODE' }, { next: 'refuse', cause: 'NORMAL_TEMPORARY_FAILURE' }],
    [{ limit: 'DAILY_MINUTES_TOTAL' }, { next: 'refuse', cause: 'CALL_REJECTED' }],
  ] as const)('that is admitted as %j is answered with %j', async (admission, answer) => {
    store.routes = routes({ matched: { session, party: 'first' } });
    ports.admission = admission;
    expect(await runner.decide(question())).toMatchObject(answer);
  });

  it('to a number that may not be called any more is refused', async () => {
    store.routes = routes({ matched: { session, party: 'first' } });
    ports.problems.set(SECOND, 'country');
    expect(await runner.decide(question())).toEqual({ next: 'refuse', cause: 'CALL_REJECTED' });
    expect(store.begun).toEqual([]);
  });

  it('of a session that is in a call gets busy', async () => {
    store.routes = routes({ matched: { session, party: 'second' } });
    store.beginResult = 'busy';
    expect(await runner.decide(question({ callerNumber: SECOND }))).toEqual({
      next: 'refuse',
      cause: 'USER_BUSY',
    });
  });

  it.each(['', 'abc', '123', '0'.repeat(20), '$' + '{x}'])(
    'for %j, no number of anybody, is refused',
    async (dialled) => {
      expect(await runner.decide(question({ dialled }))).toEqual({
        next: 'refuse',
        cause: 'UNALLOCATED_NUMBER',
      });
    },
  );

  it('reads the dialled number with and without +', async () => {
    store.routes = routes({ matched: { session, party: 'first' } });
    const answer = await runner.decide(question({ dialled: DID.slice(1) }));
    expect(answer.next).toBe('connect');
  });

  it('of a stranger is asked for a PIN, with the file that was fetched', async () => {
    store.routes = routes({ pinGate: GATE });
    expect(await runner.decide(question({ callerNumber: STRANGER }))).toEqual({
      next: 'prompt',
      keyed: 'pin',
      attempt: 1,
      failures: 0,
      before: '',
      prompt: '/prompts/pin.wav',
      maxDigits: 4,
      waitMs: 5000,
    });
  });

  it('is asked with the built-in prompt while the file is not there', async () => {
    store.routes = routes({ pinGate: { ...GATE, promptPlay: 'https://prompts.example/late.wav' } });
    expect(await runner.decide(question({ callerNumber: STRANGER }))).toMatchObject({
      prompt: 'enter-pin.wav',
    });
  });

  it('rejects when the store does, so that the dialplan goes its own way', async () => {
    store.failure = new Error('no redis');
    await expect(runner.decide(question())).rejects.toThrow('no redis');
  });
});

describe('a call to one of our own numbers', () => {
  it('is refused, and its claim given back, when the number came after the session', async () => {
    store.routes = routes({ matched: { session, party: 'first' } });
    store.ours = [SECOND];
    expect(await runner.decide(question())).toEqual({ next: 'refuse', cause: 'CALL_REJECTED' });
    expect(store.finished).toMatchObject([{ leg: { role: 'a', cause: 'EXCHANGE_ROUTING_ERROR' } }]);
  });
});

describe('keyed digits', () => {
  const keyed = (changes: Partial<Question> = {}): Question =>
    question({ kind: 'digits', callerNumber: STRANGER, attempt: 1, digits: '1234', ...changes });

  it('that are a PIN connect to the other party', async () => {
    session = aSession({ pin: PIN_RULES });
    store.routes = routes({ pinGate: GATE });
    store.pin = { result: 'matched', match: { session, party: 'second' } };
    expect(await runner.decide(keyed())).toMatchObject({ next: 'connect', target: FIRST });
    expect(store.pinsChecked).toEqual(['1234']);
  });

  it('that are wrong lead to the next attempt, and after the last one to the end', async () => {
    store.routes = routes({ pinGate: GATE });
    expect(await runner.decide(keyed())).toMatchObject({
      next: 'prompt',
      attempt: 2,
      before: 'wrong-pin.wav',
    });
    expect(await runner.decide(keyed({ attempt: 2 }))).toEqual({
      next: 'announce',
      announcement: 'wrong-pin.wav',
      cause: 'NORMAL_CLEARING',
    });
  });

  it('that are not enough lead to the question for digits of the own number, which are looked up as such', async () => {
    store.routes = routes({ pinGate: GATE });
    store.pin = { result: 'asked' };
    expect(await runner.decide(keyed())).toEqual({
      next: 'prompt',
      keyed: 'own-digits',
      attempt: 1,
      failures: 0,
      before: '',
      prompt: 'own-digits.wav',
      maxDigits: 6,
      waitMs: 5000,
    });
    session = aSession({ pin: PIN_RULES });
    store.pin = { result: 'matched', match: { session, party: 'second' } };
    const answer = await runner.decide(keyed({ keyed: 'own-digits', digits: '001002' }));
    expect(answer).toMatchObject({ next: 'connect', target: FIRST });
    expect(store.pinsChecked).toEqual(['1234']);
    expect(store.ownDigitsChecked).toEqual(['001002']);
  });

  it('are not looked up when the prompt never played; the built-in prompt follows', async () => {
    store.routes = routes({ pinGate: GATE });
    const answer = await runner.decide(keyed({ digits: '', promptFailed: true }));
    expect(answer).toMatchObject({ attempt: 1, failures: 1, before: '', prompt: 'enter-pin.wav' });
    expect(store.pinsChecked).toEqual([]);
  });

  it('for a session that ended meanwhile end at the announcement', async () => {
    store.routes = routes();
    expect(await runner.decide(keyed())).toMatchObject({
      next: 'announce',
      announcement: 'not-in-service.wav',
    });
  });
});

describe('a first party that answered', () => {
  it('is connected to the second party', async () => {
    const answer = await runner.decide(
      question({
        kind: 'first-party-answered',
        dialled: '',
        callerNumber: '',
        number: DID,
        sessionId: session.id,
      }),
    );
    expect(answer).toMatchObject({ next: 'connect', target: SECOND, marks: { party: 'first' } });
  });

  it('is hung up when its session is over', async () => {
    session = aSession({ expiresAt: NOW });
    const answer = await runner.decide(
      question({ kind: 'first-party-answered', dialled: '', number: DID, sessionId: session.id }),
    );
    expect(answer).toEqual({ next: 'refuse', cause: 'NORMAL_CLEARING' });
  });
});

describe('digitsToCollect', () => {
  it.each([
    [[4], 4],
    [[15], 15],
    [[4, 6], 7],
    [[4, 15], 16],
  ])('for live PINs of lengths %j is %i', (lengths, digits) => {
    expect(digitsToCollect(lengths)).toBe(digits);
  });
});

describe('trunksInOrder', () => {
  it('puts the preferred trunk first and names each once', () => {
    expect(trunksInOrder('b', ['a', 'b', 'c'])).toEqual(['b', 'a', 'c']);
    expect(trunksInOrder('', ['a'])).toEqual(['a']);
  });
});
