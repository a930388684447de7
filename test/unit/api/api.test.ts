import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import type { NumberStore, SessionStore } from '../../../src/api/deps.js';
import type { Store } from '../../../src/store/store.js';
import { ACCOUNT, BASE, CodedError, credentials, FakeDeps, NO_LIMITS } from './fake-deps.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SESSIONS = `${BASE}/Masking/Session/`;
const PARTIES = { first_party: '+14155550101', second_party: '+14155550102' };

type Body = Record<string, unknown>;

let deps: FakeDeps;
let app: FastifyInstance;

beforeEach(() => {
  deps = new FakeDeps();
  app = buildApi(deps);
});

afterEach(async () => {
  await app.close();
});

async function send(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD',
  url: string,
  payload?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Body; text: string; headers: Record<string, unknown> }> {
  const options: InjectOptions = { method, url, headers: { ...credentials(), ...headers } };
  if (payload !== undefined) options.payload = payload as Exclude<InjectOptions['payload'], undefined>;
  const response = await app.inject(options);
  const body = response.body === '' ? {} : response.json<Body>();
  return { status: response.statusCode, body, text: response.body, headers: response.headers };
}

function expectError(answer: { status: number; body: Body }, status: number, text: string): void {
  expect(answer.status).toBe(status);
  expect(Object.keys(answer.body)).toEqual(['api_id', 'error']);
  expect(answer.body['api_id']).toMatch(UUID);
  expect(answer.body['error']).toBe(text);
}

it('the store is what the API needs', () => {
  expectTypeOf<Store['sessions']>().toExtend<SessionStore>();
  expectTypeOf<Store['numbers']>().toExtend<NumberStore>();
});

describe('creating a session', () => {
  it('answers 201 with the documented shape', async () => {
    const { status, body, headers } = await send('POST', SESSIONS, PARTIES);
    expect(status).toBe(201);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(Object.keys(body)).toEqual(['api_id', 'session_uuid', 'virtual_number', 'message', 'session']);
    expect(body['api_id']).toMatch(UUID);
    expect(body['message']).toBe('Session created');
    expect(body['virtual_number']).toBe('+15550001000');
    expect(body['session']).toMatchObject({
      session_uuid: body['session_uuid'],
      virtual_number: '15550001000',
      first_party: '14155550101',
      second_party: '14155550102',
      created_time: '2026-11-23 01:02:03 +0000 UTC',
      expiry_time: '2026-11-23 01:32:03 +0000 UTC',
      duration: 1800,
      interaction: null,
    });
  });

  it.each(['Masking/Session', 'Masking/Session/', '/Masking//Session//'])('is found at %s', async (path) => {
    expect((await send('POST', `${BASE}/${path}`, PARTIES)).status).toBe(201);
  });

  it('takes a body with a charset, and nested garbage under unknown keys', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    const payload = JSON.stringify({ ...PARTIES, mode: { a: [1, null] } });
    expect((await send('POST', SESSIONS, payload, headers)).status).toBe(201);
  });

  it('lets what follows a new session neither delay nor fail the answer', async () => {
    let begun = 0;
    for (const follow of [
      (): Promise<void> => {
        begun += 1;
        return new Promise(() => undefined);
      },
      (): Promise<void> => {
        begun += 1;
        return Promise.reject(new Error('no call'));
      },
      (): void => {
        begun += 1;
        throw new Error('no call');
      },
    ]) {
      deps.onSessionCreated = follow;
      expect((await send('POST', SESSIONS, PARTIES)).status).toBe(201);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(begun).toBe(3);
    expect(deps.lines.filter((line) => line.includes('what follows a new session failed'))).toHaveLength(2);
  });

  it('announces each session once, and none that was refused', async () => {
    const { body } = await send('POST', SESSIONS, PARTIES);
    await send('POST', SESSIONS, { first_party: 'x' });
    deps.createError = new CodedError('ERR_NUMBER_POOL_EXHAUSTED');
    await send('POST', SESSIONS, PARTIES);
    await new Promise((resolve) => setImmediate(resolve));
    expect(deps.announced).toEqual([body['session_uuid']]);
  });

  it.each([
    ['ERR_NUMBER_POOL_EXHAUSTED', 400, 'Number pool exhausted or not available.'],
    [
      'ERR_PIN_TAKEN',
      400,
      'Invalid parameter. first_party_pin or second_party_pin is in use on every virtual number available.',
    ],
    ['ERR_STORE_UNAVAILABLE', 500, 'Internal server error.'],
  ])('answers %s of the store with %i', async (code, status, text) => {
    deps.createError = new CodedError(code);
    expectError(await send('POST', SESSIONS, PARTIES), status, text);
  });

  it('names the field in a 400', async () => {
    expectError(
      await send('POST', SESSIONS, { ...PARTIES, session_expiry: 59 }),
      400,
      'Invalid parameter. session_expiry is outside the allowed range.',
    );
  });

  it('takes a missing body for an empty one', async () => {
    const text = 'Mandatory parameter missing. first_party must be present.';
    expectError(await send('POST', SESSIONS), 400, text);
    expectError(await send('POST', SESSIONS, '', { 'content-type': 'application/json' }), 400, text);
  });
});

