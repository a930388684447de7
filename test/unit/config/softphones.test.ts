import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { ConfigError } from '../../../src/config-error.js';
import { browserPhonesOf, SOFTPHONE_VARIABLES } from '../../../src/config-softphones.js';

const SCHEMA = z.object(SOFTPHONE_VARIABLES);
const ENV = {
  SOFTPHONES: 'true',
  SOFTPHONE_PASSWORD: 'phone-secret',
  BROWSER_PHONES_URL: 'ws://192.0.2.7:5066',
};
const phones = (env: Record<string, string>) => browserPhonesOf(SCHEMA.parse(env));
const problemWith = (env: Record<string, string>): string =>
  SCHEMA.safeParse(env).error?.issues.map(({ path, message }) => `${String(path[0])} ${message}`)[0] ?? '';

describe('phones in the browser', () => {
  it.each([
    ['by default', {}],
    ['without softphones', { ...ENV, SOFTPHONES: 'false' }],
    ['without a WebSocket', { ...ENV, BROWSER_PHONES_URL: '' }],
  ])('are off %s', (_, env) => {
    expect(phones(env)).toBeNull();
  });

  it('are those of FreeSWITCH', () => {
    expect(phones(ENV)).toEqual({
      url: 'ws://192.0.2.7:5066',
      numbers: ['+15550001001', '+15550001002'],
      password: 'phone-secret',
    });
    expect(phones({ ...ENV, SOFTPHONE_NUMBERS: '447700900001, 447700900002' })?.numbers).toEqual([
      '+447700900001',
      '+447700900002',
    ]);
  });

  it.each(['wss://phones.example.com:7443', 'ws://[2001:db8::1]:5066', 'ws://127.0.0.1:1'])(
    'may be reached at %s',
    (url) => {
      expect(phones({ ...ENV, BROWSER_PHONES_URL: url })?.url).toBe(url);
    },
  );

  // It becomes part of a policy.
  it.each([
    'http://192.0.2.7:5066',
    'ws://192.0.2.7',
    'ws://*:5066',
    'ws://a:5066 *',
    'ws://a:5066;',
    'ws://a:1/x',
    'ws://u@a:1',
    "ws://a:1 'unsafe-inline'",
    'ws://a:99999',
  ])('may not be reached at %s', (url) => {
    expect(problemWith({ ...ENV, BROWSER_PHONES_URL: url })).toContain(
      'BROWSER_PHONES_URL is not the URL of a WebSocket',
    );
  });

  it('need a password and two numbers', () => {
    expect(() => phones({ ...ENV, SOFTPHONE_PASSWORD: '' })).toThrow(ConfigError);
    expect(() => phones({ ...ENV, SOFTPHONE_NUMBERS: '15550001001' })).toThrow(
      /^SOFTPHONE_NUMBERS names fewer than two/,
    );
    const problem = problemWith({ ...ENV, SOFTPHONE_PASSWORD: 'a "quoted" one' });
    expect(problem).toContain('SOFTPHONE_PASSWORD must have');
    expect(problem).not.toContain('quoted');
  });
});
