import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { NoLocalRouteError } from '../../../src/calls/local-routes.js';
import { OutageDecider } from '../../../src/calls/outage-decider.js';
import type { Answer, Decide, Question } from '../../../src/freeswitch/question.js';
import { createLogger } from '../../../src/telemetry/logger.js';

const FROM_STORE: Answer = { next: 'refuse', cause: 'USER_BUSY' };
const FROM_COPY: Answer = { next: 'refuse', cause: 'CALL_REJECTED' };
const ASK_LAST: Answer = { next: 'ask-last' };
const OUTAGE = new Error('no redis');
const PATIENCE = 80;

const question = (round: Question['round'], kind: Question['kind'] = 'inbound'): Question =>
  ({ uuid: 'u', round, kind }) as Question;

const store: Decide = () => Promise.resolve(FROM_STORE);
const copy: Decide = () => Promise.resolve(FROM_COPY);
const fails: Decide = () => Promise.reject(OUTAGE);
const isSilent: Decide = () => new Promise(() => undefined);
const slow: Decide = () => sleep(PATIENCE + PATIENCE / 8, FROM_STORE);
const knowsNothing: Decide = () => Promise.reject(new NoLocalRouteError('not known'));

function decide(
  asked: Question,
  how: Decide,
  { away = false, decideLocally = copy, signal = new AbortController().signal } = {},
): Promise<Answer> {
  const decider = new OutageDecider({
    ...{ decide: how, decideLocally, patience: PATIENCE },
    isAway: () => away,
    isOutage: (error) => error === OUTAGE,
    log: createLogger({ level: 'silent' }),
  });
  return decider.decide(asked, signal);
}

describe('the first question of a call', () => {
  it('is decided by the store', async () => {
    expect(await decide(question('first'), store)).toBe(FROM_STORE);
  });

  it('is passed on while the store is away, unasked', async () => {
    const asked = vi.fn(store);
    await expect(decide(question('first'), asked, { away: true })).rejects.toMatchObject({
      code: 'ERR_QUESTION_PASSED_ON',
    });
    expect(asked).not.toHaveBeenCalled();
  });

  it('fails as the store does', async () => {
    await expect(decide(question('first'), fails)).rejects.toBe(OUTAGE);
  });
});

describe.each(['second', 'last'] as const)('the %s question of a call', (round) => {
  it('is decided by the store while it answers', async () => {
    expect(await decide(question(round), store)).toBe(FROM_STORE);
  });

  it.each([
    ['fails', fails],
    ['is silent', isSilent],
  ])('is decided by the copy when the store %s', async (_how, how) => {
    expect(await decide(question(round), how)).toBe(FROM_COPY);
  });

  it('is decided by the copy while the store is known to be away, which is not asked', async () => {
    const asked = vi.fn(store);
    expect(await decide(question(round), asked, { away: true })).toBe(FROM_COPY);
    expect(asked).not.toHaveBeenCalled();
  });

  it('is decided by a slow store when the copy knows nothing', async () => {
    expect(await decide(question(round), slow, { decideLocally: knowsNothing })).toBe(FROM_STORE);
  });

  it('fails on a defect of ours: that is no outage', async () => {
    const defect: Decide = () => Promise.reject(new TypeError('defect'));
    await expect(decide(question(round), defect)).rejects.toThrow('defect');
    await expect(decide(question(round), store, { away: true, decideLocally: defect })).rejects.toThrow(
      'defect',
    );
  });

  it.each(['digits', 'first-party-answered'] as const)(
    'about %s is never decided by the copy',
    async (kind) => {
      expect(await decide(question(round, kind), store, { away: true })).toBe(FROM_STORE);
      await expect(decide(question(round, kind), fails, { away: true })).rejects.toBe(OUTAGE);
    },
  );

  it('tells the store’s decision that nobody waits for it once the copy has decided', async () => {
    let given: AbortSignal | undefined;
    const silent: Decide = (_question, signal) => {
      given = signal;
      return new Promise(() => undefined);
    };
    await decide(question(round), silent);
    expect(given?.aborted).toBe(true);
    await decide(question(round), (_question, signal) => {
      given = signal;
      return Promise.resolve(FROM_STORE);
    });
    expect(given?.aborted).toBe(false);
  });
});

it('a second question that neither can decide goes round once more, and the last one does not', async () => {
  const nobody = { away: true, decideLocally: knowsNothing };
  expect(await decide(question('second'), store, nobody)).toEqual(ASK_LAST);
  // Whether it is known to be away, found to be, or silent.
  expect(await decide(question('second'), isSilent, { decideLocally: knowsNothing })).toEqual(ASK_LAST);
  expect(await decide(question('second'), fails, { decideLocally: knowsNothing })).toEqual(ASK_LAST);
  await expect(decide(question('last'), fails, { decideLocally: knowsNothing })).rejects.toMatchObject({
    code: 'ERR_NO_LOCAL_ROUTE',
  });
  await expect(decide(question('last'), store, nobody)).rejects.toMatchObject({ code: 'ERR_NO_LOCAL_ROUTE' });
});
