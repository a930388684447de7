import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import type { EndedCall, LiveCall } from '../../../src/masking/call.js';
import type { Interaction, LegRecord } from '../../../src/masking/interaction.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { Recording } from '../../../src/masking/recording.js';
import { ACCOUNT, BASE, CodedError, credentials, DID, FakeDeps, NOW } from './fake-deps.js';

const A = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';
const B = '8f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d12';
const ALICE = '+14155550101' as E164;
const BYTES = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));

const leg: LegRecord = {
  uuid: A,
  role: 'a',
  party: 'first',
  startedAt: NOW - 70_000,
  ringingAt: null,
  answeredAt: NOW - 60_000,
  bridgedAt: NOW - 60_000,
  endedAt: NOW - 1_500,
  cause: 'NORMAL_CLEARING',
  sipStatus: null,
  endedBy: 'a',
  trunk: '',
  bill: { seconds: 60, amount: 8_500 },
};
const interaction: Interaction = {
  id: A,
  sessionId: 'session-1',
  virtualNumber: DID,
  node: 'node-1',
  caller: 'first',
  stage: 'ended',
  startedAt: leg.startedAt,
  connectedAt: leg.bridgedAt,
  endedAt: leg.endedAt,
  endedBy: 'a',
  cause: leg.cause,
  recording: `${A}.mp3`,
  people: null,
  legs: [leg],
};
const ended: EndedCall = {
  uuid: A,
  role: 'a',
  accountId: ACCOUNT.id,
  interaction,
  direction: 'inbound',
  from: ALICE,
  to: DID,
  leg,
};
const live: LiveCall = {
  ...ended,
  uuid: B,
  role: 'b',
  direction: 'outbound',
  from: DID,
  to: ALICE,
  interaction: { ...interaction, stage: 'ringing', legs: [] },
  since: NOW - 2_000,
};
const recording: Recording = {
  id: A,
  sessionId: 'session-1',
  accountId: ACCOUNT.id,
  virtualNumber: DID,
  from: ALICE,
  to: DID,
  format: 'mp3',
  state: 'completed',
  problem: '',
  startedAt: NOW - 60_000,
  endedAt: NOW - 1_500,
  durationMs: 58_500,
  bytes: BYTES.length,
  addedAt: NOW - 1_000,
};

let deps: FakeDeps;
let app: FastifyInstance;
let folder: string;
beforeEach(async () => {
  deps = new FakeDeps();
  folder = await mkdtemp(join(tmpdir(), 'maskline-media-'));
  deps.recordings = { ...deps.recordings, folder };
  deps.ended.set(A, ended);
  deps.up.set(B, live);
  deps.kept.set(A, recording);
  await writeFile(join(folder, `${A}.mp3`), BYTES);
  await writeFile(join(folder, 'secret.mp3'), 'not for anybody');
  app = buildApi(deps);
});
afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

type Answer = Awaited<ReturnType<typeof request>>;
async function request(method: 'GET' | 'DELETE' | 'HEAD', path: string, headers: object = credentials()) {
  return app.inject({ method, url: path.startsWith('/v1') ? path : BASE + path, headers: { ...headers } });
}

