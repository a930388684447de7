import { afterEach, describe, expect, it, vi } from 'vitest';

import { gathered as allGathered, Gathered } from '../../src/gathered.js';

function gathering(most = 10, pauseMs = 0) {
  const carriedOut: [key: string, items: readonly number[]][] = [];
  const failing = new Set<string>();
  const gathered = new Gathered<number>(
    (items, key) => {
      carriedOut.push([key, [...items]]);
      return failing.has(key) ? Promise.reject(new Error(`${key} failed`)) : Promise.resolve();
    },
    { most, pauseMs },
  );
  return { gathered, carriedOut, failing };
}

describe('what is gathered', () => {
  it('is carried out by key, with what comes in the same turn, also a few steps later', async () => {
    const { gathered, carriedOut } = gathering();
    const later = Promise.resolve()
      .then(() => undefined)
      .then(() => gathered.add('a', 3));
    await Promise.all([gathered.add('a', 1), gathered.add('b', 2), later]);
    expect(carriedOut).toEqual([
      ['a', [1, 3]],
      ['b', [2]],
    ]);
    await gathered.add('a', 4);
    expect(carriedOut.at(-1)).toEqual(['a', [4]]);
  });

  it('fails for everybody who asked for it, and for nobody else', async () => {
    const { gathered, failing, carriedOut } = gathering();
    failing.add('a');
    const settled = await Promise.allSettled([
      gathered.add('a', 1),
      gathered.add('a', 2),
      gathered.add('b', 3),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    failing.clear();
    await gathered.add('a', 4);
    expect(carriedOut.at(-1)).toEqual(['a', [4]]);
  });

  it('is carried out before those go on who wait for what was asked for by then', async () => {
    const one = gathering();
    const other = gathering(2);
    const done = [one.gathered.add('a', 1), other.gathered.add('b', 2), other.gathered.add('b', 3)];
    const seen = allGathered().then(() => [...one.carriedOut, ...other.carriedOut]);
    done.push(other.gathered.add('c', 4));
    await Promise.all(done);
    expect((await seen).slice(0, 2)).toEqual([
      ['a', [1]],
      ['b', [2, 3]],
    ]);
  });

  it('is no more at once than is allowed, and comes in order', async () => {
    const { gathered, carriedOut } = gathering(2);
    await Promise.all([1, 2, 3, 4, 5].map((item) => gathered.add('a', item)));
    expect(carriedOut.map(([, items]) => items)).toEqual([[1, 2], [3, 4], [5]]);
  });
});

describe('what is gathered for some milliseconds', () => {
  afterEach(() => void vi.useRealTimers());

  it('is carried out once, a moment after the first', async () => {
    vi.useFakeTimers();
    const { gathered, carriedOut } = gathering(10, 5);
    const all = [gathered.add('a', 1), gathered.add('b', 2)];
    await vi.advanceTimersByTimeAsync(4);
    all.push(gathered.add('a', 3));
    expect(carriedOut).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all(all);
    expect(carriedOut).toEqual([
      ['a', [1, 3]],
      ['b', [2]],
    ]);
  });

  it('is carried out at once when there is enough of it, and by a flush, with no timer left', async () => {
    vi.useFakeTimers();
    const { gathered, carriedOut } = gathering(2, 5);
    await Promise.all([gathered.add('a', 1), gathered.add('a', 2)]);
    const flushed = gathered.add('a', 3);
    void gathered.flush();
    await flushed;
    expect(carriedOut.map(([, items]) => items)).toEqual([[1, 2], [3]]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
