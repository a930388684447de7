import { describe, expect, it } from 'vitest';

import { windowOf } from '../../../src/api/params/window.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-23T00:00:00Z');

describe('windowOf', () => {
  it('counts 30 days from now when its end is yet to come', () => {
    const window = { gte: NOW - 30 * DAY, lt: NOW + 1 };
    expect(windowOf('end_time', { gte: window.gte, lt: NOW + DAY }, NOW)).toEqual(window);
    expect(windowOf('end_time', { lt: NOW + 3000 * DAY }, NOW)).toEqual({ ...window, gte: window.gte + 1 });
  });

  it('refuses more than 30 days up to now', () => {
    expect(() => windowOf('end_time', { gte: NOW - 31 * DAY, lt: NOW + DAY }, NOW)).toThrow(
      'Invalid parameter. end_time should span at most 30 days.',
    );
  });
});
