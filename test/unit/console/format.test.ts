import { describe, expect, it } from 'vitest';

import {
  bytes,
  count,
  fromNow,
  instantOf,
  oneIn,
  percent,
  phone,
  plural,
  span,
  timer,
} from '../../../console/src/text/format.js';

const AT = Date.parse('2026-11-29T14:20:00.000Z');

describe('times of the API', () => {
  it.each([
    ['2026-11-29 14:20:00 +0000 UTC', AT],
    ['2026-11-29 14:20:00.123 +0000 UTC', AT + 123],
    ['2026-11-29 14:20:00+00:00', AT],
    ['2026-11-29 14:20:00.123000+00:00', AT + 123],
    ['2026-11-29T14:20:00.123Z', AT + 123],
    ['2026-11-29 14:20:00.123000', AT + 123],
  ])('%s is read', (text, at) => expect(instantOf(text)).toBe(at));

  it.each(['', null, undefined, 'never'])('%s is none', (text) => expect(instantOf(text)).toBeNull());
});

describe('durations', () => {
  it.each([
    [0, '0:00'],
    [-5_000, '0:00'],
    [Number.NaN, '–'],
    [42_900, '0:42'],
    [725_000, '12:05'],
    [3_725_000, '1:02:05'],
  ])('%i ms tick as %s', (ms, text) => expect(timer(ms)).toBe(text));

  it.each([
    [340, '340 ms'],
    [1_420, '1.4 s'],
    [9_990, '10 s'],
    [42_000, '42 s'],
    [185_300, '3 min 5 s'],
    [7_200_000, '2 h'],
    [147_600_000, '1 d 17 h'],
  ])('%i ms are %s', (ms, text) => expect(span(ms)).toBe(text));

  it.each([
    [AT + 1_000, 'now'],
    [AT - 40_000, '40 s ago'],
    [AT + 720_000, 'in 12 min'],
    [AT - 3 * 86_400_000, '3 days ago'],
  ])('%i is %s', (at, text) => expect(fromNow(at, AT)).toBe(text));
});

describe('numbers', () => {
  it.each([
    ['15550001000', '+15550001000'],
    ['+15550001000', '+15550001000'],
    ['•••••••••01', '•••••••••01'],
    ['anonymous', 'withheld'],
    [null, 'not known'],
    ['', 'nobody yet'],
  ])('%s is shown as %s', (number, text) => expect(phone(number)).toBe(text));

  it('are grouped', () => {
    expect([count(7), count(1_000), count(1_234_567)]).toEqual(['7', '1\u202f000', '1\u202f234\u202f567']);
  });

  it('have shares, chances, sizes and plurals', () => {
    expect([percent(0.9), percent(0.8756), percent(null)]).toEqual(['90 %', '87.6 %', '–']);
    expect([oneIn(0.0002), oneIn(0)]).toEqual(['1 in 5\u202f000', 'none']);
    expect([bytes(12), bytes(768_044), bytes(4_200_000)]).toEqual(['12 B', '768 kB', '4.2 MB']);
    expect([plural(1, 'call'), plural(3, 'call')]).toEqual(['1 call', '3 calls']);
  });
});
