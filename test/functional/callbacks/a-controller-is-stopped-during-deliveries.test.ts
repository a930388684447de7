import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { answers, hangs, Receiver } from '../../helpers/receiver.js';
import { aCall, eventually } from './fixture.js';
import { allArrive, arrivals, ProcessBed } from './process-bed.js';

const EVENTS = 6;

let bed: ProcessBed;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  await bed.close();
  await receiver.close();
});

it('those under way are finished, those that wait are left to the next: none is sent twice', async () => {
  receiver.answering = (_told, response) => void setTimeout(() => response.writeHead(200).end(), 400);
  bed = await ProcessBed.start(1, { CALLBACK_RECEIVER_CONCURRENCY: '8' });
  const { sessions } = await bed.traffic(receiver, 20);
  for (let round = 0; round < 3; round += 1) {
    for (const session of sessions) await aCall(bed.store, session);
    await sleep(500);
    expect(await bed.sim.stack.controllers[0]!.end('SIGTERM')).toBe(0);
    const answered = receiver.told.length;
    await sleep(200);
    expect(receiver.told.length).toBe(answered);
    await bed.sim.startController(0);
  }
  const { expected, arrived, twice } = await allArrive((each) => bed.toldOf(each), sessions, receiver);
  expect({ expected, arrived, twice }).toEqual({
    expected: 3 * 20 * EVENTS,
    arrived: 3 * 20 * EVENTS,
    twice: 0,
  });
}, 240_000);

it.each([20, 2])(
  'one that the receiver does not answer is handed back within the deadline of %i s',
  async (deadline) => {
    receiver.answering = hangs;
    bed = await ProcessBed.start(1, { SHUTDOWN_DEADLINE: String(deadline) });
    const { sessions } = await bed.traffic(receiver, 1);
    await aCall(bed.store, sessions[0]!);
    await eventually(() => receiver.told.length > 0);
    // 0: it ended in order, and was not cut short.
    expect(await bed.sim.stack.controllers[0]!.end('SIGTERM')).toBe(0);
    receiver.answering = answers(200);
    const begun = performance.now();
    await bed.sim.startController(0);
    await allArrive((each) => bed.toldOf(each), sessions, receiver);
    await eventually(() => arrivals(receiver).size === EVENTS);
    // Handed back: it does not have to wait until its lock is over.
    expect(performance.now() - begun).toBeLessThan(14_000);
  },
  120_000,
);
