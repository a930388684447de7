import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { ApiClient, expectError, type ApiAnswer, type Body } from './client.js';
import { BASE, FakeDeps, NOW } from './fake-deps.js';

const SESSIONS = `${BASE}/Masking/Session/`;
const SECOND = 1_000;
const DAY = 86_400_000;
const HOUR_BEFORE = '2026-11-23 00:02:03';

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

/** Creates a session `ago` milliseconds before now. */
async function create(ago: number, extra: Body = {}): Promise<string> {
  deps.instant = NOW - ago;
  const index = String(deps.held.size).padStart(4, '0');
  const parties = { first_party: `+1415555${index}`, second_party: '+14155569999' };
  const { body } = await api.send('POST', SESSIONS, { ...parties, ...extra });
  deps.instant = NOW;
  return String(body['session_uuid']);
}

async function list(query = ''): Promise<{ meta: Body; objects: Body[]; ids: unknown[] }> {
  const { status, body } = await api.send('GET', `${SESSIONS}${query}`);
  expect([status, body['error']]).toEqual([200, undefined]);
  const { meta, objects } = body['response'] as { meta: Body; objects: Body[] };
  return { meta, objects, ids: objects.map((object) => object['session_uuid']) };
}

const refusal = (query: string): Promise<ApiAnswer> => api.send('GET', `${SESSIONS}?${query}`);

describe('the answer', () => {
  it('wraps meta and objects in `response`, newest first', async () => {
    const [older, newer] = [await create(2 * SECOND), await create(SECOND)];
    const { status, body } = await api.send('GET', SESSIONS);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['api_id', 'response']);
    const response = body['response'] as { meta: Body; objects: Body[] };
    expect(Object.keys(response)).toEqual(['meta', 'objects']);
    expect(response.meta).toEqual({ limit: 20, next: null, offset: 0, previous: null, total_count: 2 });
    expect(response.objects.map((object) => object['session_uuid'])).toEqual([newer, older]);
  });

  it('says of every object where it is, and else shows what a get shows', async () => {
    const id = await create(0);
    const [object = {}] = (await list()).objects;
    const { resource_uri: uri, ...rest } = object;
    expect(uri).toBe(`${SESSIONS}${id}/`);
    const got = (await api.send('GET', String(uri))).body['response'];
    expect(got).toEqual(rest);
    expect(got).not.toHaveProperty('resource_uri');
  });

  it.each(['Masking/Session', 'Masking/Session/', '/Masking//Session//', 'Masking/Session/?'])(
    'is found at %s',
    async (path) => {
      expect((await api.send('GET', `${BASE}/${path}`)).status).toBe(200);
    },
  );
});

describe('pages', () => {
  it('go by offset, and are null at the ends', async () => {
    for (let ago = 45; ago > 0; ago -= 1) await create(ago * SECOND);
    const all: unknown[] = [];
    let url: string | null = '';
    let pages = 0;
    while (url !== null) {
      const { meta, ids }: Awaited<ReturnType<typeof list>> = await list(url);
      expect(meta).toMatchObject({ limit: 20, offset: pages * 20, total_count: 45 });
      expect(meta['previous'] === null).toBe(pages === 0);
      all.push(...ids);
      pages += 1;
      const next = meta['next'] as string | null;
      expect(next === null || next.startsWith(`${SESSIONS}?`)).toBe(true);
      url = next === null ? null : next.slice(SESSIONS.length);
    }
    expect(pages).toBe(3);
    expect(new Set(all).size).toBe(45);
  });

  it('stay as they are when sessions are created meanwhile', async () => {
    for (let ago = 25; ago > 0; ago -= 1) await create(ago * SECOND);
    const first = await list();
    deps.instant = NOW + 60_000;
    for (let more = 0; more < 7; more += 1) {
      await api.send('POST', SESSIONS, {
        first_party: `+1415777000${more}`,
        second_party: '+14155569999',
      });
    }
    const second = await list(String(first.meta['next']).slice(SESSIONS.length));
    expect(second.meta).toMatchObject({ total_count: 25, next: null });
    expect(second.ids).toHaveLength(5);
    expect(new Set([...first.ids, ...second.ids]).size).toBe(25);
    const back = await list(String(second.meta['previous']).slice(SESSIONS.length));
    expect(back.ids).toEqual(first.ids);
  });

  it('keep the filters of the first, however they were spelled', async () => {
    for (let ago = 3; ago > 0; ago -= 1) await create(ago * SECOND, { virtual_number: '' });
    const { meta } = await list('?limit=1&virtual_number=%2B15550001000&status=ACTIVE&duration_lte=1800');
    const next = new URLSearchParams(String(meta['next']).split('?')[1]);
    expect(Object.fromEntries(next)).toEqual({
      virtual_number: '+15550001000',
      status: 'ACTIVE',
      duration__lte: '1800',
      created_time__gte: '2026-11-16 01:02:03.456',
      created_time__lt: '2026-11-23 01:02:02.457',
      limit: '1',
      offset: '1',
    });
    expect((await list(String(meta['next']).slice(SESSIONS.length))).meta).toMatchObject({ total_count: 3 });
  });

  it('may begin anywhere', async () => {
    for (let ago = 12; ago > 0; ago -= 1) await create(ago * SECOND);
    const { meta, ids } = await list('?limit=10&offset=5');
    expect(ids).toHaveLength(7);
    expect(meta).toMatchObject({ limit: 10, offset: 5, next: null, total_count: 12 });
    expect(meta['previous']).toMatch(/limit=10&offset=0$/);
    expect((await list('?offset=12')).ids).toEqual([]);
  });

  it.each([
    ['limit', '0'],
    ['limit', '21'],
    ['limit', '-1'],
    ['limit', 'x'],
    ['limit', '1.5'],
    ['limit', '5&limit=6'],
    ['offset', '-1'],
    ['offset', '2147483648'],
    ['offset', 'x'],
  ])('refuses %s=%s', async (name, value) => {
    expectError(
      await refusal(`${name}=${value}`),
      400,
      `Invalid parameter. ${name} is outside the allowed range.`,
    );
  });

  it.each(['limit=1', 'limit=20', 'limit=', 'offset=0', 'offset=2147483647', 'offset=', 'limit=%2020'])(
    'takes %s',
    async (query) => {
      await list(`?${query}`);
    },
  );
});

