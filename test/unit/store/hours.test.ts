import { expect, test } from 'vitest';

import { hourOf } from '../../../src/store/hours.js';

const HOUR = 3_600_000;

test('an hour is named after its beginning, whichever was asked for before', () => {
  const noon = Date.UTC(2026, 1, 3, 12);
  expect([noon, noon + HOUR - 1, noon + HOUR, noon - 1, noon + 0.5, 0].map(hourOf)).toEqual([
    ...['2026-02-03T12', '2026-02-03T12', '2026-02-03T13', '2026-02-03T11', '2026-02-03T12'],
    '1970-01-01T00',
  ]);
});