describe('getting a session', () => {
  it('answers {api_id, response}', async () => {
    const created = (await send('POST', SESSIONS, PARTIES)).body;
    for (const slash of ['', '/']) {
      const { status, body } = await send('GET', `${SESSIONS}${String(created['session_uuid'])}${slash}`);
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual(['api_id', 'response']);
      expect(body['response']).toEqual(created['session']);
    }
  });

  it('does not mind the case of the id, a double slash, or the time having passed', async () => {
    const { body } = await send('POST', SESSIONS, PARTIES);
    deps.instant += 1_800_000;
    const url = `${SESSIONS}/${String(body['session_uuid']).toUpperCase()}/`;
    expect((await send('GET', url)).body['response']).toMatchObject({ status: 'expired' });
  });

  it.each(['11111111-2222-4333-8444-555555555555', 'x', '%00', '..%2f..', 'a'.repeat(500), "'; --"])(
    'answers 404 for %s',
    async (id) => {
      expectError(await send('GET', `${SESSIONS}${encodeURI(id)}`), 404, 'not found');
    },
  );

  it('shows the main account the sessions of its subaccounts', async () => {
    const { body } = await send('POST', SESSIONS, PARTIES);
    const id = String(body['session_uuid']);
    const held = deps.held.get(id)!;
    deps.held.set(id, { ...held, session: { ...held.session, accountId: 'SAZZZZZZZZZZZZZZZZZZ' } });
    expect((await send('GET', `${SESSIONS}${id}`)).status).toBe(200);
  });
});

describe('authentication', () => {
  const basic = (text: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  });
  const other = 'MAZZZZZZZZZZZZZZZZZZ';

  it.each<[string, Record<string, string>, string]>([
    ['no header', {}, ACCOUNT.id],
    ['an empty header', { authorization: '' }, ACCOUNT.id],
    ['another scheme', { authorization: `Bearer ${ACCOUNT.token}` }, ACCOUNT.id],
    ['no base64', { authorization: 'Basic !!!' }, ACCOUNT.id],
    ['no colon', basic(ACCOUNT.id), ACCOUNT.id],
    ['a wrong token', credentials(ACCOUNT.id, 'wrong'), ACCOUNT.id],
    ['an empty token', credentials(ACCOUNT.id, ''), ACCOUNT.id],
    ['a token with one more character', credentials(ACCOUNT.id, `${ACCOUNT.token}x`), ACCOUNT.id],
    ['a token with one less', credentials(ACCOUNT.id, ACCOUNT.token.slice(0, -1)), ACCOUNT.id],
    ['a token in other case', credentials(ACCOUNT.id, ACCOUNT.token.toUpperCase()), ACCOUNT.id],
    ['a wrong id', credentials(other), ACCOUNT.id],
    ['an id in other case', credentials(ACCOUNT.id.toLowerCase()), ACCOUNT.id],
    ['a control character', basic(`${ACCOUNT.id}:${ACCOUNT.token}\n`), ACCOUNT.id],
    ['another account in the path', credentials(), other],
    ['the path of another account with its id', credentials(other), other],
  ])('answers 401 for %s', async (_, headers, account) => {
    for (const [method, path] of [
      ['POST', 'Masking/Session/'],
      ['GET', 'Masking/Session/11111111-2222-4333-8444-555555555555'],
      ['GET', 'Number/'],
      ['DELETE', 'Number/15550001000/'],
      ['PUT', 'Number/'],
    ] as const) {
      const response = await app.inject({ method, url: `/v1/Account/${account}/${path}`, headers });
      expectError({ status: response.statusCode, body: response.json() }, 401, 'Authentication failed.');
      expect(response.headers['www-authenticate']).toMatch(/^Basic realm="Maskline"/);
    }
  });

  it('comes before the body is looked at', async () => {
    const headers = { ...credentials(ACCOUNT.id, 'wrong'), 'content-type': 'application/json' };
    for (const payload of ['{', 'x'.repeat(70_000)]) {
      const response = await app.inject({ method: 'POST', url: SESSIONS, headers, payload });
      expect(response.statusCode).toBe(401);
    }
  });

  it('accepts a token that holds a colon', async () => {
    expect((await send('GET', `${BASE}/Number/`)).status).toBe(200);
  });
});

