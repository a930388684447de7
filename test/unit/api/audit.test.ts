import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { ApiClient, expectError } from './client.js';
import { ACCOUNT, BASE, CodedError, credentials, FakeDeps, NOW } from './fake-deps.js';

const SESSIONS = `${BASE}/Masking/Session/`;
const PARTIES = { first_party: '+14155550101', second_party: '+14155550102' };

let deps: FakeDeps;
let app: FastifyInstance;
let api: ApiClient;

beforeEach(() => {
  deps = new FakeDeps();
  app = buildApi(deps);
  api = new ApiClient(app);
});

afterEach(() => app.close());

const entries = () => [...deps.audited.values()];

describe('a change', () => {
  it('is entered with who, when, from where, what and its outcome', async () => {
    const { body } = await api.send(
      'POST',
      SESSIONS,
      { ...PARTIES, Geo_Match: true, '+14155550199': 1 },
      { 'x-request-id': 'order-7' },
    );
    expect(entries()).toEqual([
      {
        id: body['api_id'],
        at: NOW,
        who: ACCOUNT.id,
        account: ACCOUNT.id,
        peer: '127.0.0.1',
        requestId: 'order-7',
        action: 'createSession',
        target: body['session_uuid'],
        // What a client made up is not repeated.
        fields: ['first_party', 'geomatch', 'second_party'],
        status: 201,
      },
    ]);
  });

  it('by the main account in the name of a subaccount has both ids', async () => {
    const { account } = await deps.accounts.create('one', true, NOW);
    await api.send('POST', `/v1/Account/${account.id}/Masking/Session/`, PARTIES);
    expect(entries()).toMatchObject([{ who: ACCOUNT.id, account: account.id }]);
  });

  it('is entered before it is made, and not made when that fails', async () => {
    deps.auditError = new CodedError('ERR_STORE_UNAVAILABLE');
    expectError(await api.send('POST', SESSIONS, PARTIES), 500, 'Internal server error.');
    expect(deps.held.size).toBe(0);
    deps.auditError = null;
    let before = 0;
    deps.sessions.create = async (_draft, { alongside }) => {
      await alongside();
      before = deps.audited.size;
      throw new Error('boom');
    };
    await api.send('POST', SESSIONS, PARTIES);
    expect(before).toBe(1);
    expect(entries()).toMatchObject([{ status: 500 }]);
  });

  it('has the id of what it changed', async () => {
    const { body } = await api.send('POST', SESSIONS, PARTIES);
    const id = String(body['session_uuid']);
    await api.send('POST', `${SESSIONS}${id.toUpperCase()}/`, { ring_timeout: 20 });
    await api.send('DELETE', `${SESSIONS}${id}/`);
    await api.send('POST', `${BASE}/Number/`, { numbers: '+15550001000, +15550001001' });
    await api.send('POST', `${BASE}/Number/15550001000/`, { alias: 'x' });
    await api.send('DELETE', `${BASE}/Number/15550001001/`);
    const made = await api.send('POST', `${BASE}/Subaccount/`, { name: 'one' });
    const account = String(made.body['auth_id']);
    await api.send('POST', `${BASE}/Subaccount/${account}/`, { enabled: true });
    expect(
      entries().map(({ action, target, fields, status }) => [action, target, fields.join(), status]),
    ).toEqual([
      ['createSession', id, 'first_party,second_party', 201],
      ['updateSession', id, 'ring_timeout', 200],
      ['deleteSession', id, '', 200],
      ['addNumbers', '+15550001000 +15550001001', 'numbers', 201],
      ['updateNumber', '+15550001000', 'alias', 202],
      ['removeNumber', '+15550001001', '', 204],
      ['createSubaccount', account, 'name', 201],
      ['updateSubaccount', account, 'enabled', 202],
    ]);
  });

  it('shows no number of a person, in whatever place it was put', async () => {
    const person = '14155550101';
    await api.send('DELETE', `${BASE}/Number/${person}/`);
    await api.send('POST', `${SESSIONS}${person}/`, { ring_timeout: 20 });
    await api.send('DELETE', `${BASE}/Call/${person}/`);
    await api.send('POST', SESSIONS, { ...PARTIES, [person]: person }, { 'x-request-id': person });
    expect(deps.audited.size).toBe(4);
    expect(JSON.stringify(entries())).not.toMatch(/415555/);
  });

  it('whose outcome could not be entered is logged, and answered as it is', async () => {
    deps.audit.settle = () => Promise.reject(new Error('boom'));
    expect((await api.send('POST', SESSIONS, PARTIES)).status).toBe(201);
    await app.close();
    expect(deps.lines.some((line) => line.includes('the outcome of a change was not entered'))).toBe(true);
  });
});

