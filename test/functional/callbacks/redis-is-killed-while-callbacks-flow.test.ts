import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { Receiver } from '../../helpers/receiver.js';
import { allArrive, ProcessBed } from './process-bed.js';

let bed: ProcessBed;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
  receiver.answering = (_told, response) => void setTimeout(() => response.writeHead(200).end(), 50);
  bed = await ProcessBed.start(2);
});
afterEach(async () => {
  await bed.close();
  await receiver.close();
});

it('again and again: none is lost', async () => {
  const { sessions, run } = await bed.traffic(receiver, 40);
  const stopped = new AbortController();
  const running = run(stopped.signal);
  for (let kill = 0; kill < 5; kill += 1) {
    await sleep(1_000 + Math.random() * 1_500);
    await bed.sim.stack.redis.kill();
    await sleep(Math.random() * 1_500);
    await bed.sim.stack.redis.restart();
  }
  await sleep(1_000);
  stopped.abort();
  await running;
  const { expected, arrived, twice } = await allArrive((each) => bed.toldOf(each), sessions, receiver);
  process.stdout.write(`${JSON.stringify({ kills: 5, expected, arrived, twice })}\n`);
  expect(expected).toBeGreaterThan(200);
  expect(arrived).toBe(expected);
}, 300_000);
