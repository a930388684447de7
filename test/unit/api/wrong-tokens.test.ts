import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { CredentialGuard } from '../../../src/api/plugins/credential-guard.js';
import { ACCOUNT, BASE, credentials, FakeDeps, NO_LIMITS, NOW } from './fake-deps.js';

const HERE = '192.0.2.7';
const ELSEWHERE = '198.51.100.9';
const WINDOW = 600_000;

let deps: FakeDeps;
let app: FastifyInstance;

beforeEach(() => {
  deps = new FakeDeps();
  deps.limits = { ...NO_LIMITS, wrongTokens: 3 };
  app = buildApi(deps);
});

afterEach(() => app.close());

async function ask(token: string, remoteAddress = HERE, id = ACCOUNT.id): Promise<LightMyRequestResponse> {
  const url = `/v1/Account/${id}/Number/`;
  return app.inject({ method: 'GET', url, headers: credentials(id, token), remoteAddress });
}

async function guess(count: number, remoteAddress = HERE): Promise<number[]> {
  const statuses: number[] = [];
  for (let guessed = 0; guessed < count; guessed += 1) {
    statuses.push((await ask(`wrong-${guessed}`, remoteAddress)).statusCode);
  }
  return statuses;
}

it('refuses an address that guesses, with the seconds it has to wait, until its window is over', async () => {
  expect(await guess(5)).toEqual([401, 401, 401, 429, 429]);
  deps.instant += 599_000;
  const refused = await ask('another');
  expect(refused.statusCode).toBe(429);
  expect(refused.headers['retry-after']).toBe('1');
  expect(refused.json()).toMatchObject({ error: 'Too many requests, rate limited.' });
  deps.instant += 1_000;
  expect((await ask(ACCOUNT.token)).statusCode).toBe(200);
});

it('does not tell an address that is refused whether its token is the right one', async () => {
  await guess(3);
  expect((await ask(ACCOUNT.token)).statusCode).toBe(429);
});

it('never keeps the right token out from another address', async () => {
  await guess(50);
  expect((await ask(ACCOUNT.token, ELSEWHERE)).statusCode).toBe(200);
});

it('lets whoever was let in before go on, also from the address that guesses', async () => {
  expect((await ask(ACCOUNT.token)).statusCode).toBe(200);
  await guess(50);
  expect((await ask(ACCOUNT.token)).statusCode).toBe(200);
  expect((await ask('wrong-51')).statusCode).toBe(429);
});

it('counts a stale token that is sent again and again once', async () => {
  for (let count = 0; count < 50; count += 1) expect((await ask('stale')).statusCode).toBe(401);
  expect((await ask(ACCOUNT.token)).statusCode).toBe(200);
});

it('counts accounts apart, and all of an address together', async () => {
  await guess(3);
  const other = `SA${'B'.repeat(18)}`;
  expect((await ask('x', HERE, other)).statusCode).toBe(401);
  // 5 times the limit of one account, of which 4 are used up.
  for (let count = 0; count < 11; count += 1) {
    const id = `SA${String(count).padStart(18, 'C')}`;
    expect((await ask('x', HERE, id)).statusCode).toBe(401);
  }
  expect((await ask('x', HERE, `SA${'D'.repeat(18)}`)).statusCode).toBe(429);
});

it('counts an IPv6 network as one address, and an IPv4 address as one whatever its form', async () => {
  expect(await guess(3, '2001:db8:1:2::1')).toEqual([401, 401, 401]);
  expect((await ask('next', '2001:db8:1:2:ffff::9')).statusCode).toBe(429);
  expect((await ask('next', '2001:db8:1:3::1')).statusCode).toBe(401);
  await guess(3);
  expect((await ask('next', `::ffff:${HERE}`)).statusCode).toBe(429);
});

it('logs once that an address is refused, and never what it tried', async () => {
  await guess(10);
  const lines = deps.lines.filter((line) => line.includes('too many wrong tokens'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(HERE);
  expect(deps.lines.join('')).not.toContain('wrong-');
});

it('keeps a bounded number of counts', () => {
  const guard = new CredentialGuard(2);
  const attempt = (n: number) => ({ peer: `peer-${n}`, id: 'a', token: 't' });
  const first = attempt(0);
  guard.wrong(first, NOW);
  guard.wrong({ ...first, token: 'u' }, NOW);
  expect(guard.wait(first, NOW)).toBe(WINDOW);
  for (let n = 1; n <= 20_000; n += 1) guard.wrong(attempt(n), NOW);
  // The oldest gave way.
  expect(guard.wait(first, NOW)).toBe(0);
});

it('begins anew when the clock was set back', () => {
  const guard = new CredentialGuard(1);
  const attempt = { peer: HERE, id: 'a', token: 't' };
  guard.wrong(attempt, NOW);
  expect(guard.wait(attempt, NOW)).toBe(WINDOW);
  expect(guard.wait(attempt, NOW - WINDOW - 1)).toBe(0);
});

it('believes X-Forwarded-For from a configured proxy alone', async () => {
  await app.close();
  deps.limits = { ...NO_LIMITS, wrongTokens: 3, trustedProxies: ['10.0.0.0/8'] };
  app = buildApi(deps);
  const from = async (remoteAddress: string, forwarded: string, token: string): Promise<number> =>
    (
      await app.inject({
        method: 'GET',
        url: `${BASE}/Number/`,
        headers: { ...credentials(ACCOUNT.id, token), 'x-forwarded-for': forwarded },
        remoteAddress,
      })
    ).statusCode;
  for (const token of ['a', 'b', 'c']) expect(await from('10.1.2.3', HERE, token)).toBe(401);
  expect(await from('10.1.2.3', HERE, ACCOUNT.token)).toBe(429);
  expect(await from('10.1.2.3', ELSEWHERE, ACCOUNT.token)).toBe(200);
  // What the client itself wrote in front does not count.
  expect(await from('10.1.2.3', `${ELSEWHERE}, ${HERE}`, 'd')).toBe(429);
  // Anybody else speaks for itself.
  for (const token of ['a', 'b', 'c'])
    expect(await from('203.0.113.5', `192.0.2.${token.length}`, token)).toBe(401);
  expect(await from('203.0.113.5', '192.0.2.200', 'd')).toBe(429);
});
