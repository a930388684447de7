import { afterAll, beforeAll, expect, it } from 'vitest';

import { SimBed } from '../helpers/sim-bed.js';
import { PIN, pinSession } from '../scenarios/scenario.js';
import { eventually } from './callbacks/fixture.js';

let bed: SimBed;
beforeAll(async () => {
  bed = await SimBed.start({ controllers: 2, environment: { METRICS_ALLOW: '127.0.0.1' } });
}, 60_000);
afterAll(() => bed.close());

/** What all controllers show of a series, added up as Prometheus would. */
async function sumOf(series: string): Promise<number> {
  const pages = await Promise.all(bed.stack.controllers.map(({ url }) => pageOf(url)));
  const values = pages.flatMap((page) =>
    page
      .split('\n')
      .filter((line) => line.startsWith(`${series} `))
      .map((line) => Number(line.slice(series.length + 1))),
  );
  return values.reduce((sum, value) => sum + value, 0);
}

async function pageOf(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  return response.text();
}

it('what became of calls is counted once, whoever of the controllers had to do with them', async () => {
  const [talks, busy, keys, nobody] = [
    await bed.lane(),
    await bed.lane(),
    await bed.lane(),
    await bed.lane(),
  ];
  const sessions = [await talks.session(), await busy.session(), await keys.session(pinSession(keys))];
  await talks.callee(talks.second, { kind: 'answer', afterMs: 200 });
  await busy.callee(busy.second, { kind: 'refuse', status: 486, afterMs: 100 });
  await keys.callee(keys.second, { kind: 'answer', afterMs: 100, talkMs: 300 });
  await talks.call({ from: talks.first, steps: [{ wait: 1_200 }, { hangup: true }] });
  await busy.call({ from: busy.first });
  const keyed = [{ wait: 1_500 }, { press: '0000' }, { wait: 1_500 }, { press: PIN }];
  await keys.call({ from: keys.stranger, steps: keyed });
  await nobody.call({ from: nobody.stranger });
  for (const [index, lane] of [talks, busy, keys].entries()) await lane.interactions(sessions[index]!.id, 1);

  const ended = 'maskline_calls_total{outcome="connected",cause="NORMAL_CLEARING"}';
  await eventually(async () => (await sumOf(ended)) === 2);
  expect(await sumOf('maskline_calls_total{outcome="unanswered",cause="USER_BUSY"}')).toBe(1);
  expect(await sumOf('maskline_pin_checks_total{result="wrong"}')).toBe(1);
  expect(await sumOf('maskline_pin_checks_total{result="matched"}')).toBe(1);
  expect(await sumOf('maskline_calls_unconnected_total{reason="not-in-service"}')).toBe(1);
  expect(await sumOf(`maskline_post_dial_delay_seconds_count{trunk="${talks.trunk}"}`)).toBe(1);
  expect(await sumOf('maskline_call_talk_seconds_count')).toBe(2);
  expect(await sumOf('maskline_setup_duration_seconds_count{outcome="answered"}')).toBe(6);
  expect(await sumOf('maskline_session_creates_total{result="created"}')).toBe(3);
  expect(await sumOf('maskline_event_socket_lag_seconds_count')).toBeGreaterThan(0);
  expect(await sumOf('maskline_redis_up')).toBe(2);
  // One of the two has the node's lease.
  const node = `node="127.0.0.1:${bed.stack.eventSocketPort}"`;
  expect(await sumOf(`maskline_node_held{${node}}`)).toBe(1);
  expect(await sumOf(`maskline_node_up{${node}}`)).toBe(1);
  expect(await sumOf('maskline_calls_running')).toBe(0);
});

it('no metric names anybody', async () => {
  const pages = (await Promise.all(bed.stack.controllers.map(({ url }) => pageOf(url)))).join('\n');
  const labels = [...pages.matchAll(/\{([^}]*)\}/g)].map(([, text]) => text ?? '');
  expect(labels.filter((text) => /[0-9]{7}|[0-9a-f]{8}-[0-9a-f]{4}-/.test(text))).toEqual([]);
});

it('Redis is away: the page is there, says so, and leaves out what it does not know', async () => {
  process.kill(bed.stack.redis.pid!, 'SIGSTOP');
  try {
    const page = await pageOf(bed.stack.controllers[0]!.url);
    expect(page).toContain('maskline_redis_up 0');
    expect(page).not.toMatch(/^maskline_calls_running /m);
  } finally {
    process.kill(bed.stack.redis.pid!, 'SIGCONT');
  }
});
