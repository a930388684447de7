import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { WriteBehind } from '../../../src/store/write-behind.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Noted {
  readonly key: string;
  readonly values: number[];
}

function collecting(most = 10) {
  const written: Noted[] = [];
  const lost: number[] = [];
  const state = { failure: null as Error | null, failing: /./ };
  const behind = new WriteBehind<Noted>({
    write: ({ key, values }) => {
      if (state.failure !== null && state.failing.test(key)) return Promise.reject(state.failure);
      written.push({ key, values: [...values] });
      return Promise.resolve();
    },
    pauseMs: 100,
    most,
    onLost: (count) => lost.push(count),
  });
  const add = (key: string, value: number): void =>
    behind.add(key, (waiting) => ({ key, values: [...(waiting?.values ?? []), value] }));
  return { behind, add, written, lost, state };
}

describe('writing behind', () => {
  it('gathers by key and writes once', async () => {
    const { add, written } = collecting();
    add('one', 1);
    add('two', 2);
    add('one', 3);
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(written).toEqual([
      { key: 'one', values: [1, 3] },
      { key: 'two', values: [2] },
    ]);
  });

  it('begins some at a time, so that nobody waits for many', async () => {
    const { behind, add, written } = collecting(200);
    for (let value = 0; value < 100; value += 1) add(`key ${value}`, value);
    const flushed = behind.flush();
    for (let step = 0; step < 10; step += 1) await Promise.resolve();
    expect(written.length).toBeGreaterThan(0);
    expect(written.length).toBeLessThan(50);
    await vi.advanceTimersByTimeAsync(200);
    await flushed;
    expect(written.flatMap(({ values }) => values)).toEqual(Array.from({ length: 100 }, (_, value) => value));
  });

  it('keeps what could not be written, and what came meanwhile, in order', async () => {
    const { add, written, state } = collecting();
    state.failure = new Error('away');
    add('one', 1);
    await vi.advanceTimersByTimeAsync(100);
    add('one', 2);
    add('two', 3);
    state.failure = null;
    await vi.advanceTimersByTimeAsync(2_500);
    expect(written.filter(({ key }) => key === 'one').flatMap(({ values }) => values)).toEqual([1, 2]);
    expect(written.filter(({ key }) => key === 'two').flatMap(({ values }) => values)).toEqual([3]);
  });

  it('does not write again what was written beside what failed, and gives that up after five minutes', async () => {
    const { add, written, lost, state } = collecting();
    state.failure = new Error('its shard is away');
    state.failing = /two/;
    add('one', 1);
    add('two', 2);
    add('two', 3);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(written).toEqual([{ key: 'one', values: [1] }]);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(written).toHaveLength(1);
    expect(lost).toEqual([2]);
    // Nothing of it takes up room any more.
    for (let value = 0; value < 10; value += 1) add('three', value);
    await vi.advanceTimersByTimeAsync(100);
    expect(written.at(-1)?.values).toHaveLength(10);
  });

  it('holds no more than it may, and tells what it left out', async () => {
    const { add, written, lost } = collecting(2);
    for (const value of [1, 2, 3, 4]) add('one', value);
    await vi.advanceTimersByTimeAsync(100);
    expect(written).toEqual([{ key: 'one', values: [1, 2] }]);
    expect(lost).toEqual([2]);
  });

  it('writes what waits when it is closed, and takes nothing more', async () => {
    const { behind, add, written, lost } = collecting();
    add('one', 1);
    await behind.close();
    expect(written).toEqual([{ key: 'one', values: [1] }]);
    add('one', 2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written).toHaveLength(1);
    expect(lost).toEqual([1]);
  });

  it('closes within its time though nothing can be written, and tells what is lost', async () => {
    const { behind, add, lost, state } = collecting();
    state.failure = new Error('away');
    add('one', 1);
    add('one', 2);
    const closed = behind.close();
    await vi.advanceTimersByTimeAsync(1_100);
    await closed;
    expect(lost).toEqual([2]);
  });
});
