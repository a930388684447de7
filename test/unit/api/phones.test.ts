import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import { ApiClient, expectError } from './client.js';
import { ACCOUNT, credentials, FakeDeps } from './fake-deps.js';

const PHONES = {
  url: 'ws://192.0.2.7:5066',
  numbers: ['+15550001001', '+15550001002'] as E164[],
  password: 'phone-secret',
};
const ACCOUNTS = `/phones/accounts/${ACCOUNT.id}/`;

let deps: FakeDeps;
let app: FastifyInstance;
let api: ApiClient;

function start(): void {
  app = buildApi(deps);
  api = new ApiClient(app);
}

beforeEach(() => {
  deps = new FakeDeps();
});

afterEach(() => app.close());

it('is not there without phones', async () => {
  start();
  for (const path of ['/phones', '/phones/', '/phones/assets/phones.js']) {
    expectError(await api.send('GET', path), 404, 'not found');
  }
  expectError(await api.send('POST', ACCOUNTS), 404, 'not found');
});

describe('the page of the browser phones', () => {
  beforeEach(() => {
    deps.browserPhones = PHONES;
    start();
  });

  it('may load nothing from elsewhere, and connect to nothing but FreeSWITCH', async () => {
    const { statusCode, headers } = await app.inject({ method: 'GET', url: '/phones/' });
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).toContain("connect-src 'self' ws://192.0.2.7:5066;");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });

  it('stands behind a slash, since it names its files relative to itself', async () => {
    const { statusCode, headers } = await app.inject({ method: 'GET', url: '/phones' });
    expect([statusCode, headers.location]).toEqual([302, 'phones/']);
  });

  it('has no files but those that were built', async () => {
    for (const name of ['nothing.js', '..%2findex.html', '..%2f..%2f..%2fpackage.json', '%00']) {
      expect((await app.inject({ method: 'GET', url: `/phones/assets/${name}` })).statusCode).toBe(404);
    }
  });

  it('tells the main account what the phones register with', async () => {
    const { status, body, headers, text } = await api.send('POST', ACCOUNTS);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      url: PHONES.url,
      password: PHONES.password,
      phones: ['15550001001', '15550001002'],
    });
    expect(headers['cache-control']).toBe('no-store');
    expect(text).not.toBe('');
    const log = deps.lines.join('\n');
    expect(log).toContain('/phones/accounts/:authId');
    for (const secret of [PHONES.password, '15550001001', ACCOUNT.token]) expect(log).not.toContain(secret);
  });

  it('tells nobody else', async () => {
    const none = await app.inject({ method: 'POST', url: ACCOUNTS });
    expect(none.statusCode).toBe(401);
    const wrong = await api.send('POST', ACCOUNTS, undefined, credentials(ACCOUNT.id, 'a-wrong-token'));
    expectError(wrong, 401, 'Authentication failed.');
    const created = await api.send('POST', `/v1/Account/${ACCOUNT.id}/Subaccount/`, {
      name: 'a',
      enabled: true,
    });
    const { auth_id: id, auth_token: token } = created.body as Record<string, string>;
    const sub = await api.send('POST', `/phones/accounts/${id}/`, undefined, credentials(id, token));
    expectError(sub, 403, 'Only the main account may do this.');
    for (const answer of [none.body, wrong.text, sub.text]) expect(answer).not.toContain(PHONES.password);
  });

  it('counts guesses as the API does', async () => {
    await app.close();
    deps.limits = { ...deps.limits, wrongTokens: 2 };
    start();
    const guess = (token: string) => api.send('POST', ACCOUNTS, undefined, credentials(ACCOUNT.id, token));
    expect([(await guess('one')).status, (await guess('two')).status, (await guess('three')).status]).toEqual(
      [401, 401, 429],
    );
  });
});
