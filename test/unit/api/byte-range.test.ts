import { expect, test } from 'vitest';

import { namesTag, rangeIn } from '../../../src/api/recordings/byte-range.js';

test.each([
  ['bytes=0-3', { start: 0, end: 3 }],
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=90-', { start: 90, end: 99 }],
  ['bytes=90-1000', { start: 90, end: 99 }],
  ['bytes=-10', { start: 90, end: 99 }],
  ['bytes=-1000', { start: 0, end: 99 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-4', null],
  ['bytes=0-3,8-9', null],
  ['bytes=-', null],
  ['bytes=a-b', null],
  ['lines=0-3', null],
  ['', null],
  [undefined, null],
])('%s of 100 bytes', (header, range) => {
  expect(rangeIn(header, 100)).toEqual(range);
});

test('of nothing there is no range', () => {
  expect(rangeIn('bytes=0-', 0)).toBe('unsatisfiable');
  expect(rangeIn('bytes=-5', 0)).toBe('unsatisfiable');
});

test.each([
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ['*', true],
  ['"b"', false],
  ['a', false],
])('%s names the tag "a": %s', (header, names) => {
  expect(namesTag(header, '"a"')).toBe(names);
});
