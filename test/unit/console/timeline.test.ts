import { describe, expect, it } from 'vitest';

import type { CallTrace, TraceStep } from '../../../console/src/api/trace.js';
import { scaleOf, tickLabel, ticksOf } from '../../../console/src/timeline/axis.js';
import { postDialDelay, timelineOf } from '../../../console/src/timeline/model.js';

const START = Date.parse('2026-11-29T14:00:00.000Z');

function trace(
  steps: [ms: number, step: TraceStep['step'], leg: TraceStep['leg'], more?: Partial<TraceStep>][],
  end?: number,
): CallTrace {
  const iso = (ms: number): string => new Date(START + ms).toISOString();
  return {
    call_uuid: '5a3c1eef-0001-4b1d-9c0e-00000001992a',
    virtual_number: '15550001000',
    node: 'fs-1',
    started_at: iso(0),
    ended_at: end === undefined ? null : iso(end),
    direction: 'inbound',
    from_number: null,
    session_uuid: null,
    caller: null,
    stage: 'ended',
    outcome: null,
    reason: null,
    explanation: '',
    post_dial_delay_ms: null,
    talk_ms: null,
    pin_attempts: 0,
    ended_by: null,
    rules: [],
    steps: steps.map(([ms, step, leg, more]) => ({ at: iso(ms), step, leg, text: step, ...more })),
  };
}

const shapes = (call: CallTrace, now = START) =>
  timelineOf(call, now).spans.map(({ lane, kind, from, to }) => [lane, kind, from, to]);

