import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { Receiver } from '../../helpers/receiver.js';
import { allArrive, arrivals, ProcessBed } from './process-bed.js';

let bed: ProcessBed;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
  // Slow enough that a kill finds many of them under way.
  receiver.answering = (_told, response) => void setTimeout(() => response.writeHead(200).end(), 150);
});
afterEach(async () => {
  await bed.close();
  await receiver.close();
});

it('while deliveries are under way: each callback arrives', async () => {
  bed = await ProcessBed.start(2);
  const { sessions, run } = await bed.traffic(receiver, 40);
  const stopped = new AbortController();
  const running = run(stopped.signal);
  for (let kill = 0; kill < 6; kill += 1) {
    await sleep(500 + Math.random() * 1_500);
    const which = Math.floor(Math.random() * 2);
    await bed.sim.killController(which);
    // Now and then both are gone.
    if (kill % 3 === 2) await bed.sim.killController(1 - which);
    await bed.sim.startController(which);
    if (kill % 3 === 2) await bed.sim.startController(1 - which);
  }
  stopped.abort();
  await running;
  const { expected, arrived, twice } = await allArrive((each) => bed.toldOf(each), sessions, receiver);
  process.stdout.write(`${JSON.stringify({ kills: 8, expected, arrived, twice })}\n`);
  expect(expected).toBeGreaterThan(200);
  expect(arrived).toBe(expected);
  // Only what was under way, or just written, when its controller died.
  expect(twice).toBeLessThan(expected / 2);
}, 300_000);

it('and hang with their deliveries (SIGSTOP): these go to another, and coming back does no harm', async () => {
  bed = await ProcessBed.start(2, { WATCHDOG_LIMIT_MS: '0' });
  const { sessions, run } = await bed.traffic(receiver, 20);
  const stopped = new AbortController();
  const running = run(stopped.signal);
  await sleep(1_000);
  const pid = bed.sim.stack.controllers[0]!.pid!;
  process.kill(pid, 'SIGSTOP');
  await sleep(2_000);
  stopped.abort();
  await running;
  try {
    // The locks of what it had under way last for 15 s.
    await allArrive((each) => bed.toldOf(each), sessions, receiver);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await sleep(2_000);
  for (const session of sessions) {
    const page = { limit: 1_000, offset: 0 };
    const { callbacks } = await bed.store.callbacks.list(session.virtualNumber, session.id, page);
    expect(callbacks.filter(({ state }) => state !== 'delivered')).toEqual([]);
  }
  expect(arrivals(receiver).size).toBeGreaterThan(50);
}, 300_000);
