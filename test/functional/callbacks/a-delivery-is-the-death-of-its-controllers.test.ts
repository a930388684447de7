import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Callbacks } from '../../../src/callbacks/callbacks.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import { hangs, Receiver } from '../../helpers/receiver.js';
import { CallbackBed, eventually } from './fixture.js';

const EVENTS = 6;
/** Each event is the death of three, and the last to be sent may die alone. */
const MOST_DEATHS = 4 * EVENTS;
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

/** A controller's death: nobody renews the locks of its deliveries, and what it knew of receivers is gone. */
async function die(callbacks: Callbacks): Promise<void> {
  const locks = (await bed.redis.raw.keys(`${JOBS}*:lock`)).filter((key) => !key.endsWith('stalled-check'));
  if (locks.length > 0) await bed.redis.raw.del(...locks);
  await bed.stop(callbacks, 0);
}

it('again and again: it is given up where it is seen, and does not vanish', async () => {
  const start = (): Callbacks => bed.callbacks({}, { lockDuration: 600, mostStalls: 2 });
  const session = await bed.session({ callbackUrl: receiver.url() });
  receiver.answering = hangs;
  let before = 0;
  let controller = start();
  await bed.call(session);
  let settled = 0;
  for (let deaths = 0; settled < EVENTS && deaths < MOST_DEATHS; deaths += 1) {
    // Whoever comes after it finds what stalled, sends it again, or gives it up.
    await eventually(
      async () => receiver.told.length > before || (settled = await givenUp(session)) === EVENTS,
    );
    await die(controller);
    // Ahead of the start: it may have sent all that it may send at once before we look, and then sends no more.
    before = receiver.told.length;
    controller = start();
    settled = await givenUp(session);
  }
  for (const each of await bed.settled(session, EVENTS)) {
    expect(each).toMatchObject({
      state: 'failed',
      attempts: [{ error: 'ERR_CALLBACK_DEFECT', status: null }],
    });
  }
  expect(settled).toBe(EVENTS);
  // Each was tried once more for each death that it may survive.
  expect(receiver.told.length).toBeGreaterThan(EVENTS);
}, 100_000);

async function givenUp(session: MaskingSession): Promise<number> {
  const page = { limit: 100, offset: 0 };
  const { callbacks } = await bed.store.callbacks.list(session.virtualNumber, session.id, page);
  return callbacks.filter(({ state }) => state === 'failed').length;
}
