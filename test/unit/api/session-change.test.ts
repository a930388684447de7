import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { parseE164 } from '../../../src/masking/phone-number.js';
import { ApiClient, expectError, type ApiAnswer, type Body } from './client.js';
import { BASE, CodedError, FakeDeps, NOW } from './fake-deps.js';

const SESSIONS = `${BASE}/Masking/Session/`;
const PARTIES = { first_party: '+14155550101', second_party: '+14155550102' };
const SINGLE = { first_party: '+14155550101', create_session_with_single_party: true };
const UNKNOWN = '11111111-2222-4333-8444-555555555555';

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

async function create(body: Body = PARTIES): Promise<string> {
  return String((await api.send('POST', SESSIONS, body)).body['session_uuid']);
}

const update = (id: string, body?: unknown): Promise<ApiAnswer> =>
  api.send('POST', `${SESSIONS}${id}/`, body);

describe('updating a session', () => {
  it('answers 200 with the session', async () => {
    const id = await create();
    deps.instant = NOW + 600_000;
    const { status, body } = await update(id, { session_expiry: 3_600, record: true });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['api_id', 'message', 'session']);
    expect(body['message']).toBe('Session updated');
    expect(body['session']).toMatchObject({
      session_uuid: id,
      record: true,
      created_time: '2026-11-23 01:02:03 +0000 UTC',
      modified_time: '2026-11-23 01:12:03 +0000 UTC',
      expiry_time: '2026-11-23 02:12:03 +0000 UTC',
      duration: 4_200,
    });
    expect((await api.send('GET', `${SESSIONS}${id}`)).body['response']).toEqual(body['session']);
  });

  it('changes everything that can be changed', async () => {
    const id = await create();
    await update(id, {
      session_expiry: 600,
      call_time_limit: 700,
      ring_timeout: 30,
      callback_url: 'https://example.com/cb',
      callback_method: 'GET',
      record: true,
      record_file_format: 'wav',
      recording_callback_url: 'https://example.com/rec',
      recording_callback_method: 'GET',
      first_party_play_url: 'https://example.com/1.wav',
      second_party_play_url: 'https://example.com/2.wav',
    });
    expect(deps.changes).toEqual([
      {
        sessionExpiry: 600,
        callTimeLimit: 700,
        ringTimeout: 30,
        callbackUrl: 'https://example.com/cb',
        callbackMethod: 'GET',
        record: true,
        recordFileFormat: 'wav',
        recordingCallbackUrl: 'https://example.com/rec',
        recordingCallbackMethod: 'GET',
        firstPartyPlayUrl: 'https://example.com/1.wav',
        secondPartyPlayUrl: 'https://example.com/2.wav',
      },
    ]);
  });

  it.each([
    ['nothing', {}, {}],
    ['no body', undefined, {}],
    ['what the Java SDK sends for nothing', { session_expiry: 0, call_time_limit: 0, ring_timeout: 0 }, {}],
    ['its flag, which it always sends', { record: false }, { record: false }],
    [
      'strings, as the Ruby SDK sends them',
      { session_expiry: '3600', record: 'true' },
      { sessionExpiry: 3_600, record: true },
    ],
    ['null', { session_expiry: null, callback_url: null, record: null, callback_method: null }, {}],
    ['"" for a word or a number', { callback_method: '', record_file_format: '', ring_timeout: '' }, {}],
    [
      '"" for a URL, which takes it away',
      { callback_url: '', first_party_play_url: ' ' },
      { callbackUrl: '', firstPartyPlayUrl: '' },
    ],
    [
      'what cannot be changed',
      {
        session_uuid: UNKNOWN,
        initiate_call_to_first_party: true,
        is_pin_authentication_required: true,
        pin_prompt_play: 'x',
        pin_retry: 99,
        pin_retry_wait: 99,
        incorrect_pin_play: 'x',
        unknown_caller_play: 'x',
        geomatch: 'x',
        subaccount: 'x',
        create_session_with_single_party: 'x',
        first_party_pin: '1',
        virtual_number_cooloff_period: -1,
      },
      {},
    ],
    ['the parties that it has', { first_party: '14155550101', second_party: '+14155550102' }, {}],
    ['no parties', { first_party: '', second_party: null }, {}],
  ])('takes %s', async (_, body, change) => {
    const id = await create();
    expect((await update(id, body)).status).toBe(200);
    expect(deps.changes).toEqual([change]);
  });

  it.each([
    ['session_expiry', [59, 86_401, -1, 'x', 1.5, true, []], 'is outside the allowed range'],
    ['call_time_limit', [59, 86_401, 'x'], 'is outside the allowed range'],
    ['ring_timeout', [-1, 601, {}], 'is outside the allowed range'],
    ['record', ['yes', 2, []], 'allowed values are true or false'],
    ['record_file_format', ['ogg', 5], 'allowed values are mp3 or wav'],
    ['callback_method', ['PUT', 5], 'allowed values are GET or POST'],
    ['recording_callback_method', ['PUT'], 'allowed values are GET or POST'],
    ['callback_url', ['x', 'ftp://example.com', 5], 'should be a valid URL'],
    ['recording_callback_url', ['x'], 'should be a valid URL'],
    ['first_party_play_url', ['x'], 'should be a valid URL'],
    ['second_party_play_url', ['x'], 'should be a valid URL'],
    ['callback_url', ['https://example.com/'.padEnd(1_000, 'a')], 'should be under 1000 characters'],
    [
      'recording_callback_url',
      ['https://example.com/'.padEnd(1_000, 'a')],
      'should be under 1000 characters',
    ],
    ['first_party', ['x', 5, true], 'is not a valid phone number'],
    ['first_party', ['+14155550109'], 'cannot be changed'],
    ['second_party', ['+14155550109'], 'cannot be changed'],
  ])('refuses a bad %s', async (name, values, problem) => {
    const id = await create();
    for (const value of values) {
      expectError(await update(id, { [name]: value }), 400, `Invalid parameter. ${name} ${problem}.`);
    }
    expect(deps.changes).toEqual([]);
  });

  it.each([
    ['session_expiry', [60, 86_400]],
    ['call_time_limit', [60, 86_400]],
    ['ring_timeout', [1, 600]],
  ])('takes %s at its bounds', async (name, values) => {
    const id = await create();
    for (const value of values) expect((await update(id, { [name]: value })).status).toBe(200);
  });

  it('fills the missing party in, once', async () => {
    const id = await create(SINGLE);
    const { status, body } = await update(id, { second_party: '14155550102' });
    expect(status).toBe(200);
    expect(body['session']).toMatchObject({
      first_party: '14155550101',
      second_party: '14155550102',
      create_session_with_single_party: true,
    });
    expectError(
      await update(id, { second_party: '14155550103' }),
      400,
      'Invalid parameter. second_party cannot be changed.',
    );
  });

  it('refuses a missing party that is the other one, or one of our numbers', async () => {
    const id = await create(SINGLE);
    expectError(
      await update(id, { second_party: '+14155550101' }),
      400,
      'Invalid parameter. first_party and second_party should be different.',
    );
    await api.send('POST', `${BASE}/Number/`, { number: '+14155550100' });
    expectError(
      await update(id, { second_party: '+14155550100' }),
      400,
      'Invalid parameter. second_party is a virtual number of this account.',
    );
  });

  it('announces each update after its answer, and none that was refused', async () => {
    const id = await create();
    await update(id, { record: true });
    await update(id, { record: 'x' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(deps.updated).toEqual([id]);
  });

  it.each([
    ['ERR_SESSION_NOT_FOUND', 404, 'not found'],
    ['ERR_SESSION_EXPIRED', 400, 'Session already expired'],
    ['ERR_NUMBER_POOL_EXHAUSTED', 400, 'Number pool exhausted or not available.'],
    [
      'ERR_PARTY_TAKEN',
      400,
      'Invalid parameter. first_party or second_party has another session on this virtual number.',
    ],
    ['ERR_STORE_UNAVAILABLE', 500, 'Internal server error.'],
  ])('answers %s of the store with %i', async (code, status, text) => {
    const id = await create();
    deps.updateError = new CodedError(code);
    expectError(await update(id, { record: true }), status, text);
  });

  it('is refused once the session is over', async () => {
    const id = await create();
    deps.instant += 1_800_000;
    expectError(await update(id, { record: true }), 400, 'Session already expired');
  });

  it.each([UNKNOWN, 'x'])('does not know %s', async (id) => {
    expectError(await update(id, { record: true }), 404, 'not found');
  });
});

describe('ending a session', () => {
  const json = { 'content-type': 'application/json' };

  it('answers 200, and 400 the second time', async () => {
    const id = await create();
    deps.instant = NOW + 60_000;
    const { status, body } = await api.send('DELETE', `${SESSIONS}${id}/`);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['api_id', 'message']);
    expect(body['message']).toBe('Session expired');
    expectError(await api.send('DELETE', `${SESSIONS}${id}/`), 400, 'Session already expired');
    expect((await api.send('GET', `${SESSIONS}${id}/`)).body['response']).toMatchObject({
      status: 'expired',
      expiry_time: '2026-11-23 01:03:03 +0000 UTC',
      modified_time: '2026-11-23 01:03:03 +0000 UTC',
      duration: 60,
    });
  });

  it.each([
    ['', ''],
    ['', '/'],
    ['/', '/'],
    ['//', '//'],
  ])('is found with %j before and %j after the id', async (before, after) => {
    const id = await create();
    const { status } = await api.send('DELETE', `${BASE}/Masking/Session/${before}${id}${after}`);
    expect(status).toBe(200);
  });

  it.each(['{}', `{"session_uuid":"${UNKNOWN}"}`, '{', '', '[]'])(
    'does not look at the body %j',
    async (body) => {
      const id = await create();
      expect((await api.send('DELETE', `${SESSIONS}${id}`, body, json)).status).toBe(200);
    },
  );

  it.each([UNKNOWN, 'x', '%00'])('does not know %s', async (id) => {
    expectError(await api.send('DELETE', `${SESSIONS}${id}`), 404, 'not found');
  });

  it('is refused once the session has expired by itself', async () => {
    const id = await create();
    deps.instant += 1_800_000;
    expectError(await api.send('DELETE', `${SESSIONS}${id}`), 400, 'Session already expired');
  });
});

