import { describe, expect, it } from 'vitest';

import { Gathered } from '../../src/gathered.js';

function gathering(most = 10) {
  const carriedOut: [key: string, items: readonly number[]][] = [];
  const failing = new Set<string>();
  const gathered = new Gathered<number>((items, key) => {
    carriedOut.push([key, [...items]]);
    return failing.has(key) ? Promise.reject(new Error(`${key} failed`)) : Promise.resolve();
  }, most);
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

  it('is no more at once than is allowed, and comes in order', async () => {
    const { gathered, carriedOut } = gathering(2);
    await Promise.all([1, 2, 3, 4, 5].map((item) => gathered.add('a', item)));
    expect(carriedOut.map(([, items]) => items)).toEqual([[1, 2], [3, 4], [5]]);
  });
});
