import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { waitAfter } from '../../../console/src/api/backoff.js';
import { EventStreamReader } from '../../../src/event-stream.js';

describe('an event stream', () => {
  it('is taken apart into events, comments left out', () => {
    const parser = new EventStreamReader();
    expect(parser.push(': alive\n\nid: 7\nevent: step\ndata: {"a":1}\n\ndata: x\ndata:y\n\n')).toEqual([
      { id: '7', event: 'step', data: '{"a":1}' },
      { id: '7', event: 'message', data: 'x\ny' },
    ]);
  });

  it('gives the same however it was cut', () => {
    const text =
      'id: 1\r\nevent: step\r\ndata: one\r\n\r\n: alive\r\rid: 2\ndata: two\n\nevent: reset\ndata: {}\n\n';
    const whole = new EventStreamReader().push(text);
    expect(whole).toHaveLength(3);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const parser = new EventStreamReader();
        const at = [0, ...cuts.sort((one, other) => one - other), text.length];
        const events = at.slice(1).flatMap((end, index) => parser.push(text.slice(at[index], end)));
        expect(events).toEqual(whole);
      }),
    );
  });

  it('keeps an event to itself until it is whole', () => {
    const parser = new EventStreamReader();
    expect(parser.push('data: half')).toEqual([]);
    expect(parser.push('\n')).toEqual([]);
    expect(parser.push('\n')).toEqual([{ id: '', event: 'message', data: 'half' }]);
  });
});

describe('the wait for another try', () => {
  it('doubles up to half a minute, and is spread', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map((failures) => waitAfter(failures, 1))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
    expect(waitAfter(5, 0)).toBe(22_500);
  });
});
