import { describe, expect, it } from 'vitest';

import { blamedFields, cureOf, RequestFailure } from '../../../console/src/api/failure.js';
import type { CallTraceSummary, FeedStep } from '../../../console/src/api/trace.js';
import { advanced } from '../../../console/src/state/live-step.js';
import { ServerClock } from '../../../console/src/state/server-clock.js';

const START = Date.parse('2026-11-29T14:20:00.000Z');
const DATE = 'Sun, 29 Nov 2026 14:20:00 GMT';

describe('the controller’s clock', () => {
  it('is told by an answer’s date, to within a second', () => {
    let here = START - 3_600_000;
    const clock = new ServerClock(() => here);
    clock.note(DATE, here - 100, here);
    expect(Math.abs(clock.now() - START)).toBeLessThan(1_000);
    here += 5_000;
    expect(Math.abs(clock.now() - START - 5_000)).toBeLessThan(1_000);
  });

  it('goes by the answer that tells most exactly', () => {
    let here = START;
    const clock = new ServerClock(() => here);
    clock.note(DATE, here - 20, here);
    const before = clock.now();
    here += 100;
    clock.note(DATE, here - 8_000, here);
    expect(clock.now() - before).toBe(100);
  });

  it('follows a clock that was set', () => {
    let here = START;
    const clock = new ServerClock(() => here);
    clock.note(DATE, here - 20, here);
    here += 1_000;
    clock.note('Sun, 29 Nov 2026 15:20:00 GMT', here - 20, here);
    expect(Math.abs(clock.now() - START - 3_600_000)).toBeLessThan(1_000);
  });

  it('is the sandbox’s once that tells its time, and passes as fast', () => {
    let here = START;
    const clock = new ServerClock(() => here);
    clock.tell(START + 86_400_000, 10);
    here += 2_000;
    expect(clock.now()).toBe(START + 86_400_000 + 20_000);
    clock.note(DATE, here, here);
    expect(clock.now()).toBe(START + 86_400_000 + 20_000);
  });
});

describe('a step of the feed', () => {
  const call = { call_uuid: 'one', stage: 'received', ended_at: null } as CallTraceSummary;
  const after = (step: Partial<FeedStep>): CallTraceSummary | undefined =>
    advanced([call], { call_uuid: 'one', at: '2026-11-29T14:20:00.000Z', leg: null, ...step } as FeedStep)[0];

  it.each([
    ['prompted', 'prompting'],
    ['dialed', 'dialing'],
    ['ringing', 'ringing'],
    ['joined', 'connected'],
    ['ended', 'ended'],
    ['claimed', 'received'],
  ] as const)('%s leads to %s', (step, stage) => expect(after({ step })?.stage).toBe(stage));

  it('that ends a B leg does not end the call', () => {
    expect(after({ step: 'ended', leg: 'b' })?.ended_at).toBeNull();
  });

  it('of another call changes nothing', () => {
    expect(after({ step: 'joined', call_uuid: 'other' })).toBe(call);
  });
});

describe('a failure', () => {
  it.each([0, 400, 401, 403, 404, 429, 500, 503])('with status %i has a cure', (status) => {
    expect(cureOf(new RequestFailure(status, 'no'))).toMatch(/\w+.*\.$/);
  });

  it('names the log’s id, and how long to wait', () => {
    expect(cureOf(new RequestFailure(500, 'no', 'abc'))).toContain('abc');
    expect(cureOf(new RequestFailure(429, 'no', '', 12))).toContain('12 s');
  });

  it('blames the fields that it names', () => {
    const names = ['first_party', 'second_party', 'pin_prompt_play'];
    const text = 'Invalid parameter. first_party and second_party should be different.';
    expect(blamedFields(text, names)).toEqual(['first_party', 'second_party']);
    expect(blamedFields('Mandatory parameter missing. pin_prompt_play must be present.', names)).toEqual([
      'pin_prompt_play',
    ]);
    expect(blamedFields('Number pool exhausted or not available.', names)).toEqual([]);
  });
});
