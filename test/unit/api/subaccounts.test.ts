import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { ApiClient, expectError, type ApiAnswer, type Body } from './client.js';
import { ACCOUNT, BASE, CodedError, credentials, FakeDeps, NO_LIMITS } from './fake-deps.js';

const SUBACCOUNTS = `${BASE}/Subaccount/`;
const PARTIES = { first_party: '+14155550101', second_party: '+14155550102' };
const UNKNOWN = 'SAZZZZZZZZZZZZZZZZZZ';

let deps: FakeDeps;
let app: FastifyInstance;
let api: ApiClient;

beforeEach(() => {
  deps = new FakeDeps();
  app = buildApi(deps);
  api = new ApiClient(app);
});

afterEach(async () => {
  await app.close();
});

interface Made {
  readonly id: string;
  readonly token: string;
  /** `/v1/Account/SA…/`. */
  readonly base: string;
}

async function create(name = 'one', enabled: unknown = true): Promise<Made> {
  const { status, body } = await api.send('POST', SUBACCOUNTS, { name, enabled });
  expect(status).toBe(201);
  const id = String(body['auth_id']);
  return { id, token: String(body['auth_token']), base: `/v1/Account/${id}/` };
}

type Method = Parameters<ApiClient['send']>[0];

/** A request with the subaccount's own credentials. */
const as = (made: Made, method: Method, path: string, body?: unknown): Promise<ApiAnswer> =>
  api.send(method, `${made.base}${path}`, body, credentials(made.id, made.token));

describe('Subaccount/', () => {
  it('creates one, and shows its token this once', async () => {
    const { status, body } = await api.send('POST', SUBACCOUNTS, { name: 'Deliveries', enabled: 'true' });
    expect(status).toBe(201);
    expect(Object.keys(body)).toEqual(['api_id', 'auth_id', 'auth_token', 'message']);
    expect(body).toMatchObject({
      auth_id: expect.stringMatching(/^SA[A-Z0-9]{18}$/) as string,
      message: 'created',
    });
    const got = (await api.send('GET', `${SUBACCOUNTS}${String(body['auth_id'])}/`)).body;
    expect(Object.entries(got)).toEqual([
      ['api_id', got['api_id']],
      ['account', `${BASE}/`],
      ['auth_id', body['auth_id']],
      ['auth_token', null],
      ['created', '2026-11-23'],
      ['enabled', true],
      ['modified', null],
      ['name', 'Deliveries'],
      ['resource_uri', `${SUBACCOUNTS}${String(body['auth_id'])}/`],
    ]);
    expect(deps.lines.join('')).not.toContain(String(body['auth_token']));
  });

  it.each([false, 'false', '', null, 0])('creates it disabled when enabled is %j', async (enabled) => {
    const made = await create('one', enabled);
    expect(deps.subaccounts.get(made.id)?.account.enabled).toBe(false);
  });

  it.each([
    [{}, 'Mandatory parameter missing. name must be present.'],
    [{ name: '' }, 'Mandatory parameter missing. name must be present.'],
    [{ name: 5 }, 'Invalid parameter. name should be a string.'],
    [{ name: 'a'.repeat(101) }, 'Invalid parameter. name should be at most 100 characters.'],
    [{ name: 'a', enabled: 'yes' }, 'Invalid parameter. enabled allowed values are true or false.'],
  ])('refuses %j', async (body, text) => {
    expectError(await api.send('POST', SUBACCOUNTS, body), 400, text);
    expect(deps.subaccounts.size).toBe(0);
  });

  it('lists pages', async () => {
    for (let index = 0; index < 3; index += 1) await create(`number ${index}`);
    const { body } = await api.send('GET', `${SUBACCOUNTS}?limit=2`);
    expect(Object.keys(body)).toEqual(['api_id', 'meta', 'objects']);
    expect(body['meta']).toEqual({
      limit: 2,
      next: `${SUBACCOUNTS}?limit=2&offset=2`,
      offset: 0,
      previous: null,
      total_count: 3,
    });
    expect((body['objects'] as Body[]).map(({ name }) => name)).toEqual(['number 0', 'number 1']);
    for (const query of ['limit=0', 'limit=21', 'offset=-1']) {
      expect((await api.send('GET', `${SUBACCOUNTS}?${query}`)).status).toBe(400);
    }
  });

  it('changes name and enabled, and nothing that is not given', async () => {
    const { id } = await create();
    const { status, body } = await api.send('POST', `${SUBACCOUNTS}${id}`, { name: 'two' });
    expect(status).toBe(202);
    expect(body).toEqual({ api_id: body['api_id'], message: 'changed' });
    expect(deps.subaccounts.get(id)?.account).toMatchObject({ name: 'two', enabled: true });
    await api.send('POST', `${SUBACCOUNTS}${id}`, { enabled: 'false' });
    expect(deps.subaccounts.get(id)?.account).toMatchObject({ name: 'two', enabled: false });
  });

  it('removes one, unless it is in use', async () => {
    const { id } = await create();
    deps.removeError = new CodedError('ERR_ACCOUNT_IN_USE');
    expectError(
      await api.send('DELETE', `${SUBACCOUNTS}${id}/`),
      400,
      'The subaccount has numbers or active sessions and cannot be removed.',
    );
    deps.removeError = null;
    expect((await api.send('DELETE', `${SUBACCOUNTS}${id}/?cascade=true`)).status).toBe(204);
    expectError(await api.send('DELETE', `${SUBACCOUNTS}${id}/`), 404, 'not found');
  });

  it.each([UNKNOWN, 'SAX', ACCOUNT.id, 'x'])('does not know %s', async (id) => {
    for (const method of ['GET', 'POST', 'DELETE'] as const) {
      expectError(await api.send(method, `${SUBACCOUNTS}${id}/`), 404, 'not found');
    }
  });

  it('is the main account’s alone', async () => {
    const made = await create();
    for (const [method, path] of [
      ['GET', 'Subaccount/'],
      ['POST', 'Subaccount/'],
      ['GET', `Subaccount/${made.id}/`],
      ['POST', `Subaccount/${made.id}/`],
      ['DELETE', `Subaccount/${made.id}/`],
    ] as const) {
      expectError(await as(made, method, path), 403, 'Only the main account may do this.');
    }
  });
});

