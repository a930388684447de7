import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';

import { buildApi } from '../../../src/api/build-api.js';
import { BASE, credentials, FakeDeps, NO_LIMITS } from './fake-deps.js';

describe('/metrics', () => {
  let deps: FakeDeps;
  let app: FastifyInstance;
  beforeEach(() => {
    deps = new FakeDeps();
    app = buildApi(deps);
  });
  afterEach(async () => app.close());

  it('is shown to the addresses that are allowed, without credentials', async () => {
    const response = await app.inject({ url: '/metrics', remoteAddress: '127.0.0.1' });
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.body).toBe('maskline_redis_up 1\n');
  });

  it.each([
    ['an address that is not on the list', '203.0.113.7', {}],
    ['somebody behind a proxy that is not known', '127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }],
    ['somebody behind nginx', '127.0.0.1', { 'x-real-ip': '127.0.0.1' }],
    ['somebody behind a proxy that says so', '127.0.0.1', { via: '1.1 proxy' }],
    ['somebody behind such a proxy, told in the other header', '127.0.0.1', { forwarded: 'for=127.0.0.1' }],
  ])('is refused to %s', async (_who, remoteAddress, headers) => {
    const response = await app.inject({ url: '/metrics', remoteAddress, headers });
    expect(response.statusCode).toBe(403);
    expect(response.json<{ error: string }>().error).toContain('METRICS_ALLOW');
    expect(response.body).not.toContain('maskline_redis_up');
  });

  it.each([
    ['127.0.0.1', 200],
    ['203.0.113.7', 403],
  ])('behind a proxy that is known, to %s with %i', async (client, status) => {
    await app.close();
    deps.limits = { ...NO_LIMITS, trustedProxies: ['10.0.0.1'] };
    app = buildApi(deps);
    const headers = { 'x-forwarded-for': client };
    const response = await app.inject({ url: '/metrics', remoteAddress: '10.0.0.1', headers });
    expect(response.statusCode).toBe(status);
  });

  it('is refused to a proxy that is known and does not say for whom it asks', async () => {
    await app.close();
    deps.limits = { ...NO_LIMITS, trustedProxies: ['127.0.0.1'] };
    app = buildApi(deps);
    expect((await app.inject({ url: '/metrics', remoteAddress: '127.0.0.1' })).statusCode).toBe(403);
  });

  it('hears of every request, by the pattern of its route', async () => {
    await app.inject({ url: `${BASE}/Masking/Session/1415555/`, headers: credentials() });
    await app.inject({ url: '/nowhere/14155550101' });
    await app.inject({ url: '/healthz' });
    expect(deps.requests).toEqual([
      'GET /v1/Account/:authId/Masking/Session/:sessionId 404',
      'GET unknown 404',
      'GET /healthz 200',
    ]);
  });
});