describe('calls', () => {
  it('has Plivo’s object for one that has ended', async () => {
    const answer = await request('GET', `/Call/${A}/`);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      api_id: expect.any(String) as string,
      answer_time: '2026-11-23 01:01:03+00:00',
      bill_duration: 59,
      billed_duration: 60,
      call_direction: 'inbound',
      call_duration: 59,
      call_state: 'ANSWER',
      call_uuid: A,
      conference_uuid: null,
      end_time: '2026-11-23 01:02:01+00:00',
      from_number: ALICE,
      hangup_cause_code: 4000,
      hangup_cause_name: 'Normal Hangup',
      hangup_source: 'Caller',
      initiation_time: '2026-11-23 01:00:53+00:00',
      parent_call_uuid: null,
      resource_uri: `${BASE}/Call/${A}/`,
      to_number: DID.slice(1),
      total_amount: '0.0085',
      total_rate: '0',
      stir_verification: 'Not Applicable',
      session_uuid: 'session-1',
    });
    expect(deps.lines.join('')).not.toContain(ALICE.slice(1));
  });

  it('lists those of 7 days, with the window fixed in the URLs of other pages', async () => {
    deps.calls = {
      ...deps.calls,
      list: (query) => (deps.asked.push(query), Promise.resolve({ calls: [ended], total: 41 })),
    };
    const answer = await request('GET', '/Call/?from_number=14155550101&call_direction=inbound&offset=20');
    expect(answer.json()).toMatchObject({
      meta: { limit: 20, offset: 20, total_count: 41 },
      objects: [{ call_uuid: A }],
    });
    expect(deps.asked).toEqual([
      {
        accountIds: null,
        from: ALICE,
        direction: 'inbound',
        ended: { gte: NOW - 7 * 86_400_000, lt: NOW + 1 },
        limit: 20,
        offset: 20,
      },
    ]);
    const { next } = answer.json<{ meta: { next: string } }>().meta;
    expect(next).toMatch(/offset=40$/);
    deps.instant += 5_000;
    await request('GET', next);
    expect(deps.asked[1]).toEqual({ ...(deps.asked[0] as object), offset: 40 });
  });

  it.each([
    [
      'end_time__gte=2026-01-01%2000:00&end_time__lt=2026-03-01%2000:00',
      'end_time should span at most 30 days',
    ],
    ['end_time=yesterday', 'end_time'],
    ['limit=21', 'limit is outside the allowed range'],
    ['offset=-1', 'offset is outside the allowed range'],
    ['call_direction=sideways', 'call_direction'],
    ['from_number=nobody', 'from_number is not a valid phone number'],
    ['bill_duration__gt=x', 'bill_duration__gt'],
  ])('refuses %s', async (query, text) => {
    const answer = await request('GET', `/Call/?${query}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ error: string }>().error).toContain(text);
  });

  it('says so when a list would have to look through too much', async () => {
    deps.calls = { ...deps.calls, list: () => Promise.reject(new CodedError('ERR_LISTING_TOO_LONG')) };
    expect((await request('GET', '/Call/')).statusCode).toBe(400);
  });

  it('lists and shows those that are up', async () => {
    expect((await request('GET', '/Call/?status=live')).json()).toMatchObject({ calls: [B] });
    expect((await request('GET', `/Call/${B}/?status=live`)).json()).toMatchObject({
      call_status: 'ringing',
      call_uuid: B,
      direction: 'outbound',
      from: DID,
      to: ALICE.slice(1),
      parent_call_uuid: A,
      session_start: '2026-11-23 01:02:01.456000',
    });
    expect((await request('GET', `/Call/${A}/?status=live`)).statusCode).toBe(404);
  });

  it('hangs one up, and says when it cannot', async () => {
    const answer = await request('DELETE', `/Call/${B.toUpperCase()}/`);
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect(deps.asked).toEqual([{ uuid: B, call: A, node: 'node-1' }]);
    expect((await request('DELETE', `/Call/${A}/`)).statusCode).toBe(404);
    deps.hangUpResult = false;
    expect((await request('DELETE', `/Call/${B}/`)).statusCode).toBe(404);
    deps.hangUpResult = new CodedError('ERR_NODE_UNREACHABLE');
    const unreachable = await request('DELETE', `/Call/${B}/`);
    expect(unreachable.statusCode).toBe(503);
    expect(unreachable.json()).toMatchObject({
      error: 'The call cannot be reached at the moment. Try again.',
    });
  });

  it.each(['nothing', '..', '%2e%2e%2f', `${A}x`, '00000000-0000-0000-0000-000000000000'])(
    'does not know %s',
    async (id) => {
      expect((await request('GET', `/Call/${id}/`)).statusCode).toBe(404);
      expect((await request('DELETE', `/Recording/${id}/`)).statusCode).toBe(404);
      expect((await request('GET', `/Recording/${id}/`)).statusCode).toBe(404);
    },
  );

  it('shows a subaccount nothing of others', async () => {
    const { token, account } = await deps.accounts.create('sub', true, NOW);
    const sub = credentials(account.id, token);
    const path = `/v1/Account/${account.id}`;
    for (const url of [`/Call/${A}/`, `/Call/${B}/?status=live`, `/Recording/${A}/`, `/Recording/${A}.mp3`]) {
      expect((await request('GET', path + url, sub)).statusCode, url).toBe(404);
    }
    expect((await request('DELETE', `${path}/Call/${B}/`, sub)).statusCode).toBe(404);
    await request('GET', `${path}/Call/`, sub);
    await request('GET', `${path}/Recording/`, sub);
    expect(deps.asked).toMatchObject([{ accountIds: [account.id] }, { accountIds: [account.id] }]);
  });
});

describe('recordings', () => {
  it('has Plivo’s object, with a signed URL', async () => {
    const answer = await request('GET', `/Recording/${A}/`);
    expect(answer.json()).toMatchObject({
      add_time: '2026-11-23 01:02:02.456000+00:00',
      call_uuid: A,
      conference_name: null,
      recording_duration_ms: '58500.00000',
      recording_format: 'mp3',
      recording_id: A,
      recording_type: 'normal',
      recording_url: deps.urls.media(recording, NOW),
      resource_uri: `${BASE}/Recording/${A}/`,
      rounded_recording_duration: 60,
      from_number: ALICE,
      state: 'completed',
    });
    deps.kept.set(A, { ...recording, state: 'failed', problem: 'missing' });
    expect((await request('GET', `/Recording/${A}/`)).json()).toMatchObject({
      recording_url: '',
      state: 'failed',
    });
    expect((await request('GET', `/Recording/${A}.mp3`)).statusCode).toBe(404);
  });

  it('lists them, by call and session too, and deletes them', async () => {
    await request('GET', '/Recording/?session=session-1&add_time__gt=2026-11-20%2010:00');
    expect(deps.asked).toMatchObject([
      { sessionId: 'session-1', added: { gte: Date.UTC(2026, 10, 20, 10, 0, 1) } },
    ]);
    expect((await request('GET', `/Recording/?call_uuid=${A}`)).json()).toMatchObject({
      meta: { total_count: 1 },
      objects: [{ recording_id: A }],
    });
    expect((await request('GET', `/Recording/?call_uuid=${B}`)).json()).toMatchObject({ objects: [] });
    expect((await request('DELETE', `/Recording/${A}/`)).statusCode).toBe(204);
    expect((await request('DELETE', `/Recording/${A}/`)).statusCode).toBe(404);
  });
});

describe('the audio of a recording', () => {
  const file = `/Recording/${A}.mp3`;
  const range = (value: string): object => ({ ...credentials(), range: value });

  function signed(changes: Record<string, string> = {}): string {
    const url = new URL(deps.urls.media(recording, NOW));
    for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, value);
    return url.pathname + url.search;
  }

  it('is had with credentials or with a signed URL, and not without', async () => {
    for (const answer of [await request('GET', file), await request('GET', signed(), {})]) {
      expect(answer.statusCode).toBe(200);
      expect(answer.rawPayload).toEqual(BYTES);
      expect(answer.headers).toMatchObject({
        'content-type': 'audio/mpeg',
        'content-length': '1000',
        'accept-ranges': 'bytes',
        'x-content-type-options': 'nosniff',
      });
    }
    expect((await request('GET', file, {})).statusCode).toBe(401);
    expect((await request('GET', file, credentials(ACCOUNT.id, 'wrong'))).statusCode).toBe(401);
  });

  it.each<[string, () => string]>([
    ['expired', () => ((deps.instant += 3_700_000), signed())],
    ['forged', () => signed({ signature: 'A'.repeat(43) })],
    ['prolonged', () => signed({ expires: '9999999999' })],
    ['moved to another recording', () => signed().replace(A, B)],
    ['moved to another format', () => signed().replace('.mp3', '.wav')],
    ['moved to another account', () => signed().replace(ACCOUNT.id, 'MAABCDEFGHIJKLMNOPQX')],
    ['empty', () => signed({ signature: '' })],
    ['without an end', () => signed({ expires: '' })],
    ['doubled', () => `${signed()}&expires=9999999999`],
  ])('is refused for a signature that is %s', async (_, url) => {
    const answer: Answer = await request('GET', url(), {});
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ error: 'The signature of this URL is wrong or has expired.' });
  });

  it.each([
    ['bytes=0-99', 0, 99],
    ['bytes=900-', 900, 999],
    ['bytes=-10', 990, 999],
    ['bytes=500-5000', 500, 999],
  ])('comes in ranges: %s', async (value, first, last) => {
    const answer = await request('GET', file, range(value));
    expect(answer.statusCode).toBe(206);
    expect(answer.headers['content-range']).toBe(`bytes ${first}-${last}/1000`);
    expect(answer.rawPayload).toEqual(BYTES.subarray(first, last + 1));
  });

  it('answers what lies beyond its end with 416, and nonsense or several ranges with all of it', async () => {
    const beyond = await request('GET', file, range('bytes=1000-'));
    expect(beyond.statusCode).toBe(416);
    expect(beyond.headers['content-range']).toBe('bytes */1000');
    expect((await request('GET', file, range('bytes=x'))).statusCode).toBe(416);
    for (const value of ['bytes=0-1,5-6', 'lines=1-2']) {
      const answer = await request('GET', file, range(value));
      expect([answer.statusCode, answer.rawPayload.length], value).toEqual([200, 1000]);
    }
  });

  it('has If-Range, If-None-Match and HEAD', async () => {
    const { etag } = (await request('GET', file)).headers;
    const part = { ...range('bytes=0-9'), 'if-range': etag };
    expect((await request('GET', file, part)).statusCode).toBe(206);
    expect((await request('GET', file, { ...part, 'if-range': '"other"' })).statusCode).toBe(200);
    expect((await request('GET', file, { ...credentials(), 'if-none-match': etag })).statusCode).toBe(304);
    const head = await request('HEAD', file);
    expect([head.statusCode, head.headers['content-length'], head.body]).toEqual([200, '1000', '']);
  });

  it.each([
    '/Recording/secret.mp3',
    '/Recording/..%2fsecret.mp3',
    '/Recording/%2e%2e%2f%2e%2e%2fetc%2fpasswd.mp3',
    `/Recording/${A}.wav`,
    `/Recording/${A}.ogg`,
    `/Recording/${B}.mp3`,
    `/Recording/${A}.mp3%00.mp3`,
    `/Recording/${A}.mp3/../secret.mp3`,
  ])('is nothing at %s', async (path) => {
    const answer = await request('GET', path);
    expect(answer.statusCode).toBe(404);
    expect(answer.body).not.toContain('not for anybody');
  });

  it('is gone with its file', async () => {
    await rm(join(folder, `${A}.mp3`));
    expect((await request('GET', file)).statusCode).toBe(404);
    expect((await request('DELETE', file)).statusCode).toBe(405);
  });
});
