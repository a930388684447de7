import { afterAll, beforeAll, expect, test } from 'vitest';

import { Client, NUMBERS, PEOPLE, whoIs } from './client.js';
import { Cluster } from './cluster.js';
import { History } from './history.js';

const CLIENTS = 50;
const ROUNDS = 8;
/** Milliseconds after which no client begins anything new, on however busy a machine. */
const LONGEST = 25_000;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
}, 60_000);
afterAll(() => cluster.close());

test(
  'fifty clients and their callers at three controllers: nobody is led to two places, or to a wrong one',
  { timeout: 90_000 },
  async () => {
    const seed = Number(process.env['MASKLINE_TEST_SEED'] ?? Date.now() % 1_000_000);
    // To be repeated with MASKLINE_TEST_SEED.
    process.stdout.write(`fifty clients on three controllers: seed ${seed}\n`);
    for (const number of NUMBERS) {
      const { status, body } = await cluster.api(0, 'POST', '/Number/', { number });
      expect(status, JSON.stringify(body)).toBe(201);
    }
    const history = new History();
    const clients = Array.from({ length: CLIENTS }, (_, index) => new Client(cluster, history, seed, index));
    const until = performance.now() + LONGEST;
    await Promise.all(clients.map((client) => client.run(ROUNDS, until)));

    expect(clients.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(history.sessions.length).toBeGreaterThan(CLIENTS);
    expect(history.conflicts()).toEqual([]);

    const everybody = new Set([...PEOPLE, ...history.calls.map(({ caller }) => caller)]);
    const connected = history.calls.filter(({ reached }) => reached !== null);
    let certain = 0;
    for (const call of connected) {
      const reached = whoIs(call.reached!, everybody);
      const may = history.mayReach(call);
      expect([...may], JSON.stringify({ ...call, who: reached })).toContain(reached);
      if (may.size === 1) certain += 1;
    }
    const led = history.calls.filter((call) => history.mustLeadSomewhere(call));
    // Busy, or on a machine that is slow unavailable; but never as if there were no session.
    for (const call of led) expect([404, 603], JSON.stringify(call)).not.toContain(call.status);
    const answered = history.calls.filter(({ status }) => status === 200);
    process.stdout.write(
      `${history.sessions.length} sessions; ${history.calls.length} calls, ${answered.length} answered, ` +
        `${connected.length} heard who was there, ${certain} of them with one right answer, ${led.length} had to lead somewhere\n`,
    );
    expect(connected.length).toBeGreaterThan(CLIENTS);
    expect(certain).toBeGreaterThan(connected.length / 2);
    expect(led.length).toBeGreaterThan(0);

    const live = history.live(performance.now()).map(({ id }) => id);
    for (const controller of [0, 1, 2]) {
      expect(await idsOf(controller, 'active', 'in-progress')).toEqual([...live].sort());
    }
  },
);

/** Ids of the sessions in these states as a controller lists them. */
async function idsOf(controller: number, ...states: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const state of states) {
    for (let offset = 0; ; offset += 20) {
      const path = `/Masking/Session/?status=${state}&limit=20&offset=${offset}`;
      const { status, body } = await cluster.api(controller, 'GET', path);
      expect(status, JSON.stringify(body)).toBe(200);
      const { objects } = body['response'] as { objects: { session_uuid: string }[] };
      ids.push(...objects.map(({ session_uuid: id }) => id));
      if (objects.length < 20) break;
    }
  }
  return ids.sort();
}
