import { describe, expect, test } from 'vitest';

import { reconnectDelay } from '../../../src/store/redis.js';
import { parseRedisUrl } from '../../../src/store/redis-url.js';

describe('parseRedisUrl', () => {
  const plain = { tls: false, username: '', password: '', db: 0, master: '' };

  test.each([
    ['redis://localhost', { ...plain, kind: 'single', hosts: [{ host: 'localhost', port: 6379 }] }],
    ['redis://h:7000/3', { ...plain, kind: 'single', hosts: [{ host: 'h', port: 7000 }], db: 3 }],
    ['redis://[::1]:7000', { ...plain, kind: 'single', hosts: [{ host: '::1', port: 7000 }] }],
    [
      'rediss://me:p%40ss%2Fword@h/',
      {
        ...plain,
        kind: 'single',
        hosts: [{ host: 'h', port: 6379 }],
        tls: true,
        username: 'me',
        password: 'p@ss/word',
      },
    ],
    [
      'redis://:secret@h',
      { ...plain, kind: 'single', hosts: [{ host: 'h', port: 6379 }], password: 'secret' },
    ],
    [
      'redis+sentinel://:secret@a:1,b/mymaster',
      {
        ...plain,
        kind: 'sentinel',
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 26379 },
        ],
        password: 'secret',
        master: 'mymaster',
      },
    ],
    [
      'redis+cluster://a:7000,b:7001',
      {
        ...plain,
        kind: 'cluster',
        hosts: [
          { host: 'a', port: 7000 },
          { host: 'b', port: 7001 },
        ],
      },
    ],
    ['rediss+cluster://a:7000', { ...plain, kind: 'cluster', hosts: [{ host: 'a', port: 7000 }], tls: true }],
  ])('%s', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  test.each([
    '',
    'localhost:6379',
    'http://localhost',
    'redis://',
    'redis://a,b',
    'redis://h:0',
    'redis://h:65536',
    'redis://h:port',
    'redis://h/abc',
    'redis://u:hunter2%zz@h',
    'redis+sentinel://a:1,b:2',
    'redis+sentinel://a:1,b:2/',
    'redis+cluster://a:1/0',
    'redis+cluster://a:1,',
    'redis+other://a',
    'redis://u:hunter2@h:x/',
  ])('%s is refused without repeating it', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(
      expect.objectContaining({
        code: 'ERR_BAD_REDIS_URL',
        message: expect.not.stringContaining('hunter2') as string,
      }) as Error,
    );
  });
});

test('reconnects ever more slowly, with jitter, up to a bound', () => {
  expect(reconnectDelay(1, () => 0)).toBe(50);
  expect(reconnectDelay(1, () => 1)).toBe(100);
  expect(reconnectDelay(3, () => 1)).toBe(400);
  for (const times of [6, 100, 1e9]) {
    expect(reconnectDelay(times, () => 0)).toBe(1_000);
    expect(reconnectDelay(times, () => 1)).toBe(2_000);
  }
});
