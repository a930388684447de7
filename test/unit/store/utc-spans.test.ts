import { expect, test } from 'vitest';

import { dayOf, hourOf } from '../../../src/store/utc-spans.js';

const HOUR = 3_600_000;

test('an hour is named after its beginning, whichever was asked for before', () => {
  const noon = Date.UTC(2026, 1, 3, 12);
  expect([noon, noon + HOUR - 1, noon + HOUR, noon - 1, noon + 0.5, 0].map(hourOf)).toEqual([
    ...['2026-02-03T12', '2026-02-03T12', '2026-02-03T13', '2026-02-03T11', '2026-02-03T12'],
    '1970-01-01T00',
  ]);
});

test('a day is, too', () => {
  const midnight = Date.UTC(2026, 1, 3);
  expect([midnight, midnight + 24 * HOUR - 1, midnight - 1, midnight + 24 * HOUR, 0].map(dayOf)).toEqual([
    ...['2026-02-03', '2026-02-03', '2026-02-02', '2026-02-04', '1970-01-01'],
  ]);
});

test('an instant that is none has no name', () => {
  expect(() => dayOf(NaN)).toThrow(RangeError);
});