describe('filters by number', () => {
  it.each(['+14155550000', '%2B14155550000', '14155550000', '%2014155550000', '0014155550000'])(
    'understands %s',
    async (number) => {
      const id = await create(SECOND);
      await create(0);
      expect((await list(`?first_party=${number}`)).ids).toEqual([id]);
      expect((await list(`?second_party=${number}`)).ids).toEqual([]);
      expect((await list(`?virtual_number=${number}`)).ids).toEqual([]);
    },
  );

  it('takes what is empty for not given', async () => {
    await create(0);
    expect(
      (await list('?first_party=&second_party=&virtual_number=&status=&created_time=')).ids,
    ).toHaveLength(1);
  });

  it.each(['first_party', 'second_party', 'virtual_number'])('refuses a %s that is none', async (name) => {
    for (const value of ['x', '12', 'sip:bob@example.com', `14155550000&${name}=14155550001`]) {
      expectError(
        await refusal(`${name}=${value}`),
        400,
        `Invalid parameter. ${name} is not a valid phone number.`,
      );
    }
  });
});

describe('the status filter', () => {
  it.each([
    ['active', 1],
    ['ACTIVE', 1],
    ['in-progress', 1],
    ['expired', 1],
    ['all', 3],
    ['', 3],
  ])('%j finds %i', async (status, count) => {
    const running = await create(SECOND);
    await create(2 * SECOND);
    await create(3_600 * SECOND);
    const held = deps.held.get(running)!;
    deps.held.set(running, { ...held, session: { ...held.session, inProgress: true } });
    expect((await list(`?status=${status}`)).ids).toHaveLength(count);
  });

  it('refuses another word', async () => {
    expectError(
      await refusal('status=done'),
      400,
      'Invalid parameter. status allowed values are active, in-progress, expired or all.',
    );
  });
});

