import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { cli, type CliResult } from '../../helpers/cli.js';
import { RunningApi } from '../../helpers/running-api.js';
import { answerJson, StubApi } from './stub-api.js';

const NUMBERS = ['+15550002001', '+15550002002'];

describe('maskline pool plan, on a real Redis', { timeout: 60_000 }, () => {
  let api: RunningApi;
  let environment: Record<string, string>;

  beforeAll(async () => {
    api = await RunningApi.start();
    environment = { MASKLINE_URL: api.url, AUTH_ID: api.account.id, AUTH_TOKEN: api.account.token };
  });

  afterAll(() => api.close());

  function run(...args: string[]): Promise<CliResult> {
    return cli(['pool', 'plan', ...args], { environment, folder: tmpdir() });
  }

  async function post(path: string, body: object): Promise<number> {
    const { id, token } = api.account;
    const response = await fetch(`${api.url}/v1/Account/${id}/${path}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
    return response.status;
  }

  it('says so when there are no numbers', async () => {
    const told = await run();
    expect([told.code, told.stdout]).toEqual([0, '']);
    expect(told.stderr).toContain('there are no virtual numbers');
  });

  it('tells from the creates themselves what is used up', async () => {
    expect(await post('Number/', { numbers: NUMBERS })).toBe(201);
    const busy = '+447700900161';
    const statuses: number[] = [];
    for (const other of ['62', '63', '64']) {
      statuses.push(
        await post('Masking/Session/', {
          ...{ first_party: busy, second_party: `+4477009001${other}`, geomatch: false },
        }),
      );
    }
    expect(statuses).toEqual([201, 201, 400]);
    const pins = { is_pin_authentication_required: true, generate_pin: true, geomatch: false };
    expect(
      await post('Masking/Session/', {
        ...{ ...pins, first_party: '+447700900171', second_party: '+447700900172' },
        pin_prompt_play: 'https://example.com/pin.wav',
      }),
    ).toBe(201);
    await api.store.poolHistory.flush();

    const told = await run('--json');
    expect(told.code, told.stderr).toBe(0);
    const { objects } = JSON.parse(told.stdout) as { objects: Record<string, unknown>[] };
    expect(objects).toHaveLength(1);
    expect(objects[0]).toMatchObject({
      ...{ subaccount: null, scope: '*', numbers: 2, disabled: 0, live_sessions: 3, in_cool_off: 0 },
      ...{ created_last_day: 3, exhausted_last_day: 1, created_last_week: 3, observed_days: 1 },
      ...{ runs_out_of: 'persons', numbers_to_add: 1 },
    });
    const resources = objects[0]!['resources'] as Record<string, unknown>[];
    expect(resources.map(({ resource, level, verdict }) => [resource, level, verdict])).toEqual([
      ['persons', 2, 'exhausted'],
      ['pin_guard', 0, 'too_little_data'],
      ['pin_space', 0, 'too_little_data'],
    ]);
    const human = await run();
    expect(human.stdout).toMatch(/^all +- +2 +3 +0 +1 +busiest persons +2\/2 +- +now +1 +1 d, \d h$/m);
    expect(human.stdout).toMatch(/PINs of 4: guard +0\/49 +- +too little data/);
    expect(human.stdout).not.toContain('447700900');
  });

  it('says how many numbers a load needs', async () => {
    const load = ['--sessions-per-hour', '1000', '--first-persons', '100', '--failed-per-million', '10000'];
    const told = await run(...load);
    expect(told.code, told.stderr).toBe(0);
    const [first, there] = told.stdout.split('\n');
    expect(first).toBe('11 numbers: a person has one session, or cool-off, on a number at a time.');
    expect(there).toMatch(/^there are +2 in all countries; add 9$/);
    expect(told.stdout).toMatch(/^persons +11 +a person has/m);
    const enough = await run('--sessions-per-hour', '60', '--pins', '--pin-length', '6', '--country', 'gb');
    expect(enough.stdout).toMatch(/^there are +0 in GB; add 1$/m);
    const crowded = await run('--sessions-per-hour', '60', '--pins', '--wrong-pins', '30');
    expect(crowded.stdout).toContain('not cured by more numbers: pin_guard, as strangers are asked');
    expect(crowded.stdout).toMatch(/^there are +2 in all countries, which is enough$/m);
    const document = await run(...load, '--json');
    expect((JSON.parse(document.stdout) as { response: { numbers: number } }).response.numbers).toBe(11);
  });

  it('refuses what makes no load, in one line', async () => {
    const cases: [args: string[], code: number, text: string][] = [
      [['--pins'], 2, 'a load begins with --sessions-per-hour'],
      [['--sessions-per-hour', '5', '--days', '9'], 2, '--days is for today’s numbers'],
      [['--sessions-per-hour', 'many'], 1, 'sessions_per_hour is outside the allowed range'],
      [['--days', '0'], 1, 'days is outside the allowed range'],
    ];
    for (const [args, code, text] of cases) {
      const told = await run(...args);
      expect([told.code, told.stdout], text).toEqual([code, '']);
      expect(told.stderr).toContain(text);
      expect(told.stderr.trim().split('\n')).toHaveLength(1);
    }
    const help = await run('--help');
    for (const word of ['--sessions-per-hour', '--days', 'Examples:', 'pool-planning.md'])
      expect(help.stdout).toContain(word);
  });
});

describe('maskline pool plan, on a screen', { timeout: 30_000 }, () => {
  let stub: StubApi | undefined;
  afterEach(() => stub?.close());

  const resource = (changes: object): object => ({
    ...{ resource: 'pin_guard', pin_length: 4, level: 40, capacity: 49, growth_per_week: 7 },
    ...{ verdict: 'runs_out', days: 9, earliest_days: 7.2, latest_days: 12.4, numbers_needed: 35 },
    ...changes,
  });
  const pool = {
    ...{ subaccount: null, scope: 'GB', numbers: 24, live_sessions: 412, in_cool_off: 30 },
    ...{ exhausted_last_week: 2, observed_hours: 640, observed_days: 28, numbers_to_add: 11 },
    resources: [
      resource({}),
      resource({
        resource: 'persons',
        pin_length: null,
        verdict: 'not_with_this_trend',
        growth_per_week: -0.5,
      }),
      resource({
        resource: 'unknown_callers',
        pin_length: null,
        verdict: 'beyond_horizon',
        growth_per_week: null,
      }),
    ],
  };
  const idle = { ...pool, scope: '+1', numbers_to_add: null, resources: [], live_sessions: 0 };

  it('shows each pool once, what it runs out of and when, and fits its width', async () => {
    stub = await StubApi.start((_, __, response) =>
      answerJson(response, { days: 30, objects: [pool, idle] }),
    );
    const wide = await cli(['pool', 'plan', '--days', '14'], { environment: stub.environment });
    expect(stub.requests[0]?.url).toMatch(/Masking\/Pool\/Forecast\/\?days=14$/);
    expect(wide.stdout).toMatch(
      /^GB +- +24 +412 +30 +2 +PINs of 4: guard +40\/49 +\+7 +in 9 days \(7-13\) +11 +28 d, 640 h$/m,
    );
    expect(wide.stdout).toMatch(/^ +busiest persons +40\/49 +-0\.5 +not with this trend$/m);
    expect(wide.stdout).toMatch(/^ +single-party +40\/49 +- +not in sight$/m);
    expect(wide.stdout).toMatch(/^\+1 +- +24 +0 +30 +2 +no creates +- +- +- +- /m);
    for (const columns of [60, 80]) {
      const narrow = await cli(['pool', 'plan'], { environment: stub.environment, columns });
      const lines = narrow.stdout.trimEnd().split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(narrow.stdout).toContain('in 9 days (7-13)');
    }
  });

  it('says when the controller is of another version', async () => {
    stub = await StubApi.start((_, __, response) => answerJson(response, { nothing: 1 }));
    for (const args of [[], ['--sessions-per-hour', '5']]) {
      const told = await cli(['pool', 'plan', ...args], { environment: stub.environment });
      expect([told.code, told.stdout]).toEqual([1, '']);
      expect(told.stderr).toContain('is the controller of another version?');
    }
  });
});
