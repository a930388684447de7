import { describe, expect, it } from 'vitest';

import { RecentSet } from '../../src/recent-set.js';

describe('a recent set', () => {
  it('remembers the newest, and forgets what it is told to', () => {
    const recent = new RecentSet(2);
    for (const text of ['one', 'two', 'two', 'three']) recent.add(text);
    expect(['one', 'two', 'three'].map((text) => recent.has(text))).toEqual([false, true, true]);
    recent.delete('two');
    expect(recent.has('two')).toBe(false);
    recent.add('four');
    expect(recent.has('three')).toBe(true);
  });
});
