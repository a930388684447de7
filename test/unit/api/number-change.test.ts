import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { ApiClient, expectError, type Body } from './client.js';
import { BASE, FakeDeps } from './fake-deps.js';

const NUMBERS = `${BASE}/Number/`;

let deps: FakeDeps;
let app: FastifyInstance;
let api: ApiClient;
let subaccount: string;

beforeEach(async () => {
  deps = new FakeDeps();
  app = buildApi(deps);
  api = new ApiClient(app);
  const { account } = await deps.accounts.create('one', true, 0);
  subaccount = account.id;
});

afterEach(async () => {
  await app.close();
});

describe('changing a number', () => {
  const change = async (body: unknown): Promise<Body> => {
    const answer = await api.send('POST', `${NUMBERS}14155550100/`, body);
    expect([answer.status, answer.body['error']]).toEqual([202, undefined]);
    expect(answer.body).toEqual({ api_id: answer.body['api_id'], message: 'changed' });
    return (await api.send('GET', `${NUMBERS}14155550100/`)).body;
  };

  beforeEach(async () => {
    await api.send('POST', NUMBERS, { number: '+14155550100', alias: 'main', trunk: 'carrier-b' });
  });

  it.each([
    [{ alias: 'reserve' }, { alias: 'reserve', trunk: 'carrier-b', enabled: true, country: 'US' }],
    [{ alias: '' }, { alias: null, trunk: 'carrier-b' }],
    [{ alias: null }, { alias: 'main' }],
    [{ enabled: false }, { enabled: false, active: false, alias: 'main' }],
    [{ enabled: '1' }, { enabled: true }],
    [{ trunk: 'carrier-a' }, { trunk: 'carrier-a', carrier: 'carrier-a' }],
    [{ trunk: '' }, { trunk: '', carrier: null }],
    [{ country: 'gb' }, { country: 'GB', region: 'United Kingdom' }],
    [{ country: '' }, { country: 'US' }],
    [{}, { alias: 'main', trunk: 'carrier-b', enabled: true }],
    [undefined, { alias: 'main' }],
    [
      { app_id: '1', cnam_lookup: 'enabled', isVoiceRequest: 'true' },
      { alias: 'main', application: null },
    ],
  ])('by %j', async (body, expected) => {
    expect(await change(body)).toMatchObject(expected);
  });

  it('gives it to a subaccount, and takes it back', async () => {
    for (const name of ['subaccount', 'sub_account', 'subAccount']) {
      const key = name === 'subAccount' ? 'subaccount' : name;
      expect(await change({ [key]: subaccount })).toMatchObject({ sub_account: subaccount });
      expect(await change({ alias: 'x' })).toMatchObject({ sub_account: subaccount });
      expect(await change({ subaccount: '' })).toMatchObject({ sub_account: null });
    }
  });

  it.each([
    [{ alias: 5 }, 'Invalid parameter. alias should be a string.'],
    [{ alias: 'a'.repeat(101) }, 'Invalid parameter. alias should be at most 100 characters.'],
    [{ enabled: 'maybe' }, 'Invalid parameter. enabled allowed values are true or false.'],
    [{ trunk: 'a,b' }, 'Invalid parameter. trunk is not the name of a trunk.'],
    [{ country: 'XX' }, 'Invalid parameter. country is not an ISO 3166-1 alpha-2 code.'],
    [{ subaccount: 'x' }, 'Invalid parameter. subaccount is not the id of a subaccount.'],
    [
      { subaccount: 'SAZZZZZZZZZZZZZZZZZZ' },
      'Invalid parameter. subaccount is not a subaccount of this account.',
    ],
  ])('refuses %j', async (body, text) => {
    const before = [...deps.owned.values()];
    expectError(await api.send('POST', `${NUMBERS}14155550100/`, body), 400, text);
    expect([...deps.owned.values()]).toEqual(before);
  });

  it.each(['14155550199', 'x'])('does not know %s', async (number) => {
    expectError(await api.send('POST', `${NUMBERS}${number}/`, { alias: 'x' }), 404, 'not found');
  });
});

describe('filters of the list', () => {
  beforeEach(async () => {
    await api.send('POST', NUMBERS, { number: '+14155550100', alias: 'one' });
    await api.send('POST', NUMBERS, { number: '+442079460958', alias: 'two', enabled: false });
    await api.send('POST', NUMBERS, { number: '+447400123456', subaccount });
    await api.send('POST', NUMBERS, { number: '+18005550199', alias: 'one' });
    await api.send('POST', NUMBERS, { number: '+15550001000', alias: 'none' });
  });

  it.each([
    ['', 5],
    ['alias=one', 2],
    ['alias=on', 0],
    ['alias=', 5],
    ['number_startswith=44', 2],
    ['number_startswith=%2B44', 2],
    ['number_startswith=+447', 1],
    ['number_startswith=4415', 0],
    ['type=local', 2],
    ['type=fixed', 2],
    ['type=MOBILE', 1],
    ['type=tollfree', 1],
    ['type=national', 0],
    ['services=voice', 5],
    ['services=voice,sms', 0],
    ['services=sms', 0],
    ['country=gb', 2],
    ['enabled=0', 1],
    ['enabled=true', 4],
    ['alias=one&type=tollfree', 1],
    ['unknown=1', 5],
  ])('%j finds %i', async (query, count) => {
    const { status, body } = await api.send('GET', `${NUMBERS}?${query}`);
    expect([status, body['error']]).toEqual([200, undefined]);
    expect(body['meta']).toMatchObject({ total_count: count });
    expect(body['objects']).toHaveLength(count);
  });

  it('by subaccount', async () => {
    for (const name of ['subaccount', 'sub_account']) {
      const { body } = await api.send('GET', `${NUMBERS}?${name}=${subaccount}`);
      expect((body['objects'] as Body[]).map(({ number }) => number)).toEqual(['447400123456']);
    }
  });

  it('are kept by the URLs of other pages', async () => {
    const { body } = await api.send('GET', `${NUMBERS}?number_startswith=%2B44&limit=1`);
    const { next } = body['meta'] as { next: string };
    expect(next).toBe(`${NUMBERS}?number_startswith=%2B44&limit=1&offset=1`);
    expect((await api.send('GET', next)).body['meta']).toEqual({
      limit: 1,
      next: null,
      offset: 1,
      previous: `${NUMBERS}?number_startswith=%2B44&limit=1&offset=0`,
      total_count: 2,
    });
  });

  it.each([
    ['type=fax', 'Invalid parameter. type allowed values are local, fixed, mobile, national or tollfree.'],
    ['enabled=x', 'Invalid parameter. enabled allowed values are true or false.'],
    ['subaccount=x', 'Invalid parameter. subaccount is not the id of a subaccount.'],
    ['alias=a&alias=b', 'Invalid parameter. alias should be a string.'],
  ])('refuses %s', async (query, text) => {
    expectError(await api.send('GET', `${NUMBERS}?${query}`), 400, text);
  });
});