describe('credentials of a subaccount', () => {
  it('open its own path, and no other', async () => {
    const [one, two] = [await create('one'), await create('two')];
    expect((await as(one, 'GET', 'Masking/Session/')).status).toBe(200);
    for (const [id, token, path] of [
      [one.id, one.token, two.base],
      [one.id, one.token, `${BASE}/`],
      [one.id, two.token, one.base],
      [one.id, ACCOUNT.token, one.base],
      [ACCOUNT.id, one.token, one.base],
      [one.id, '', one.base],
      [UNKNOWN, one.token, `/v1/Account/${UNKNOWN}/`],
      [one.id.toLowerCase(), one.token, one.base],
    ] as const) {
      const answer = await api.send('GET', `${path}Masking/Session/`, undefined, credentials(id, token));
      expectError(answer, 401, 'Authentication failed.');
      expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="Maskline"/);
    }
  });

  it('are refused while it is disabled, and once it is removed', async () => {
    const made = await create();
    await api.send('POST', `${SUBACCOUNTS}${made.id}/`, { enabled: false });
    expectError(await as(made, 'GET', 'Masking/Session/'), 401, 'Authentication failed.');
    await api.send('POST', `${SUBACCOUNTS}${made.id}/`, { enabled: true });
    expect((await as(made, 'GET', 'Masking/Session/')).status).toBe(200);
    await api.send('DELETE', `${SUBACCOUNTS}${made.id}/`);
    expectError(await as(made, 'GET', 'Masking/Session/'), 401, 'Authentication failed.');
  });

  it('answers 500, not 401, when the store does not answer; the main account needs no store', async () => {
    const made = await create();
    deps.accountsError = new CodedError('ERR_STORE_UNAVAILABLE');
    expectError(await as(made, 'GET', 'Masking/Session/'), 500, 'Internal server error.');
    expect((await api.send('GET', `${BASE}/Masking/Session/`)).status).toBe(200);
  });

  it('may be those of the main account, which acts as the subaccount then', async () => {
    const made = await create('one', false);
    await api.send('POST', `${BASE}/Masking/Session/`, PARTIES);
    const list = await api.send('GET', `${made.base}Masking/Session/`);
    expect(list.status).toBe(200);
    expect(list.body['response']).toMatchObject({ meta: { total_count: 0 } });
    expect((await api.send('POST', `${made.base}Number/`, { number: '+14155550100' })).status).toBe(403);
    const nobody = await api.send('GET', `/v1/Account/${UNKNOWN}/Masking/Session/`);
    expectError(nobody, 401, 'Authentication failed.');
  });

  it('have a rate of their own', async () => {
    await app.close();
    deps.limits = { ...NO_LIMITS, perCredential: 2 };
    app = buildApi(deps);
    api = new ApiClient(app);
    const made = await create();
    expect((await api.send('GET', SUBACCOUNTS)).status).toBe(200);
    expect((await api.send('GET', SUBACCOUNTS)).status).toBe(429);
    expect((await as(made, 'GET', 'Number/')).status).toBe(200);
  });
});

