import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { UUID } from './client.js';
import { ACCOUNT, BASE, credentials, FakeDeps, NO_LIMITS } from './fake-deps.js';

let deps: FakeDeps;
let app: FastifyInstance;

beforeEach(() => {
  deps = new FakeDeps();
  app = buildApi(deps);
});

afterEach(() => app.close());

const JSON_TYPE = { 'content-type': 'application/json' };

/** One request for every way in which an answer comes to be, by the status that it has. */
const ANSWERS: [number, InjectOptions][] = [
  [200, { method: 'GET', url: `${BASE}/Number/`, headers: credentials() }],
  [
    400,
    { method: 'POST', url: `${BASE}/Number/`, headers: { ...credentials(), ...JSON_TYPE }, payload: '{' },
  ],
  [400, { method: 'GET', url: `${BASE}/Number/%zz`, headers: credentials() }],
  [401, { method: 'GET', url: `${BASE}/Number/` }],
  [401, { method: 'GET', url: `${BASE}/Number/`, headers: credentials(ACCOUNT.id, 'wrong') }],
  [404, { method: 'GET', url: '/nowhere' }],
  [405, { method: 'PUT', url: `${BASE}/Number/`, headers: credentials() }],
  [
    413,
    {
      method: 'POST',
      url: `${BASE}/Number/`,
      headers: { ...credentials(), ...JSON_TYPE },
      payload: 'x'.repeat(70_000),
    },
  ],
  [
    415,
    {
      method: 'POST',
      url: `${BASE}/Number/`,
      headers: { ...credentials(), 'content-type': 'text/plain' },
      payload: 'x',
    },
  ],
  [200, { method: 'GET', url: '/healthz' }],
  [200, { method: 'GET', url: '/openapi.json' }],
];

describe('security headers', () => {
  it.each(ANSWERS)('stand on an answer with %i, %o', async (status, request) => {
    const { statusCode, headers } = await app.inject(request);
    expect(statusCode).toBe(status);
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'strict-transport-security': 'max-age=31536000',
    });
    expect(headers['x-api-id']).toMatch(UUID);
    expect(headers).not.toHaveProperty('server');
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it('stand on a 500 and a 429', async () => {
    deps.numbers.list = () => Promise.reject(new Error('boom'));
    const failed = await app.inject({ method: 'GET', url: `${BASE}/Number/`, headers: credentials() });
    expect(failed.statusCode).toBe(500);
    expect(failed.headers['cache-control']).toBe('no-store');
    await app.close();
    deps.limits = { ...NO_LIMITS, anonymous: 1 };
    app = buildApi(deps);
    await app.inject('/healthz');
    const limited = await app.inject('/healthz');
    expect(limited.statusCode).toBe(429);
    expect(limited.headers['x-content-type-options']).toBe('nosniff');
    expect(limited.headers['x-api-id']).toBe(limited.json<{ api_id: string }>().api_id);
  });

  it.each(['/docs/', '/docs/start.js', '/docs/swagger-ui.css'])(
    'let %s run its own files and nothing else',
    async (url) => {
      const { headers } = await app.inject(url);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      });
    },
  );

  it('tell browsers to insist on https only where clients use it', async () => {
    await app.close();
    deps.publicUrl = 'http://localhost:8080';
    app = buildApi(deps);
    expect((await app.inject('/healthz')).headers).not.toHaveProperty('strict-transport-security');
  });

  it('stand on answers to what is no request', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    for (const [sent, status] of [
      ['nonsense\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ] as const) {
      const socket = connect(port, '127.0.0.1');
      socket.write(sent);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      for (const line of [
        'x-content-type-options: nosniff',
        'cache-control: no-store',
        'referrer-policy: no-referrer',
      ]) {
        expect(text).toContain(`\r\n${line}\r\n`);
      }
      const [head = '', body = ''] = text.split('\r\n\r\n');
      expect(head).toContain(`x-api-id: ${(JSON.parse(body) as { api_id: string }).api_id}`);
    }
  });
});

describe('request ids', () => {
  const ask = (id?: string) =>
    app.inject({
      method: 'GET',
      url: `${BASE}/Number/`,
      headers: { ...credentials(), ...(id === undefined ? {} : { 'x-request-id': id }) },
    });

  it('are ours when the client has none', async () => {
    const { headers, body } = await ask();
    const { api_id: apiId } = JSON.parse(body) as { api_id: string };
    expect(headers['x-api-id']).toBe(apiId);
    expect(headers['x-request-id']).toBe(apiId);
  });

  it('of a client come back and stand in the log beside the api_id, which stays ours', async () => {
    const { headers, body } = await ask('shop-7f.order:AB/9');
    const { api_id: apiId } = JSON.parse(body) as { api_id: string };
    expect(headers['x-request-id']).toBe('shop-7f.order:AB/9');
    expect(headers['x-api-id']).toBe(apiId);
    const line = JSON.parse(deps.lines.find((each) => each.includes('request answered')) ?? '{}') as object;
    expect(line).toMatchObject({ api_id: apiId, requestId: 'shop-7f.order:AB/9' });
  });

  it.each(['', ' ', 'a b', 'a\tb', '<script>', 'é', 'x'.repeat(129), '"', '-x'])(
    '%j is not taken',
    async (id) => {
      const { headers } = await ask(id);
      expect(headers['x-request-id']).toBe(headers['x-api-id']);
      expect(deps.lines.some((line) => line.includes('requestId'))).toBe(false);
    },
  );

  it('show no phone number, neither in the answer nor in the log', async () => {
    const { headers } = await ask('call-+14155550101');
    expect(headers['x-request-id']).toMatch(/^call-\*+01$/);
    expect(deps.lines.join('')).not.toContain('4155550101');
  });
});
