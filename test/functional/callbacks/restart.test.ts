import { afterEach, beforeEach, expect, it } from 'vitest';

import { answers, hangs, Receiver } from '../../helpers/receiver.js';
import { CallbackBed, eventually } from './fixture.js';

const EVENTS = 6;

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

const sequences = (): string[] => receiver.told.map(({ fields }) => fields['SequenceNumber'] ?? '').sort();

it('what was written before a controller died is told by the next one', async () => {
  const session = await bed.session({ callbackUrl: receiver.url() });
  // Nobody moves what these scripts append.
  await bed.call(session);
  expect(receiver.told).toEqual([]);
  bed.callbacks({}, { store: bed.redis.store() });
  await bed.settled(session, EVENTS);
  expect(sequences()).toEqual(['1', '2', '3', '4', '5', '6']);
});

it('what waits for a retry is told after a restart, of Redis as well', async () => {
  receiver.answering = answers(503);
  const session = await bed.session({ callbackUrl: receiver.url('/#rc=5&rp=5xx') });
  const first = bed.callbacks({ retryDelays: [2_000] });
  await bed.call(session);
  await eventually(() => receiver.told.length === EVENTS);
  await bed.stop(first);
  await bed.redis.redis.kill();
  await bed.redis.redis.restart();
  receiver.answering = answers(200);
  bed.callbacks({ retryDelays: [2_000] }, { store: bed.redis.store() });
  const all = await bed.settled(session, EVENTS);
  expect(all.map(({ state }) => state)).toEqual(Array.from({ length: EVENTS }, () => 'delivered'));
  expect(all[0]!.attempts.map(({ status }) => status)).toEqual([503, 200]);
});

it('a delivery that is under way when its controller stops goes back, and costs no attempt', async () => {
  receiver.answering = answers(200);
  const session = await bed.session({ callbackUrl: receiver.url('/#rc=0') });
  const first = bed.callbacks();
  await bed.call(session);
  // A receiver that is known to answer is sent as many at once.
  await bed.settled(session, EVENTS);
  receiver.answering = hangs;
  await bed.call(session);
  await eventually(() => receiver.told.length === 2 * EVENTS);
  const begun = performance.now();
  await bed.stop(first);
  // The receiver would have had 40 s.
  expect(performance.now() - begun).toBeLessThan(15_000);
  receiver.answering = answers(200);
  bed.callbacks({}, { store: bed.redis.store() });
  const all = await bed.settled(session, 2 * EVENTS);
  expect(all.every(({ state, attempts }) => state === 'delivered' && attempts.length === 1)).toBe(true);
});

it('several controllers that look at the same outbox tell everything once', async () => {
  const session = await bed.session({ callbackUrl: receiver.url() });
  for (let call = 0; call < 20; call += 1) await bed.call(session);
  for (let controller = 0; controller < 3; controller += 1) bed.callbacks({}, { store: bed.redis.store() });
  await bed.settled(session, 20 * EVENTS);
  expect(sequences()).toHaveLength(20 * EVENTS);
  expect(new Set(sequences()).size).toBe(20 * EVENTS);
});
