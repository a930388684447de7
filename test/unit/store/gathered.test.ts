import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Gathered } from '../../../src/store/gathered.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function collecting() {
  const written: [string, number[]][] = [];
  const state = { failure: null as Error | null };
  const gathered = new Gathered<number>((key, items) => {
    written.push([key, [...items]]);
    return state.failure === null ? Promise.resolve() : Promise.reject(state.failure);
  });
  return { gathered, written, state };
}

describe('what is gathered', () => {
  it('is written by key, once, a moment after the first', async () => {
    const { gathered, written } = collecting();
    const all = [gathered.add('one', 1), gathered.add('two', 2), gathered.add('one', 3)];
    await vi.advanceTimersByTimeAsync(4);
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all(all);
    expect(written).toEqual([
      ['one', [1, 3]],
      ['two', [2]],
    ]);
    const later = gathered.add('one', 4);
    await vi.advanceTimersByTimeAsync(5);
    await later;
    expect(written.at(-1)).toEqual(['one', [4]]);
  });

  it('is written at once when there is enough of it, and nothing of it again', async () => {
    const { gathered, written } = collecting();
    const all = Array.from({ length: 250 }, (_, n) => gathered.add('one', n));
    await Promise.all(all.slice(0, 200));
    expect(written.map(([, items]) => items.length)).toEqual([100, 100]);
    await vi.runAllTimersAsync();
    await Promise.all(all);
    expect(written.map(([, items]) => items.length)).toEqual([100, 100, 50]);
    expect(written.flatMap(([, items]) => items)).toEqual(Array.from({ length: 250 }, (_, n) => n));
  });

  it('fails for all that were among it, and for nobody else', async () => {
    const { gathered, state } = collecting();
    state.failure = new Error('away');
    const failing = [gathered.add('one', 1), gathered.add('one', 2)].map((each) =>
      expect(each).rejects.toThrow('away'),
    );
    await vi.advanceTimersByTimeAsync(5);
    await Promise.all(failing);
    state.failure = null;
    const next = gathered.add('one', 3);
    await vi.advanceTimersByTimeAsync(5);
    await next;
  });

  it('is written by a flush, with no timer left', async () => {
    const { gathered, written } = collecting();
    const all = [gathered.add('one', 1), gathered.add('two', 2)];
    gathered.flush();
    await Promise.all(all);
    expect(written).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});
