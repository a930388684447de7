import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { WindowCounter } from '../../../src/api/plugins/window-counter.js';
import { ACCOUNT, BASE, credentials, FakeDeps, NO_LIMITS, NOW } from './fake-deps.js';

let deps: FakeDeps;
let app: FastifyInstance;

beforeEach(() => {
  deps = new FakeDeps();
  deps.limits = { ...NO_LIMITS, perCredential: 2, anonymous: 3 };
  app = buildApi(deps);
});

afterEach(() => app.close());

async function get(url: string, headers: Record<string, string> = {}, remoteAddress = '192.0.2.1') {
  return app.inject({ method: 'GET', url, headers, remoteAddress });
}

describe('requests with credentials', () => {
  it('are counted per credential: each subaccount has its own limit, the main account one for all paths', async () => {
    const { account, token } = await deps.accounts.create('one', true, NOW);
    const other = await deps.accounts.create('two', true, NOW);
    const path = `/v1/Account/${account.id}/Number/`;
    for (let count = 0; count < 2; count += 1) {
      expect((await get(path, credentials(account.id, token))).statusCode).toBe(200);
    }
    const refused = await get(path, credentials(account.id, token));
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ error: 'Too many requests, rate limited.' });
    expect(refused.headers['retry-after']).toBe('5');
    const neighbour = `/v1/Account/${other.account.id}/Number/`;
    expect((await get(neighbour, credentials(other.account.id, other.token))).statusCode).toBe(200);
    expect((await get(path, credentials())).statusCode).toBe(200);
    expect((await get(`${BASE}/Number/`, credentials())).statusCode).toBe(200);
    expect((await get(neighbour, credentials())).statusCode).toBe(429);
  });

  it('are not held up by requests without, from the same address', async () => {
    for (let count = 0; count < 9; count += 1) await get('/healthz');
    expect((await get(`${BASE}/Number/`, credentials())).statusCode).toBe(200);
  });
});

describe('requests without right credentials', () => {
  it.each(['/healthz', '/readyz', '/openapi.json', '/docs/', '/nowhere', `${BASE}/Nothing/`])(
    'are refused beyond the limit of their address: %s',
    async (url) => {
      for (let count = 0; count < 3; count += 1) expect((await get(url)).statusCode).not.toBe(429);
      const refused = await get(url);
      expect(refused.statusCode).toBe(429);
      expect(refused.headers['retry-after']).toBe('5');
      expect((await get(url, {}, '192.0.2.2')).statusCode).not.toBe(429);
      deps.instant += 5_000;
      expect((await get(url)).statusCode).not.toBe(429);
    },
  );

  it('count when their credentials are wrong or missing', async () => {
    const wrong = credentials(ACCOUNT.id, 'wrong');
    const statuses: number[] = [];
    for (const headers of [{}, wrong, { authorization: 'Bearer x' }, {}, wrong]) {
      statuses.push((await get(`${BASE}/Number/`, headers)).statusCode);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await get('/healthz')).statusCode).toBe(429);
  });
});

it('keeps a bounded number of counts, of which the oldest gives way', () => {
  const counter = new WindowCounter(5_000, 100);
  for (let key = 0; key < 1_000; key += 1) counter.take(String(key), 1, NOW + key);
  expect(counter.size).toBe(100);
  expect(counter.take('999', 1, NOW + 1_000)).toBe(4_999);
  expect(counter.take('0', 1, NOW + 1_000)).toBe(0);
  // What is over goes first, all of it.
  counter.take('new', 1, NOW + 10_000);
  expect(counter.size).toBe(1);
});