describe('errors', () => {
  const json = { 'content-type': 'application/json' };

  it.each(['{', '{"a":}', '{"__proto__":{}}', '{"first_party":"+1', 'undefined', '\u0000'])(
    'answers 400 for the malformed body %j',
    async (payload) => {
      expectError(
        await send('POST', SESSIONS, payload, json),
        400,
        'Invalid request body. It is not valid JSON.',
      );
    },
  );

  it('answers 400 for text that is not UTF-8', async () => {
    const payload = Buffer.from('{"callback_url":"https://example.com/caf\u00e9"}', 'latin1');
    for (const url of [SESSIONS, `${BASE}/Number/`]) {
      expectError(await send('POST', url, payload, json), 400, 'Invalid request body. It is not valid JSON.');
    }
  });

  it.each(['[]', '[{}]', '"text"', '5', 'null', 'true'])('answers 400 for the body %s', async (payload) => {
    for (const url of [SESSIONS, `${BASE}/Number/`]) {
      expectError(
        await send('POST', url, payload, json),
        400,
        'Invalid request body. A JSON object is expected.',
      );
    }
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'nonsense'])(
    'answers 415 for %s',
    async (type) => {
      const answer = await send('POST', SESSIONS, 'a=b', { 'content-type': type });
      expectError(answer, 415, 'Content-Type must be application/json.');
    },
  );

  it('answers 413 for a body over 64 KiB, not for one of 64 KiB', async () => {
    const ofSize = (size: number): string => {
      const body = JSON.stringify({ ...PARTIES, x: '' });
      return body.replace('"x":""', `"x":"${'y'.repeat(size - body.length)}"`);
    };
    expect((await send('POST', SESSIONS, ofSize(65_536), json)).status).toBe(201);
    expectError(
      await send('POST', SESSIONS, ofSize(65_537), json),
      413,
      'Request body is larger than 65536 bytes.',
    );
  });

  it.each([
    ['PUT', SESSIONS, 'POST, GET, HEAD'],
    ['DELETE', SESSIONS, 'POST, GET, HEAD'],
    ['PATCH', `${SESSIONS}11111111-2222-4333-8444-555555555555`, 'GET, HEAD, POST, DELETE'],
    ['PATCH', `${BASE}/Number/`, 'POST, GET, HEAD'],
    ['PUT', `${BASE}/Number/15550001000/`, 'GET, HEAD, POST, DELETE'],
    ['DELETE', `${BASE}/Subaccount/`, 'POST, GET, HEAD'],
    ['PUT', `${BASE}/Subaccount/SAABCDEFGHIJKLMNOPQR/`, 'GET, HEAD, POST, DELETE'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['DELETE', '/readyz', 'GET, HEAD'],
  ] as const)('answers 405 for %s %s, whatever its body', async (method, url, allow) => {
    for (const payload of [undefined, '{', 'x'.repeat(70_000)]) {
      const answer = await send(method, url, payload, payload === undefined ? {} : json);
      expectError(answer, 405, 'HTTP method not allowed.');
      expect(answer.headers['allow']).toBe(allow);
    }
  });

  it.each(['/', '/v1', `${BASE}/`, `${BASE}/Conference/`, `${BASE}/Masking/`, `${SESSIONS}a/b`, '/v2/x'])(
    'answers 404 for %s',
    async (url) => {
      expectError(await send('GET', url), 404, 'not found');
    },
  );

  it('answers 400 for a URL that cannot be decoded', async () => {
    expectError(await send('GET', `${SESSIONS}%zz`), 400, 'Invalid request.');
  });

  it('answers 429 beyond the rate limit, until its 5 seconds are over', async () => {
    await app.close();
    deps.limits = { ...NO_LIMITS, perCredential: 3 };
    app = buildApi(deps);
    await app.inject({ method: 'GET', url: `${BASE}/Number/` });
    for (let count = 0; count < 3; count += 1)
      expect((await send('GET', `${BASE}/Number/`)).status).toBe(200);
    deps.instant += 4_000;
    const refused = await send('POST', SESSIONS, PARTIES);
    expectError(refused, 429, 'Too many requests, rate limited.');
    expect(refused.headers['retry-after']).toBe('1');
    expect((await send('GET', '/healthz')).status).toBe(200);
    deps.instant += 1_000;
    expect((await send('POST', SESSIONS, PARTIES)).status).toBe(201);
  });

  it('answers 500 for a fault of our own, and logs it with the same api_id', async () => {
    deps.numbers.list = () => Promise.reject(new Error('boom +14155550101'));
    const answer = await send('GET', `${BASE}/Number/`);
    expectError(answer, 500, 'Internal server error.');
    const line = deps.lines.find((each) => each.includes('a request failed')) ?? '';
    expect(line).toContain(String(answer.body['api_id']));
    expect(line).toContain('boom **********01');
  });

  it('gives every answer an api_id of its own, whatever the client asks for', async () => {
    const headers = { 'request-id': 'mine', 'x-request-id': 'mine' };
    const answers = await Promise.all(
      [1, 2, 3].map(() => send('GET', `${BASE}/Number/`, undefined, headers)),
    );
    const ids = answers.map(({ body }) => body['api_id']);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(UUID);
  });

  it('never logs a number or a PIN', async () => {
    await send('POST', SESSIONS, {
      ...PARTIES,
      is_pin_authentication_required: true,
      pin_prompt_play: 'https://example.com/p.mp3',
      first_party_pin: '48151',
      second_party_pin: '62342',
    });
    await send('POST', SESSIONS, { ...PARTIES, first_party: '+1415555x' });
    await send('GET', `${BASE}/Number/14155550101/`);
    const log = deps.lines.join('');
    expect(log).toContain('request answered');
    expect(log).not.toMatch(/1415555|48151|62342/);
  });
});

describe('what is not HTTP', () => {
  async function raw(text: string): Promise<string> {
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => (answer += chunk));
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  }

  it.each([
    ['nonsense', 'garbage\r\n\r\n', 400, 'Invalid request.'],
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'Request headers are too large.',
    ],
  ])('answers %s with JSON', async (_, text, status, error) => {
    const [head = '', body = ''] = (await raw(text)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expectError({ status, body: JSON.parse(body) as Body }, status, error);
  });
});

