import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { PoolDay } from '../../../src/masking/pool-forecast.js';
import { ApiClient, expectError, type Body } from './client.js';
import { BASE, credentials, FakeDeps, NOW } from './fake-deps.js';

const PLAN = `${BASE}/Masking/Pool/Plan/`;
const FORECAST = `${BASE}/Masking/Pool/Forecast/`;

let deps: FakeDeps;
let app: FastifyInstance;
let api: ApiClient;

beforeEach(() => {
  deps = new FakeDeps();
  app = buildApi(deps);
  api = new ApiClient(app);
});

afterEach(() => app.close());

function own(number: string, country: string, subaccount = '', enabled = true): void {
  const key = number as E164;
  deps.owned.set(key, { number: key, country, alias: '', enabled, trunk: '', subaccount, addedAt: NOW });
}

async function plan(query: string): Promise<Body> {
  const { status, body } = await api.send('GET', `${PLAN}?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body['response'] as Body;
}

describe('Masking/Pool/Plan/', () => {
  it('says how many numbers a load needs, why, and how many of them are missing', async () => {
    own('+442079460001', 'GB');
    own('+442079460002', 'GB');
    own('+442079460003', 'GB', '', false);
    own('+12125550100', 'US');
    const load = 'sessions_per_hour=1000&session_seconds=1800&first_persons=100&failed_per_million=10000';
    expect(await plan(`${load}&country=gb`)).toEqual({
      numbers: 11,
      explanation: '11 numbers: a person has one session, or cool-off, on a number at a time.',
      binds: 'persons',
      constraints: [
        {
          constraint: 'persons',
          numbers: 11,
          explanation: 'a person has one session, or cool-off, on a number at a time',
        },
      ],
      numbers_without_cool_off: 11,
      unmet: [],
      expected_failed_per_million: expect.closeTo(8_287, -1) as number,
      live_sessions: 500,
      held_by_first_party: 5,
      held_by_second_party: 0,
      pool: { country: 'GB', subaccount: null, numbers: 2, numbers_to_add: 9 },
    });
    const all = await plan(`${load}&cool_off_seconds=3600`);
    expect(all).toMatchObject({ numbers_without_cool_off: 11, pool: { country: null, numbers: 3 } });
    expect(all['numbers']).toBeGreaterThan(22);
  });

  it('plans every rule, with what the configuration enforces', async () => {
    const load = 'sessions_per_hour=600';
    expect(await plan(`${load}&pins=true`)).toMatchObject({ binds: 'pin_guard' });
    expect(await plan(`${load}&pins=true&pin_length=8&calls_at_once=2000`)).toMatchObject({
      binds: 'calls_per_number',
    });
    expect(await plan(`${load}&single_party=true`)).toMatchObject({
      binds: 'unknown_callers',
      held_by_second_party: null,
    });
    const crowded = await plan(`${load}&calls_at_once=2000`);
    expect(crowded).toMatchObject({ numbers: 1, unmet: [{ constraint: 'calls_per_number' }] });
    expect(crowded['explanation']).toBe(
      '1 number: a person has one session, or cool-off, on a number at a time.',
    );
    expect(await plan('sessions_per_hour=10000000&single_party=1')).toMatchObject({
      numbers: null,
      explanation:
        'More than 10000 numbers: a number takes one single-party session, or its cool-off, at a time.',
      expected_failed_per_million: null,
      pool: { numbers_to_add: null },
    });
  });

  it('refuses with a text that names what is wrong', async () => {
    const cases: [query: string, text: string][] = [
      ['', 'Mandatory parameter missing. sessions_per_hour must be present.'],
      ['sessions_per_hour=0', 'Invalid parameter. sessions_per_hour is outside the allowed range.'],
      ['sessions_per_hour=1.5', 'Invalid parameter. sessions_per_hour is outside the allowed range.'],
      [
        'sessions_per_hour=1&cool_off_seconds=3601',
        'Invalid parameter. cool_off_seconds is outside the allowed range.',
      ],
      ['sessions_per_hour=1&pin_length=3', 'Invalid parameter. pin_length is outside the allowed range.'],
      ['sessions_per_hour=1&pins=maybe', 'Invalid parameter. pins allowed values are true or false.'],
      ['sessions_per_hour=1&country=1x', 'Invalid parameter. country is not an ISO 3166-1 alpha-2 code.'],
      ['sessions_per_hour=1&subaccount=x', 'Invalid parameter. subaccount is not the id of a subaccount.'],
      [
        'sessions_per_hour=1000&second_persons=100&second_at_once=4',
        'Invalid parameter. second_at_once is less than the sessions that a person has on average.',
      ],
    ];
    for (const [query, text] of cases) expectError(await api.send('GET', `${PLAN}?${query}`), 400, text);
  });

  it('is for the main account alone, and read only', async () => {
    const { account, token } = await deps.accounts.create('sub', true, NOW);
    for (const path of ['Plan', 'Forecast']) {
      const url = `/v1/Account/${account.id}/Masking/Pool/${path}/?sessions_per_hour=1`;
      const answer = await api.send('GET', url, undefined, credentials(account.id, token));
      expectError(answer, 403, 'Only the main account may do this.');
      expectError(await api.send('POST', `${BASE}/Masking/Pool/${path}/`), 405, 'HTTP method not allowed.');
    }
  });
});

describe('Masking/Pool/Forecast/', () => {
  const growing = (index: number): PoolDay => ({
    ...{ created: 100, exhausted: 0, open: 0, held: new Map([[0, 100]]) },
    pins: new Map([[4, new Map([[13 + index, 100]])]]),
  });

  it('says what runs out when, from how much data, and how many numbers to add', async () => {
    for (let index = 0; index < 10; index += 1) own(`+44207946000${index}`, 'GB');
    const days = Array.from({ length: 28 }, (_, index) => growing(index));
    deps.poolPast = [{ pool: { subaccount: '', scope: 'GB' }, hours: 600, days }];
    const { status, body } = await api.send('GET', `${FORECAST}?days=14`);
    expect([status, body['days']]).toEqual([200, 14]);
    const [pool] = body['objects'] as Body[];
    expect(pool).toMatchObject({
      ...{ subaccount: null, scope: 'GB', numbers: 10, disabled: 0, live_sessions: 20, in_cool_off: 10 },
      ...{ idle_numbers: 0, created_last_day: 100, exhausted_last_day: 0, created_last_week: 700 },
      ...{ observed_hours: 600, observed_days: 28, runs_out_of: 'pin_guard' },
      explanation:
        'GB: PINs of 4 digits on a number until strangers are guarded (40 of 49): used up in 9 days (8.8 days to 9.2 days).',
      numbers_to_add: 2,
    });
    expect((pool!['resources'] as Body[])[0]).toEqual({
      ...{ resource: 'pin_guard', pin_length: 4, level: 40, capacity: 49, growth_per_week: 7 },
      ...{ verdict: 'runs_out', days: 9, earliest_days: 8.81, latest_days: 9.2, numbers_needed: 12 },
      explanation: expect.stringContaining('used up in 9 days') as string,
    });
  });

  it('says so when there is too little to tell', async () => {
    own('+442079460001', 'GB');
    own('+12125550100', 'US');
    deps.poolPast = [{ pool: { subaccount: '', scope: 'GB' }, hours: 3, days: [growing(0)] }];
    const { body } = await api.send('GET', FORECAST);
    const [gb, us] = body['objects'] as Body[];
    expect(gb).toMatchObject({ runs_out_of: null, observed_hours: 3, observed_days: 1 });
    expect(gb!['explanation']).toContain('no trend is told by 1 day of data; it takes 14');
    expect(us).toMatchObject({
      explanation: 'US: no creates in the last six weeks chose from these numbers.',
      numbers_to_add: null,
    });
  });

  it('refuses days and shares that make no sense', async () => {
    for (const name of ['days', 'failed_per_million']) {
      const text = `Invalid parameter. ${name} is outside the allowed range.`;
      expectError(await api.send('GET', `${FORECAST}?${name}=0`), 400, text);
    }
  });
});
