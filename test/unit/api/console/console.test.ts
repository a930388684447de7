import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FastifyInstance } from 'fastify';

import { buildApi } from '../../../../src/api/build-api.js';
import { aNumber, aSession, FIRST, SECOND } from '../../../helpers/sessions.js';
import { ACCOUNT, BASE, credentials, DID, FakeDeps } from '../fake-deps.js';

const PAGE = { 'x-maskline-console': '1' };

let deps: FakeDeps;
let app: FastifyInstance;

beforeEach(() => {
  deps = new FakeDeps();
  deps.owned.set(DID, aNumber({ number: DID }));
  app = buildApi(deps);
});
afterEach(async () => {
  vi.useRealTimers();
  await app.close();
});

const login = (token = ACCOUNT.token, id = ACCOUNT.id) =>
  app.inject({ method: 'POST', url: '/console/login', payload: { auth_id: id, auth_token: token } });

/** Headers of a page that has logged in. */
async function loggedIn(): Promise<Record<string, string>> {
  const response = await login();
  expect(response.statusCode, deps.lines.join('')).toBe(204);
  const [cookie] = String(response.headers['set-cookie']).split(';');
  return { ...PAGE, cookie: cookie ?? '' };
}

describe('the log-in of the console', () => {
  it('gives a cookie that scripts, other sites and plain http do not get', async () => {
    const cookie = String((await login()).headers['set-cookie']);
    expect(cookie).toMatch(
      /^maskline_console=[\w.%-]+; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(ACCOUNT.token);
  });

  it.each([
    ['wrong', ACCOUNT.id],
    [ACCOUNT.token, 'MAXXXXXXXXXXXXXXXXXX'],
    ['', ''],
  ])('refuses wrong credentials', async (token, id) => {
    const response = await login(token, id);
    expect(response.statusCode).toBe(401);
    expect(response.headers['set-cookie']).toBeUndefined();
  });

  it('slows guessing down as the API does', async () => {
    await app.close();
    deps.limits = { ...deps.limits, wrongTokens: 3 };
    app = buildApi(deps);
    for (let guess = 0; guess < 3; guess += 1) expect((await login(`guess-${guess}`)).statusCode).toBe(401);
    const refused = await login();
    expect(refused.statusCode).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('lasts half a day, not longer', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const headers = await loggedIn();
    const session = () => app.inject({ url: '/console/session', headers });
    expect((await session()).json()).toEqual({
      ...{
        auth_id: ACCOUNT.id,
        version: '1.2.3',
        public_url: deps.publicUrl,
        sandbox: false,
        softphones: false,
      },
    });
    vi.setSystemTime(Date.now() + 12 * 3_600_000);
    expect((await session()).statusCode).toBe(204);
  });

  it('ends with a new token, and with a log-out', async () => {
    const headers = await loggedIn();
    const out = await app.inject({ method: 'POST', url: '/console/logout', headers });
    expect([out.statusCode, String(out.headers['set-cookie'])]).toEqual([
      204,
      expect.stringContaining('Max-Age=0'),
    ]);
    await app.close();
    deps.account = { ...ACCOUNT, token: 'another-token' };
    app = buildApi(deps);
    expect((await app.inject({ url: '/console/session', headers })).statusCode).toBe(204);
  });

  it.each([
    ['no cookie', PAGE],
    ['a made-up cookie', { ...PAGE, cookie: 'maskline_console=9999999999999.c2lnbmF0dXJl' }],
    ['nonsense', { ...PAGE, cookie: 'maskline_console' }],
  ])('is not there with %s', async (_what, headers) => {
    for (const url of ['/console/api/overview', '/console/api/numbers', `${BASE}/Number/`]) {
      const response = await app.inject({ url, headers });
      expect(response.statusCode, url).toBe(401);
      // Browsers would ask for a password in a window of their own.
      expect(response.headers['www-authenticate'], url).toBeUndefined();
    }
  });

  it('counts for nothing without the header that another site cannot send', async () => {
    const { cookie = '' } = await loggedIn();
    for (const url of ['/console/api/overview', `${BASE}/Number/`]) {
      expect((await app.inject({ url, headers: { cookie } })).statusCode, url).toBe(401);
    }
    const made = {
      method: 'POST',
      url: `${BASE}/Masking/Session/`,
      headers: { cookie },
      payload: {},
    } as const;
    expect((await app.inject(made)).statusCode).toBe(401);
  });
});

describe('what a page is answered', () => {
  const session = aSession({ virtualNumber: DID, accountId: ACCOUNT.id });

  beforeEach(() => {
    deps.held.set(session.id, { session, interactions: [] });
  });

  it('shows no number of a person; the same to a client with credentials does', async () => {
    const url = `${BASE}/Masking/Session/${session.id}/`;
    const page = await app.inject({ url, headers: await loggedIn() });
    expect(page.statusCode).toBe(200);
    for (const number of [FIRST, SECOND]) expect(page.body).not.toContain(number.slice(1));
    expect(page.json()).toMatchObject({
      response: { session_uuid: session.id, virtual_number: DID.slice(1) },
    });
    const client = await app.inject({ url, headers: credentials() });
    expect(client.body).toContain(FIRST.slice(1));
  });

  it('is in clear once it is revealed, and the audit log knew before', async () => {
    const headers = await loggedIn();
    const revealed = await app.inject({
      ...{ method: 'POST', url: '/console/reveal', headers },
      payload: { kind: 'session', id: session.id },
    });
    expect(revealed.json()).toMatchObject({ session_uuid: session.id, first_party: FIRST.slice(1) });
    expect([...deps.audited.values()]).toMatchObject([
      { action: 'console.reveal', target: `session ${session.id}`, who: ACCOUNT.id },
    ]);
  });

  it.each([
    [{ kind: 'session', id: 'x' }, 400],
    [{ kind: 'everything', id: session.id }, 400],
    [{ kind: 'session', id: '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11' }, 404],
    [{}, 400],
  ])('refuses to reveal %j', async (payload, status) => {
    const headers = await loggedIn();
    const response = await app.inject({ method: 'POST', url: '/console/reveal', headers, payload });
    expect(response.statusCode).toBe(status);
  });

  it('reveals nothing when the audit log cannot be written', async () => {
    const headers = await loggedIn();
    deps.auditError = new Error('no redis');
    const revealed = await app.inject({
      ...{ method: 'POST', url: '/console/reveal', headers },
      payload: { kind: 'session', id: session.id },
    });
    expect(revealed.statusCode).toBe(500);
    expect(revealed.body).not.toContain(FIRST.slice(1));
  });

  it('tells how the installation stands, by whoever has a node', async () => {
    const node = { name: 'node-1', isDraining: false, upSince: Date.now() - 60_000 };
    const trunks = [{ name: 'main', state: 'up', pingMs: 12.5 }] as const;
    const report = { host: 'one', version: '1.2.3', startedAt: Date.now() - 90_000, at: Date.now() };
    deps.reports.push(
      {
        ...report,
        id: 'a',
        nodes: [{ ...node, endpoint: 'fs:8021', state: 'standby', isHeld: false, trunks: [] }],
      },
      { ...report, id: 'b', nodes: [{ ...node, endpoint: 'fs:8021', state: 'up', isHeld: true, trunks }] },
    );
    const response = await app.inject({ url: '/console/api/overview', headers: await loggedIn() });
    expect(response.json()).toMatchObject({
      redis: { up: true },
      controllers: [
        { id: 'a', holds: [] },
        { id: 'b', holds: ['fs:8021'] },
      ],
      nodes: [{ endpoint: 'fs:8021', name: 'node-1', state: 'up', held_by: 'b', calls: 3, draining: false }],
      trunks: [{ name: 'main', node: 'node-1', state: 'up', ping_ms: 12.5 }],
      calls_running: 4,
      callbacks: { waiting: 2, oldest_seconds: 5 },
    });
  });

  it('tells how much is on each number and in each pool', async () => {
    const response = await app.inject({ url: '/console/api/numbers?search=1000', headers: await loggedIn() });
    expect(response.json()).toMatchObject({
      total: 1,
      pool: [{ enabled: 1, disabled: 0, sessions: 2, in_cool_off: 1, numbers_without_sessions: 0 }],
      creates: { created: 8, exhausted: 1 },
      objects: [
        {
          ...{ number: DID.slice(1), live_sessions: 2, calls_now: 1, max_calls: 500, in_cool_off: 1 },
          live_pins: [{ length: 4, count: 20, guess_chance: 0.002 }],
        },
      ],
    });
  });
});

describe('the page of the console', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'maskline-console-'));
    await app.close();
    deps.console.folder = folder;
    app = buildApi(deps);
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  async function build(): Promise<void> {
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), '<!doctype html>');
    await writeFile(join(folder, 'assets', 'main-0123456789.js'), 'plain');
    await writeFile(join(folder, 'assets', 'main-0123456789.js.gz'), 'gzipped');
  }

  it('says how to build it, and shows it once it is built', async () => {
    const missing = await app.inject('/console/');
    expect([missing.statusCode, missing.body]).toEqual([
      200,
      expect.stringContaining('npm run build:console'),
    ]);
    await build();
    const page = await app.inject('/console/');
    expect([page.statusCode, page.body, page.headers['cache-control']]).toEqual([
      200,
      '<!doctype html>',
      'no-cache',
    ]);
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect((await app.inject('/console')).headers['location']).toBe('console/');
  });

  it('has files that browsers may keep, compressed for who takes that', async () => {
    await build();
    const url = '/console/assets/main-0123456789.js';
    const plain = await app.inject(url);
    expect([plain.body, plain.headers['cache-control']]).toEqual([
      'plain',
      expect.stringContaining('immutable'),
    ]);
    const zipped = await app.inject({ url, headers: { 'accept-encoding': 'gzip, deflate, br' } });
    expect([zipped.body, zipped.headers['content-encoding']]).toEqual(['gzipped', 'gzip']);
    for (const other of ['manifest.json', '..%2Findex.html', 'other.js', '__proto__']) {
      expect((await app.inject(`/console/assets/${other}`)).statusCode, other).toBe(404);
    }
  });

  it('is not there where it is switched off', async () => {
    await app.close();
    deps.console.enabled = false;
    app = buildApi(deps);
    for (const url of ['/console/', '/console/session']) expect((await app.inject(url)).statusCode).toBe(404);
    expect((await login()).statusCode).toBe(404);
  });
});