describe('numbers', () => {
  const NUMBERS = `${BASE}/Number/`;

  it('adds one and shows it in the shape of a rented number', async () => {
    const added = await send('POST', NUMBERS, { numbers: '+14155550100', alias: 'main', trunk: 'carrier-b' });
    expect(added.status).toBe(201);
    expect(added.body).toEqual({
      api_id: added.body['api_id'],
      message: 'created',
      numbers: [{ number: '14155550100', status: 'Success' }],
    });
    const { status, body } = await send('GET', `${NUMBERS}14155550100/`);
    expect(status).toBe(200);
    expect(Object.entries(body)).toEqual([
      ['api_id', body['api_id']],
      ['active', true],
      ['added_on', '2026-11-23'],
      ['alias', 'main'],
      ['application', null],
      ['carrier', 'carrier-b'],
      ['city', null],
      ['cnam_lookup', null],
      ['country', 'US'],
      ['mms_enabled', false],
      ['mms_rate', null],
      ['monthly_rental_rate', '0.00000'],
      ['number', '14155550100'],
      ['number_type', 'local'],
      ['region', 'United States'],
      ['renewal_date', null],
      ['resource_uri', `${BASE}/Number/14155550100/`],
      ['sms_enabled', false],
      ['sms_rate', null],
      ['sub_account', null],
      ['voice_enabled', true],
      ['voice_rate', null],
      ['enabled', true],
      ['trunk', 'carrier-b'],
      ['pin_guard', []],
    ]);
  });

  it('shows how one stands for its PINs', async () => {
    await send('POST', NUMBERS, { numbers: '+14155550100' });
    const until = Date.UTC(2026, 10, 24, 1);
    deps.standings = [
      { length: 4, live: 100, left: 0, guardedUntil: Infinity },
      { length: 6, live: 100, left: 0, guardedUntil: until },
      { length: 8, live: 2, left: 250_000, guardedUntil: null },
    ];
    const { body } = await send('GET', `${NUMBERS}14155550100/`);
    const guarded = { live_pins: 100, wrong_pins_left: 0, guarded: true };
    expect(body['pin_guard']).toEqual([
      { ...guarded, pin_length: 4, guess_chance: 0.01, guarded_until: null },
      { ...guarded, pin_length: 6, guess_chance: 0.0001, guarded_until: '2026-11-24 01:00:00 +0000 UTC' },
      {
        ...{ pin_length: 8, live_pins: 2, guess_chance: 2e-8, wrong_pins_left: 250_000 },
        ...{ guarded: false, guarded_until: null },
      },
    ]);
  });

  it.each([
    [{ numbers: '+14155550100, 14155550101,' }, ['+14155550100', '+14155550101']],
    [{ numbers: ['+14155550100', 14155550101, '+1 415 555 0100'] }, ['+14155550100', '+14155550101']],
    [{ number: 14155550100 }, ['+14155550100']],
    [{ numbers: '', number: '+14155550100' }, ['+14155550100']],
  ])('adds %j', async (body, expected) => {
    expect((await send('POST', NUMBERS, body)).status).toBe(201);
    expect([...deps.owned.keys()]).toEqual(expected);
  });

  it('takes country, enabled, and a number that no plan knows', async () => {
    await send('POST', NUMBERS, { number: '+15550001000', country: 'gb', enabled: 'false' });
    expect([...deps.owned.values()]).toEqual([
      {
        ...{ number: '+15550001000', country: 'GB', alias: '', enabled: false, trunk: '', subaccount: '' },
        addedAt: deps.instant,
      },
    ]);
  });

  it('says which were there already, and refuses when all were', async () => {
    await send('POST', NUMBERS, { numbers: '+14155550100' });
    const { status, body } = await send('POST', NUMBERS, { numbers: '+14155550100,+14155550101' });
    expect(status).toBe(201);
    expect(body['numbers']).toEqual([
      { number: '14155550100', status: 'Exists' },
      { number: '14155550101', status: 'Success' },
    ]);
    expectError(
      await send('POST', NUMBERS, { numbers: '+14155550100' }),
      400,
      'Invalid parameter. numbers are in this account already.',
    );
  });

  it.each([
    [{}, 'Mandatory parameter missing. numbers must be present.'],
    [{ numbers: [] }, 'Mandatory parameter missing. numbers must be present.'],
    [{ numbers: ' , ' }, 'Mandatory parameter missing. numbers must be present.'],
    [{ numbers: '+14155550100,x' }, 'Invalid parameter. numbers is not a valid phone number.'],
    [{ numbers: [null] }, 'Invalid parameter. numbers is not a valid phone number.'],
    [{ numbers: { a: 1 } }, 'Invalid parameter. numbers is not a valid phone number.'],
    [{ number: '+0' }, 'Invalid parameter. number is not a valid phone number.'],
    [
      { numbers: Array.from({ length: 101 }, (_, index) => 14155550000 + index) },
      'Invalid parameter. numbers should be at most 100 phone numbers.',
    ],
    [
      { number: '+14155550100', country: 'XX' },
      'Invalid parameter. country is not an ISO 3166-1 alpha-2 code.',
    ],
    [{ number: '+14155550100', trunk: 'carrier,b' }, 'Invalid parameter. trunk is not the name of a trunk.'],
    [
      { number: '+14155550100', enabled: 'maybe' },
      'Invalid parameter. enabled allowed values are true or false.',
    ],
    [
      { number: '+14155550100', alias: 'a'.repeat(101) },
      'Invalid parameter. alias should be at most 100 characters.',
    ],
    [{ number: '+14155550100', alias: 5 }, 'Invalid parameter. alias should be a string.'],
    [
      { number: '+14155550100', subaccount: 'SAX' },
      'Invalid parameter. subaccount is not the id of a subaccount.',
    ],
    [
      { number: '+14155550100', sub_account: 'SAABCDEFGHIJKLMNOPQR' },
      'Invalid parameter. subaccount is not a subaccount of this account.',
    ],
  ])('refuses %j', async (body, text) => {
    expectError(await send('POST', NUMBERS, body), 400, text);
    expect(deps.owned.size).toBe(0);
  });

  it('lists pages', async () => {
    await send('POST', NUMBERS, { numbers: Array.from({ length: 45 }, (_, index) => 14155550000 + index) });
    const page = async (query: string): Promise<Body> => (await send('GET', `${NUMBERS}${query}`)).body;
    const first = await page('');
    expect(Object.keys(first)).toEqual(['api_id', 'meta', 'objects']);
    expect(first['meta']).toEqual({
      limit: 20,
      next: `${NUMBERS}?limit=20&offset=20`,
      offset: 0,
      previous: null,
      total_count: 45,
    });
    expect(first['objects']).toHaveLength(20);
    expect((await page('?limit=20&offset=40'))['meta']).toMatchObject({
      next: null,
      previous: `${NUMBERS}?limit=20&offset=20`,
    });
    expect((await page('?limit=10&offset=5'))['meta']).toMatchObject({
      next: `${NUMBERS}?limit=10&offset=15`,
      previous: `${NUMBERS}?limit=10&offset=0`,
    });
    expect((await page('?offset=45'))['objects']).toEqual([]);
    expect((await page('?limit=&unknown=1'))['meta']).toMatchObject({ limit: 20, total_count: 45 });
  });

  it.each([
    ['limit', '0'],
    ['limit', '21'],
    ['limit', 'x'],
    ['limit', '5&limit=6'],
    ['offset', '-1'],
    ['offset', '2147483648'],
    ['offset', '1.5'],
  ])('refuses %s=%s', async (name, value) => {
    expectError(
      await send('GET', `${NUMBERS}?${name}=${value}`),
      400,
      `Invalid parameter. ${name} is outside the allowed range.`,
    );
  });

  it.each(['14155550100', '+14155550100/', '%2B14155550100'])('removes %s', async (path) => {
    await send('POST', NUMBERS, { numbers: '+14155550100' });
    const { status, text } = await send('DELETE', `${NUMBERS}${path}`);
    expect(status).toBe(204);
    expect(text).toBe('');
    expectError(await send('DELETE', `${NUMBERS}${path}`), 404, 'not found');
    expectError(await send('GET', `${NUMBERS}${path}`), 404, 'not found');
  });

  it.each(['{}', '{"session_uuid":"x"}', '{', ''])('removes with the body %j', async (payload) => {
    await send('POST', NUMBERS, { numbers: '+14155550100' });
    const answer = await send('DELETE', `${NUMBERS}14155550100/`, payload, {
      'content-type': 'application/json',
    });
    expect(answer.status).toBe(204);
  });

  it('keeps a number that live sessions use', async () => {
    deps.removeError = new CodedError('ERR_NUMBER_IN_USE');
    expectError(
      await send('DELETE', `${NUMBERS}14155550100/`),
      400,
      'The number is used by active sessions and cannot be removed.',
    );
  });

  it.each(['x', '0', '123', '1415555010x', 'a'.repeat(101)])('does not know %s', async (path) => {
    expectError(await send('GET', `${NUMBERS}${path}`), 404, 'not found');
    expectError(await send('DELETE', `${NUMBERS}${path}`), 404, 'not found');
  });
});

