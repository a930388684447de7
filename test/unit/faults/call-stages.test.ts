import { describe, expect, it } from 'vitest';
import { LoadCall, type Stage } from '../../faults/lib/call.js';
import { aCall } from './calls.js';

describe('the stage of a call', () => {
  const call = aCall({ bInvited: 100, bRinging: 1_000, answered: 3_010, bAnswered: 3_000, ended: 9_000 });
  it.each<[number, Stage | null]>([
    [-1, null],
    [0, 'received'],
    [99, 'received'],
    [100, 'dialing'],
    [1_000, 'ringing'],
    [3_005, 'ringing'],
    [3_010, 'connected'],
    [8_999, 'connected'],
    [9_000, 'ending'],
    [10_000, 'ending'],
    [10_001, null],
  ])('%i ms after its INVITE is %s', (at, stage) => {
    expect(call.stageAt(at)).toBe(stage);
  });

  it('is prompting from the answer that asks for a PIN until B is called', () => {
    const asked = aCall({ answered: 50, bInvited: 4_000 });
    expect([asked.stageAt(50), asked.stageAt(3_999), asked.stageAt(4_000)]).toEqual([
      'prompting',
      'prompting',
      'dialing',
    ]);
  });
});

describe('a call is kept', () => {
  const talked = { bInvited: 100, answered: 3_000, bAnswered: 3_000, ended: 9_000 };
  const kept = (): LoadCall => {
    const call = aCall(talked);
    call.endedBy = 'a';
    call.heard.a = call.heard.b = 8_900;
    return call;
  };

  it('when both heard each other to the end and the one hung up who meant to', () => {
    expect(kept().kept).toBe(true);
  });

  it.each<[string, (call: LoadCall) => void]>([
    ['FreeSWITCH hung up', (call) => (call.endedBy = 'freeswitch')],
    ['the other one hung up', (call) => (call.endedBy = 'b')],
    ['A heard nothing of B', (call) => (call.heard.a = null)],
    ['B heard A no more for the last seconds', (call) => (call.heard.b = 6_000)],
    ['A was never answered', (call) => (call.timeline.answered = null)],
    ['B was not told that A had hung up', (call) => (call.halfOpen = true)],
    ['it never ended', (call) => (call.timeline.ended = null)],
  ])('not when %s', (_what, change) => {
    const call = kept();
    change(call);
    expect(call.kept).toBe(false);
  });
});

describe('a caller was told', () => {
  it.each<[boolean, string, Partial<LoadCall['timeline']>, LoadCall['endedBy']]>([
    [true, 'by a final response', { ended: 400 }, 'freeswitch'],
    [true, 'by an announcement after the PIN', { answered: 20, ended: 9_000 }, 'freeswitch'],
    [false, 'when it gave up itself', { ended: 400 }, 'silence'],
    [false, 'too late', { ended: 20_001 }, 'freeswitch'],
    [false, 'when B had answered', { bAnswered: 300, ended: 400 }, 'freeswitch'],
    [false, 'when nothing came', {}, null],
  ])('%s: %s', (told, _how, timeline, endedBy) => {
    const call = aCall(timeline);
    call.endedBy = endedBy;
    expect(call.told(20_000)).toBe(told);
  });
});
