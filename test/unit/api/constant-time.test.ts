import { timingSafeEqual } from 'node:crypto';
import { beforeEach, expect, it, vi } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { areSame, digestOf } from '../../../src/api/plugins/constant-time.js';
import { ACCOUNT, BASE, credentials, FakeDeps } from './fake-deps.js';

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  return {
    ...crypto,
    timingSafeEqual: vi.fn((one: NodeJS.ArrayBufferView, other: NodeJS.ArrayBufferView) =>
      crypto.timingSafeEqual(one, other),
    ),
  };
});

const compare = vi.mocked(timingSafeEqual);

beforeEach(() => {
  compare.mockClear();
});

/** The lengths of what was compared, in order. */
function compared(): number[][] {
  return compare.mock.calls.map(([one, other]) => [one.byteLength, other.byteLength]);
}

const CREDENTIALS: [string, Record<string, string>][] = [
  ['the right ones', credentials()],
  ['another id', credentials('MAZZZZZZZZZZZZZZZZZZ')],
  ['an id of another length', credentials('M')],
  ['another token', credentials(ACCOUNT.id, 'x')],
  ['a token that differs in its last character', credentials(ACCOUNT.id, `${ACCOUNT.token.slice(0, -1)}x`)],
  ['both another', credentials('x', 'y')],
  ['a very long token', credentials(ACCOUNT.id, 'x'.repeat(4_000))],
];

it.each(CREDENTIALS)(
  'compares id, token and path in full, as digests of one length: %s',
  async (_, headers) => {
    const app = buildApi(new FakeDeps());
    compare.mockClear();
    await app.inject({ method: 'GET', url: `${BASE}/Number/`, headers });
    expect(compared()).toEqual([
      [32, 32],
      [32, 32],
      [32, 32],
    ]);
    await app.close();
  },
);

it('goes on comparing after a difference', () => {
  expect(
    areSame([
      ['a', digestOf('b')],
      ['b', digestOf('b')],
    ]),
  ).toBe(false);
  expect(compared()).toHaveLength(2);
  expect(areSame([['b', digestOf('b')]])).toBe(true);
});
