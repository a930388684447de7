import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import type { LoggedCallback } from '../../../src/api/deps.js';
import { BASE, credentials, DID, FakeDeps, NOW } from './fake-deps.js';

type Body = Record<string, unknown>;

let deps: FakeDeps;
let app: FastifyInstance;
let session: string;

beforeEach(async () => {
  deps = new FakeDeps();
  app = buildApi(deps);
  const created = await send('POST', `${BASE}/Masking/Session/`, {
    first_party: '+14155550101',
    second_party: '+14155550102',
  });
  session = String(created.body['session_uuid']);
});

afterEach(() => app.close());

async function send(
  method: 'GET' | 'POST',
  url: string,
  payload?: Body,
): Promise<{ status: number; body: Body }> {
  const response = await app.inject({
    method,
    url,
    headers: credentials(),
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: response.statusCode, body: response.json<Body>() };
}

function callback(sequence: number, changes: Partial<LoggedCallback> = {}): LoggedCallback {
  return {
    sequence,
    record: {
      method: 'POST',
      url: 'https://client.example/hook',
      parameters: [
        ['EventName', 'SessionTimeout'],
        ['SequenceNumber', String(sequence)],
      ],
      createdAt: NOW,
    },
    state: 'delivered',
    attempts: [{ at: NOW, durationMs: 12, status: 200, error: '', answer: 'ok' }],
    ...changes,
  };
}

const path = (rest = ''): string => `${BASE}/Masking/Session/${session}/Callback/${rest}`;

describe('the callbacks of a session', () => {
  it('are listed with meta', async () => {
    for (let sequence = 25; sequence > 0; sequence -= 1) deps.logged.push(callback(sequence));
    const { status, body } = await send('GET', path('?limit=10&offset=10'));
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['api_id', 'meta', 'lost_count', 'objects']);
    expect(body['meta']).toEqual({
      limit: 10,
      next: path('?limit=10&offset=20'),
      offset: 10,
      previous: path('?limit=10&offset=0'),
      total_count: 25,
    });
    expect((body['objects'] as Body[]).map((each) => each['callback_id'])).toHaveLength(10);
  });

  it('are shown one by one, with what was sent and what came of it', async () => {
    deps.logged.push(
      callback(7, {
        state: 'failed',
        attempts: [
          { at: NOW, durationMs: 40_001, status: null, error: 'ERR_CALLBACK_READ_TIMEOUT', answer: '' },
        ],
      }),
    );
    const { status, body } = await send('GET', path('7/'));
    expect(status).toBe(200);
    expect(body).toEqual({
      api_id: body['api_id'],
      callback_id: '7',
      session_uuid: session,
      event_name: 'SessionTimeout',
      method: 'POST',
      url: 'https://client.example/hook',
      status: 'failed',
      created_time: '2026-11-23 01:02:03 +0000 UTC',
      parameters: { EventName: 'SessionTimeout', SequenceNumber: '7' },
      attempts: [
        {
          time: '2026-11-23 01:02:03 +0000 UTC',
          duration_ms: 40_001,
          status_code: null,
          error: 'ERR_CALLBACK_READ_TIMEOUT',
          answer: '',
        },
      ],
      resource_uri: path('7/'),
    });
  });

  it('are sent again by a POST', async () => {
    deps.logged.push(callback(3));
    const { status, body } = await send('POST', path('3/'));
    expect({ status, message: body['message'] }).toEqual({ status: 202, message: 'callback queued' });
    expect(deps.resent).toEqual([{ number: DID, sessionId: session, sequence: 3 }]);
  });

  it('are listed with how many of its events found no place', async () => {
    deps.lost = 3;
    expect((await send('GET', path())).body['lost_count']).toBe(3);
  });

  it('are not sent again while too many wait: the answer says so', async () => {
    deps.logged.push(callback(3));
    deps.resendError = Object.assign(new Error('full'), { code: 'ERR_QUEUE_FULL' });
    expect(await send('POST', path('3/'))).toMatchObject({
      status: 503,
      body: { error: 'Too many requests of this kind wait. Try again.' },
    });
  });

  it.each(['2', '0', '-1', '1.5', 'x', '99999999999999999999'])('%s is not found', async (id) => {
    deps.logged.push(callback(1));
    for (const method of ['GET', 'POST'] as const) {
      expect(await send(method, path(id))).toMatchObject({ status: 404, body: { error: 'not found' } });
    }
  });

  it.each(['limit=0', 'limit=21', 'offset=-1', 'limit=x'])('a page by %s is refused', async (query) => {
    expect((await send('GET', path(`?${query}`))).status).toBe(400);
  });

  it('of a session that is not known are not found', async () => {
    session = '00000000-0000-4000-8000-000000000000';
    for (const rest of ['', '1']) expect((await send('GET', path(rest))).status).toBe(404);
    session = 'nonsense';
    expect((await send('GET', path())).status).toBe(404);
  });
});