describe('a session with a single party', () => {
  it('shows "" for the missing one', async () => {
    const { status, body } = await api.send('POST', SESSIONS, SINGLE);
    expect(status).toBe(201);
    expect(body['session']).toMatchObject({
      first_party: '14155550101',
      second_party: '',
      create_session_with_single_party: true,
    });
  });

  it('refuses a number that may not be called, also in an update', async () => {
    deps.problems.set('+14155550101', 'country');
    const text = 'Invalid parameter. first_party may not be called: its country is not allowed.';
    expectError(await api.send('POST', SESSIONS, SINGLE), 400, text);
    expectError(await api.send('POST', SESSIONS, PARTIES), 400, text);
    expect(deps.drafts).toEqual([]);
    deps.problems.clear();
    const id = await create(SINGLE);
    deps.problems.set('+14155550102', 'premium-rate');
    expectError(
      await update(id, { second_party: '+14155550102' }),
      400,
      'Invalid parameter. second_party may not be called: it is a premium-rate number.',
    );
    expect(deps.changes).toEqual([]);
  });

  it('refuses one of our numbers', async () => {
    await api.send('POST', `${BASE}/Number/`, { number: '+14155550101' });
    expect(deps.owned.has(parseE164('+14155550101')!)).toBe(true);
    expectError(
      await api.send('POST', SESSIONS, SINGLE),
      400,
      'Invalid parameter. first_party is a virtual number of this account.',
    );
  });
});