it('enters nothing for reads, for refused credentials, and for what is no request', async () => {
  await api.send('GET', SESSIONS);
  await api.send('HEAD', `${BASE}/Number/`);
  await api.send('PUT', SESSIONS);
  await api.send('POST', SESSIONS, PARTIES, credentials(ACCOUNT.id, 'wrong'));
  await api.send('POST', SESSIONS, '{', { 'content-type': 'application/json' });
  expect(deps.audited.size).toBe(0);
});

describe('the list', () => {
  it('has the shape of the house, and the window of the last 7 days', async () => {
    await api.send('POST', SESSIONS, PARTIES);
    const { status, body } = await api.send(
      'GET',
      `${BASE}/Audit/?action=createSession&outcome=DONE&auth_id=x`,
    );
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['api_id', 'meta', 'objects']);
    expect(body['meta']).toMatchObject({ limit: 20, offset: 0, next: null, previous: null, total_count: 1 });
    expect(body['objects']).toMatchObject([
      { time: '2026-11-23 01:02:03.456 +0000 UTC', action: 'createSession', outcome: 'done', status: 201 },
    ]);
    const query = {
      who: 'x',
      action: 'createSession',
      outcome: 'done',
      gte: NOW - 7 * 86_400_000,
      lt: NOW + 1,
    };
    expect(deps.asked.at(-1)).toEqual({ ...query, limit: 20, offset: 0 });
  });

  it('repeats its filters in the URLs of other pages, and fixes their window', async () => {
    for (let count = 0; count < 3; count += 1) await api.send('POST', SESSIONS, { ...PARTIES });
    const { body } = await api.send('GET', `${BASE}/Audit/?action=createSession&limit=1`);
    const { next } = body['meta'] as { next: string };
    expect(next).toMatch(
      /^\/v1\/Account\/MA\w+\/Audit\/\?action=createSession&time__gte=.+&time__lt=.+&limit=1&offset=1$/,
    );
    expect((await api.send('GET', next)).status).toBe(200);
  });

  it.each([
    ['outcome=maybe', 'Invalid parameter. outcome allowed values are done, failed or unknown.'],
    ['limit=21', 'Invalid parameter. limit is outside the allowed range.'],
    [
      'time__gte=yesterday',
      'Invalid parameter. time__gte should be in the format YYYY-MM-DD HH:MM[:ss[.uuuuuu]].',
    ],
    ['time__gte=2026-01-01&time__lt=2026-03-01', 'Invalid parameter. time should span at most 30 days.'],
  ])('refuses %s', async (query, text) => {
    expectError(await api.send('GET', `${BASE}/Audit/?${query}`), 400, text);
  });

  it('is for the main account only', async () => {
    const { account, token } = await deps.accounts.create('one', true, NOW);
    const url = `/v1/Account/${account.id}/Audit/`;
    expectError(
      await api.send('GET', url, undefined, credentials(account.id, token)),
      403,
      'Only the main account may do this.',
    );
    expectError(await api.send('GET', url), 403, 'Only the main account may do this.');
  });

  it('cannot be changed', async () => {
    for (const method of ['POST', 'PUT', 'DELETE'] as const) {
      expect((await api.send(method, `${BASE}/Audit/`)).status).toBe(405);
    }
  });
});