describe('filters by time', () => {
  /** The session that was created an hour before now, at 00:02:03.456. */
  it.each([
    ['', HOUR_BEFORE, true],
    ['', '2026-11-23 00:02:03.456', true],
    ['', '2026-11-23 00:02:03.456789', true],
    ['', '2026-11-23 00:02:03.455', false],
    ['', '2026-11-23 00:02', false],
    ['', '2026-11-23 00:02:04', false],
    ['s', HOUR_BEFORE, true],
    ['__gt', HOUR_BEFORE, false],
    ['__gt', '2026-11-23 00:02:02', true],
    ['__gte', HOUR_BEFORE, true],
    ['__gte', '2026-11-23 00:02:04', false],
    ['__lt', HOUR_BEFORE, false],
    ['__lt', '2026-11-23 00:02:04', true],
    ['__lt', '2026-11-23 00:03', true],
    ['__lte', HOUR_BEFORE, true],
    ['__lte', '2026-11-23 00:02:02', false],
    ['_gt', HOUR_BEFORE, false],
    ['_gte', HOUR_BEFORE, true],
    ['_lt', HOUR_BEFORE, false],
    ['_lte', HOUR_BEFORE, true],
    ['__gte', '2026-11-23T00:02:03Z', true],
    ['__gte', '2026-11-23', true],
    ['__gte', '2026-11-23 00:02:03 +0000 UTC', true],
    ['__gte', '2026-11-23 00:02:03.9 +0000 UTC', false],
  ])('created_time%s=%s: %s', async (comparison, time, found) => {
    const id = await create(3_600 * SECOND);
    const ids = (await list(`?created_time${comparison}=${encodeURIComponent(time)}`)).ids;
    expect(ids).toEqual(found ? [id] : []);
    const plus = (await list(`?created_time${comparison}=${time.replaceAll(' ', '+')}`)).ids;
    expect(plus).toEqual(ids);
  });

  it.each([
    ['expiry_time', '00:32:03', true],
    ['expiry_times', '00:32:03', true],
    ['expiry_time__gt', '00:32:02', true],
    ['expiry_time__lt', '00:32:03', false],
    ['expiry_time_gte', '00:32:04', false],
    ['expiry_time_lte', '00:32:03', true],
  ])('%s=%s: %s', async (name, time, found) => {
    await create(3_600 * SECOND);
    expect((await list(`?${name}=2026-11-23%20${time}`)).ids).toHaveLength(found ? 1 : 0);
  });

  it.each([
    ['duration', '1800', true],
    ['durations', '1800', true],
    ['duration', '1799', false],
    ['duration__gt', '1800', false],
    ['duration__gte', '1800', true],
    ['duration__lt', '1800', false],
    ['duration__lte', '1800', true],
    ['duration_gt', '1799', true],
    ['duration_lt', '1801', true],
    ['session_duration', '1800', true],
    ['session_duration__gte', '1801', false],
  ])('%s=%s: %s', async (name, seconds, found) => {
    await create(0);
    expect((await list(`?${name}=${seconds}`)).ids).toHaveLength(found ? 1 : 0);
  });

  it('hold all together', async () => {
    await create(3_600 * SECOND);
    const from = 'created_time__gte=2026-11-23+00:00&created_time__lt=2026-11-23+01:00';
    expect((await list(`?${from}`)).ids).toHaveLength(1);
    expect((await list(`?${from}&created_time__gt=2026-11-23+00:30`)).ids).toHaveLength(0);
    expect((await list(`?${from}&created_time_gte=2026-11-23+00:30`)).ids).toHaveLength(1);
    expect((await list(`?${from}&duration__lt=1800`)).ids).toHaveLength(0);
  });

  it.each([
    'now',
    '2026-11-23 1:02',
    '2026-13-01 00:00',
    '2026-02-30 00:00',
    '2026-11-23 24:00',
    '2026-11-23 00:60',
    '23-11-2026',
    '1795395723',
    '2026-11-23 00:00:00 +0530',
  ])('refuses the time %j', async (value) => {
    for (const name of ['created_time', 'created_time__gte', 'expiry_time__lt']) {
      expectError(
        await refusal(`${name}=${encodeURIComponent(value)}`),
        400,
        `Invalid parameter. ${name} should be in the format YYYY-MM-DD HH:MM[:ss[.uuuuuu]].`,
      );
    }
  });

  it.each(['-1', 'x', '1.5', '2147483648'])('refuses the duration %s', async (value) => {
    expectError(
      await refusal(`duration__gte=${value}`),
      400,
      'Invalid parameter. duration__gte is outside the allowed range.',
    );
  });
});

describe('the window', () => {
  const daysAgo = (days: number): string =>
    encodeURIComponent(new Date(NOW - days * DAY).toISOString().slice(0, 19).replace('T', ' '));

  it('is the last 7 days unless it is given', async () => {
    await create(8 * DAY);
    const inside = await create(7 * DAY - SECOND);
    expect((await list()).ids).toEqual([inside]);
    expect((await list('?expiry_time__gt=2026-01-01+00:00')).ids).toEqual([inside]);
    expect((await list(`?created_time__gte=${daysAgo(9)}`)).ids).toHaveLength(2);
  });

  it('is the 7 days before its end when only that is given', async () => {
    await create(DAY);
    const inside = await create(9 * DAY);
    await create(16 * DAY);
    expect((await list(`?created_time__lt=${daysAgo(8)}`)).ids).toEqual([inside]);
  });

  it('reaches 7 days back from now when its end is yet to come', async () => {
    const inside = await create(7 * DAY - SECOND);
    await create(8 * DAY);
    expect((await list(`?created_time__lte=${daysAgo(-1)}`)).ids).toEqual([inside]);
    expect((await list(`?created_time__lte=${daysAgo(-3000)}`)).ids).toEqual([inside]);
  });

  it.each([
    ['30 days up to now', `created_time__gte=${daysAgo(30)}`, true],
    ['31 days up to now', `created_time__gte=${daysAgo(31)}`, false],
    ['30 days long ago', `created_time__gt=${daysAgo(80)}&created_time__lt=${daysAgo(50)}`, true],
    ['31 days long ago', `created_time__gt=${daysAgo(81)}&created_time__lt=${daysAgo(50)}`, false],
    ['a second long ago', `created_time=${daysAgo(89)}`, true],
    [
      'a window that ends before it begins',
      `created_time__gt=${daysAgo(1)}&created_time__lt=${daysAgo(2)}`,
      true,
    ],
    ['a window in times to come', `created_time__gt=${daysAgo(-2)}`, true],
  ])('may span 30 days: %s', async (_, query, allowed) => {
    if (allowed) expect((await list(`?${query}`)).ids).toEqual([]);
    else
      expectError(await refusal(query), 400, 'Invalid parameter. created_time should span at most 30 days.');
  });
});

it('ignores what it does not know, in whatever case', async () => {
  await create(0);
  expect((await list('?isVoiceRequest=true&x=1&x=2&FIRST_PARTY=14155550000&constructor=1')).ids).toHaveLength(
    1,
  );
});