describe('the timeline of a call', () => {
  it('shows a connected one from its beginning to its end', () => {
    const call = trace(
      [
        [0, 'received', 'a'],
        [10, 'dialed', 'b'],
        [1_400, 'ringing', 'b'],
        [6_000, 'answered', 'b'],
        [7_000, 'joined', null],
        [67_000, 'ended', 'b', { cause: 'NORMAL_CLEARING' }],
        [67_000, 'ended', 'a', { cause: 'NORMAL_CLEARING' }],
      ],
      67_000,
    );
    expect(shapes(call)).toEqual([
      ['b', 'dialing', 10, 1_400],
      ['b', 'ringing', 1_400, 6_000],
      ['a', 'waiting', 0, 7_000],
      ['b', 'answered', 6_000, 7_000],
      ['b', 'talk', 7_000, 67_000],
      ['a', 'talk', 7_000, 67_000],
    ]);
    expect(timelineOf(call, START)).toMatchObject({ length: 67_000, setup: 7_000 });
    expect(postDialDelay(call)).toEqual({ from: 10, to: 1_400 });
  });

  it('tells a right PIN from a wrong one, and shows no digit', () => {
    const call = trace(
      [
        [0, 'received', 'a'],
        [20, 'answered', 'a'],
        [50, 'prompted', null, { attempt: 1 }],
        [8_000, 'keyed', 'a', { attempt: 1, result: 'wrong' }],
        [8_100, 'prompted', null, { attempt: 2 }],
        [16_000, 'keyed', 'a', { attempt: 2, result: 'matched' }],
      ],
      20_000,
    );
    const { spans, marks } = timelineOf(call, START);
    expect(spans.filter(({ lane }) => lane === 'system')).toMatchObject([
      { kind: 'failed', from: 50, to: 8_000, label: 'PIN, attempt 1' },
      { kind: 'prompt', from: 8_100, to: 16_000, label: 'PIN, attempt 2' },
    ]);
    expect(marks.map(({ isBad }) => isBad)).toEqual([false, false, false, true, false, false]);
  });

  it('takes a caller who hears a prompt for answered, though that is told only later', () => {
    const steps: Parameters<typeof trace>[0] = [
      [0, 'received', null],
      [40, 'prompted', null, { attempt: 1 }],
      [50, 'answered', 'a'],
    ];
    for (const told of [steps.slice(0, 2), steps]) {
      expect(timelineOf(trace(told), START + 5_000).spans.filter(({ lane }) => lane === 'a')).toMatchObject([
        { kind: 'waiting', from: 0, to: 40 },
        { kind: 'answered', from: 40, to: 5_000 },
      ]);
    }
  });

  it('shows what a failed trunk cost, and counts the delay from the one that rang', () => {
    const call = trace(
      [
        [0, 'received', 'a'],
        [10, 'dialed', 'b', { trunks: ['one'] }],
        [3_000, 'ended', 'b', { cause: 'NORMAL_TEMPORARY_FAILURE' }],
        [3_010, 'dialed', 'b', { trunks: ['two'] }],
        [4_510, 'ringing', 'b'],
      ],
      9_000,
    );
    expect(shapes(call)).toEqual([
      ['b', 'failed', 10, 3_000],
      ['b', 'dialing', 3_010, 4_510],
      ['a', 'waiting', 0, 9_000],
      ['b', 'ringing', 4_510, 9_000],
    ]);
    expect(postDialDelay(call)).toEqual({ from: 3_010, to: 4_510 });
  });

  it('shows the ringing of a phone that nobody answered as ringing', () => {
    const call = trace(
      [
        [0, 'received', null],
        [10, 'dialed', 'b', { trunks: ['one'] }],
        [1_000, 'ringing', 'b'],
        [18_000, 'ended', 'b', { cause: 'ORIGINATOR_CANCEL' }],
        [18_000, 'ended', 'a', { cause: 'ORIGINATOR_CANCEL' }],
      ],
      18_000,
    );
    expect(shapes(call)).toEqual([
      ['b', 'dialing', 10, 1_000],
      ['b', 'ringing', 1_000, 18_000],
      ['a', 'waiting', 0, 18_000],
    ]);
    expect(timelineOf(call, START).marks.some(({ isBad }) => isBad)).toBe(false);
  });

  it('goes on until now while the call is up', () => {
    const call = trace([
      [0, 'received', 'a'],
      [10, 'dialed', 'b'],
    ]);
    const { spans, length } = timelineOf(call, START + 5_000);
    expect(length).toBe(5_000);
    expect(spans).toMatchObject([
      { lane: 'a', to: 5_000, isOpen: true },
      { lane: 'b', kind: 'dialing', to: 5_000, isOpen: true },
    ]);
  });

  it('is no shorter than its last step where the clock is behind', () => {
    const call = trace([
      [0, 'received', 'a'],
      [900, 'prompted', null],
    ]);
    expect(timelineOf(call, START - 60_000).length).toBe(900);
  });

  it('has a length where nothing took time', () => {
    const call = trace([[0, 'refused', 'a', { cause: 'CALL_REJECTED' }]], 0);
    expect(timelineOf(call, START)).toMatchObject({ length: 1, spans: [], marks: [{ isBad: true }] });
  });
});

describe('the axis', () => {
  it('is to scale, and lets nothing past its ends', () => {
    const x = scaleOf(10_000, 100, 600);
    expect([x(0), x(5_000), x(10_000), x(-1), x(99_999)]).toEqual([100, 350, 600, 100, 600]);
  });

  it.each([
    [47_000, 8, 10_000, 4],
    [900, 5, 200, 4],
    [223_000, 10, 30_000, 7],
    [14_400_000, 3, 7_200_000, 2],
  ])('of %i ms with at most %i ticks has one each %i ms', (length, most, step, count) => {
    const ticks = ticksOf(length, most);
    expect([ticks[1], ticks.length - 1]).toEqual([step, count]);
  });

  it.each([
    [0, '0'],
    [1_500, '1.5 s'],
    [12_000, '12 s'],
    [150_000, '2:30'],
    [3_723_000, '1:02:03'],
  ])('%i ms are labelled %s', (at, label) => expect(tickLabel(at)).toBe(label));
});
