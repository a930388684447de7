import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PIN, pinSession } from '../scenarios/scenario.js';
import { RealBed } from './helpers/real-bed.js';
import { withTwoPeople } from './helpers/two-people.js';
import { figure } from '../helpers/figure.js';
import { until } from '../helpers/until.js';

/** What a controller without Redis may cost a caller is 3 s; twice that, for a busy machine. */
const BOUND_MS = 6_000;

let bed: RealBed;
beforeAll(async () => {
  bed = await RealBed.start({ controllers: 2, lanes: 6, proxied: true });
});
afterEach(async () => {
  for (const proxy of bed.stack.redisProxies) proxy.restore();
  for (const index of [0, 1]) {
    await until(`controller ${index} takes questions`, async () => (await checks(index)).questions === true);
  }
});
afterAll(() => bed.close());

/** What /readyz says of each part. */
async function checks(index: number): Promise<Record<string, boolean>> {
  const response = await fetch(`${bed.stack.controllers[index]!.url}/readyz`);
  const body = (await response.json()) as { dependencies: Record<string, { ok: boolean }> };
  return Object.fromEntries(Object.entries(body.dependencies).map(([name, { ok }]) => [name, ok]));
}

const WAYS = [
  { how: 'its connection is cut', way: 'cut' },
  { how: 'nothing arrives any more, and nobody is told', way: 'silence' },
] as const;

describe('a controller loses Redis and the other one has it', () => {
  it.each(WAYS)('$how: the caller of that instant and every later one get through', async ({ way }) => {
    const lane = await bed.lane();
    const session = await lane.session();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    const steps = [{ wait: 200 }, { hangup: true }] as const;
    const usual = await timed(() => lane.call({ from: lane.first, steps }));
    await lane.interactions(session.id, 1);

    // FreeSWITCH asks this one first.
    bed.stack.redisProxies[0]![way]();
    const unlucky = await timed(() => lane.call({ from: lane.first, steps }));
    expect(unlucky.result.status).toBe(200);
    expect(unlucky.ms - usual.ms).toBeLessThan(BOUND_MS);
    await lane.interactions(session.id, 2);

    await until('its question port is closed', async () => !(await checks(0)).questions);
    const later = await timed(() => lane.call({ from: lane.first, steps }));
    expect(later.result.status).toBe(200);
    await lane.interactions(session.id, 3);
    figure({ way, usual: usual.ms, unlucky: unlucky.ms, later: later.ms });
  });

  it.each(WAYS)('$how in the middle of a PIN: the PIN still connects', ({ way }) =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session(pinSession(lane));
      const { dialog, mediaPort } = await people.call(lane.stranger);
      await until('the prompt plays', () => bed.log.toCaller(lane.did, 0).length === 1);
      bed.stack.redisProxies[0]![way]();
      await people.a.press(PIN, mediaPort);
      const b = await people.answer();
      await people.talk({ a: mediaPort, b: b.mediaPort });
      await dialog.hangUp();
      await people.b.sip.request('BYE');
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a', caller: 'first' });
    }),
  );
});

it('no controller has Redis: a caller hears the announcement within seconds, at once when all ports are closed', async () => {
  const lane = await bed.lane();
  const session = await lane.session();
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
  for (const proxy of bed.stack.redisProxies) proxy.silence();
  const first = await timed(() => lane.call({ from: lane.first }));
  expect(first.result).toMatchObject({ status: 503, heard: ['unavailable'] });
  // Two controllers are asked, the announcement is some seconds long.
  expect(first.ms).toBeLessThan(20_000);
  for (const index of [0, 1]) await until('the port is closed', async () => !(await checks(index)).questions);
  const second = await timed(() => lane.call({ from: lane.first }));
  expect(second.result).toMatchObject({ status: 503, heard: ['unavailable'] });
  expect(second.ms).toBeLessThan(first.ms);
  figure({ first: first.ms, second: second.ms });

  for (const proxy of bed.stack.redisProxies) proxy.restore();
  await until('questions are taken again', async () => (await checks(0)).questions === true);
  await sleep(100);
  const next = await lane.call({ from: lane.first, steps: [{ wait: 200 }, { hangup: true }] });
  expect(next.status).toBe(200);
  await lane.interactions(session.id, 1);
});

async function timed<T>(run: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const startedAt = performance.now();
  const result = await run();
  return { result, ms: Math.round(performance.now() - startedAt) };
}
