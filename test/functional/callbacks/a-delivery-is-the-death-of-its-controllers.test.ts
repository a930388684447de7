import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { answers, hangs, Receiver } from '../../helpers/receiver.js';
import { CallbackBed, eventually } from './fixture.js';

const EVENTS = 6;
const JOBS = '{maskline:callbacks}:deliveries:';

let bed: CallbackBed;
let receiver: Receiver;
beforeEach(async () => {
  bed = await CallbackBed.start();
  receiver = await Receiver.start();
});
afterEach(async () => {
  await bed.close();
  await receiver.close();
});

/** What Redis sees of a controller's death: nobody renews the locks of its deliveries. */
async function dieOnce(): Promise<void> {
  const locks = (await bed.redis.raw.keys(`${JOBS}*:lock`)).filter((key) => !key.endsWith('stalled-check'));
  if (locks.length > 0) await bed.redis.raw.del(...locks);
}

it('again and again: it is given up where it is seen, and does not vanish', async () => {
  bed.callbacks({}, { lockDuration: 600, mostStalls: 2 });
  const session = await bed.session({ callbackUrl: receiver.url() });
  // A receiver that is known to answer is sent as many at once as die here.
  receiver.answering = answers(200);
  for (let call = 0; call < 5; call += 1) await bed.call(session);
  await bed.settled(session, 5 * EVENTS);
  const before = receiver.told.length;
  receiver.answering = hangs;
  await bed.call(session);
  await eventually(() => receiver.told.length > before);
  let settled = 0;
  // A receiver that keeps silent is sent less and less, so the last one takes many deaths to have had its own.
  for (const until = Date.now() + 70_000; settled < EVENTS && Date.now() < until;) {
    await dieOnce();
    await sleep(300);
    const page = { limit: 100, offset: 0 };
    const { callbacks } = await bed.store.callbacks.list(session.virtualNumber, session.id, page);
    settled = callbacks.filter(({ state }) => state === 'failed').length;
  }
  const newest = await bed.settled(session, 6 * EVENTS, 1_000);
  for (const each of newest.filter(({ state }) => state !== 'delivered')) {
    expect(each).toMatchObject({
      state: 'failed',
      attempts: [{ error: 'ERR_CALLBACK_DEFECT', status: null }],
    });
  }
  expect(settled).toBe(EVENTS);
  // Each was tried once more for each death that it may survive.
  expect(receiver.told.length - before).toBeGreaterThan(EVENTS);
}, 100_000);