describe('what a subaccount sees', () => {
  async function session(made: Made | null, body: Body = PARTIES): Promise<string> {
    const answer = await (made === null
      ? api.send('POST', `${BASE}/Masking/Session/`, body)
      : as(made, 'POST', 'Masking/Session/', body));
    expect(answer.status).toBe(201);
    return String(answer.body['session_uuid']);
  }

  it('are its own sessions, whoever made them', async () => {
    const [one, two] = [await create('one'), await create('two')];
    const mains = await session(null);
    const own = await session(one);
    const given = await session(null, { ...PARTIES, subaccount: one.id });
    const others = await session(two);
    const { body } = await as(one, 'GET', 'Masking/Session/');
    const { objects } = body['response'] as { objects: Body[] };
    expect(objects.map((object) => object['session_uuid']).sort()).toEqual([own, given].sort());
    for (const object of objects) {
      expect(object).toMatchObject({
        subaccount: one.id,
        resource_uri: `${one.base}Masking/Session/${String(object['session_uuid'])}/`,
      });
    }
    for (const id of [mains, others]) {
      for (const method of ['GET', 'POST', 'DELETE'] as const) {
        expectError(await as(one, method, `Masking/Session/${id}`), 404, 'not found');
      }
    }
    expect((await as(one, 'GET', `Masking/Session/${given}`)).status).toBe(200);
    expect((await as(one, 'POST', `Masking/Session/${given}`, { record: true })).status).toBe(200);
    expect((await as(one, 'DELETE', `Masking/Session/${given}`)).status).toBe(200);
  });

  it('is everything for the main account, which may ask for one', async () => {
    const [one, two] = [await create('one'), await create('two')];
    const [own, others, mains] = [await session(one), await session(two), await session(null)];
    const seen = async (query: string): Promise<unknown[]> => {
      const { body } = await api.send('GET', `${BASE}/Masking/Session/${query}`);
      return (body['response'] as { objects: Body[] }).objects.map((object) => object['session_uuid']);
    };
    expect((await seen('')).sort()).toEqual([own, others, mains].sort());
    expect(await seen(`?subaccount=${one.id}`)).toEqual([own]);
    expect(await seen(`?sub_account=${two.id}`)).toEqual([others]);
    expect(await seen(`?subaccount=${UNKNOWN}`)).toEqual([]);
    expect((await api.send('GET', `${BASE}/Masking/Session/?subaccount=x`)).status).toBe(400);
    const got = (await api.send('GET', `${BASE}/Masking/Session/${mains}`)).body['response'];
    expect(got).not.toHaveProperty('subaccount');
    const theirs = await as(one, 'GET', `Masking/Session/?subaccount=${two.id}`);
    expect(theirs.body['response']).toMatchObject({ meta: { total_count: 0 } });
  });

  it('cannot be extended by naming another account', async () => {
    const [one, two] = [await create('one'), await create('two')];
    await session(one, { ...PARTIES, subaccount: one.id });
    const text = 'Invalid parameter. subaccount is not a subaccount of this account.';
    const wrong = { ...PARTIES, subaccount: two.id };
    expectError(await as(one, 'POST', 'Masking/Session/', wrong), 400, text);
    const unknown = { ...PARTIES, subaccount: UNKNOWN };
    expectError(await api.send('POST', `${BASE}/Masking/Session/`, unknown), 400, text);
  });

  it('are its own numbers, which it cannot change', async () => {
    const one = await create('one');
    await api.send('POST', `${BASE}/Number/`, { numbers: '+14155550100', subaccount: one.id });
    await api.send('POST', `${BASE}/Number/`, { numbers: '+14155550101' });
    const { body } = await as(one, 'GET', 'Number/');
    expect(body).toMatchObject({
      meta: { total_count: 1 },
      objects: [
        {
          number: '14155550100',
          sub_account: one.id,
          resource_uri: `${one.base}Number/14155550100/`,
        },
      ],
    });
    expect((await as(one, 'GET', 'Number/14155550100/')).status).toBe(200);
    expectError(await as(one, 'GET', 'Number/14155550101/'), 404, 'not found');
    const text = 'Only the main account may do this.';
    expectError(await as(one, 'POST', 'Number/', { number: '+14155550102' }), 403, text);
    expectError(await as(one, 'POST', 'Number/14155550100/', { alias: 'x' }), 403, text);
    expectError(await as(one, 'DELETE', 'Number/14155550100/'), 403, text);
  });
});
