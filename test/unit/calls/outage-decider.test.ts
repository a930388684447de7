import { describe, expect, it, vi } from 'vitest';
import { OutageDecider } from '../../../src/calls/outage-decider.js';
import type { Answer, Decide, Question } from '../../../src/freeswitch/question.js';
import { createLogger } from '../../../src/telemetry/logger.js';

const FROM_STORE: Answer = { next: 'refuse', cause: 'USER_BUSY' };
const FROM_COPY: Answer = { next: 'refuse', cause: 'CALL_REJECTED' };
const OUTAGE = new Error('no redis');

const first = { uuid: 'u', isLastChance: false } as Question;
const last = { uuid: 'u', isLastChance: true } as Question;

const store: Decide = () => Promise.resolve(FROM_STORE);
const copy: Decide = () => Promise.resolve(FROM_COPY);
const fails: Decide = () => Promise.reject(OUTAGE);
const isSilent: Decide = () => new Promise(() => undefined);

function decider(decide: Decide, { away = false, decideLocally = copy } = {}): OutageDecider {
  return new OutageDecider({
    ...{ decide, decideLocally },
    isAway: () => away,
    isOutage: (error) => error === OUTAGE,
    patience: 20,
    log: createLogger({ level: 'silent' }),
  });
}

describe('a question that comes for the first time', () => {
  it('is decided by the store', async () => {
    expect(await decider(store).decide(first)).toBe(FROM_STORE);
  });

  it('is passed on while the store is away, unasked', async () => {
    const decide = vi.fn(store);
    await expect(decider(decide, { away: true }).decide(first)).rejects.toMatchObject({
      code: 'ERR_QUESTION_PASSED_ON',
    });
    expect(decide).not.toHaveBeenCalled();
  });

  it('fails as the store does', async () => {
    await expect(decider(fails).decide(first)).rejects.toBe(OUTAGE);
  });
});

describe('the last question before the announcement', () => {
  it('is decided by the store while it answers', async () => {
    expect(await decider(store).decide(last)).toBe(FROM_STORE);
  });

  it.each([
    ['fails', fails],
    ['is silent', isSilent],
  ])('is decided by the copy when the store %s', async (_how, decide) => {
    expect(await decider(decide).decide(last)).toBe(FROM_COPY);
  });

  it('is decided by the copy while the store is known to be away, which is not asked', async () => {
    const decide = vi.fn(store);
    expect(await decider(decide, { away: true }).decide(last)).toBe(FROM_COPY);
    expect(decide).not.toHaveBeenCalled();
  });

  it('fails when the copy knows nothing', async () => {
    const decideLocally: Decide = () => Promise.reject(new Error('no copy'));
    await expect(decider(fails, { decideLocally }).decide(last)).rejects.toThrow('no copy');
  });

  it('fails on a defect of ours: that is no outage', async () => {
    const defect: Decide = () => Promise.reject(new TypeError('defect'));
    await expect(decider(defect).decide(last)).rejects.toThrow('defect');
  });
});