describe('health', () => {
  const probe = async (url: string): Promise<{ status: number; body: Body }> => {
    const response = await app.inject({ method: 'GET', url });
    return { status: response.statusCode, body: response.json() };
  };

  it('/healthz needs no credentials and no dependency', async () => {
    deps.readiness = () => Promise.reject(new Error('down'));
    const { status, body } = await probe('/healthz');
    expect(status).toBe(200);
    expect(body).toEqual({
      api_id: expect.stringMatching(UUID) as string,
      status: 'ok',
      event_loop_delay_ms: expect.any(Number) as number,
    });
  });

  it('/readyz names each dependency', async () => {
    expect((await probe('/readyz/')).body).toMatchObject({
      status: 'ready',
      dependencies: { redis: { ok: true, detail: 'answers' } },
    });
    deps.readiness = () =>
      Promise.resolve({
        redis: { ok: true, detail: 'answers' },
        'freeswitch fs1:8021': { ok: false, detail: 'not connected' },
      });
    const { status, body } = await probe('/readyz');
    expect(status).toBe(503);
    expect(body).toMatchObject({
      status: 'not ready',
      dependencies: { redis: { ok: true }, 'freeswitch fs1:8021': { ok: false, detail: 'not connected' } },
    });
  });

  it('/readyz answers 503 when the check fails or hangs', async () => {
    deps.readiness = () => Promise.reject(new Error('redis://:password@host'));
    const failed = await probe('/readyz');
    expect(failed.status).toBe(503);
    expect(JSON.stringify(failed.body)).not.toContain('password');
    deps.readiness = () => new Promise(() => undefined);
    expect((await probe('/readyz')).status).toBe(503);
  });
});
