import { afterEach, beforeEach, expect, it } from 'vitest';

import type { MaskingSession } from '../../../src/masking/session.js';
import type { CallbackAddress, CallbackRecord, LoggedCallback } from '../../../src/store/index.js';
import { Receiver } from '../../helpers/receiver.js';
import { CallbackBed, eventually } from './fixture.js';

const EVENTS = 6;
/** As in src/store/callback-log.ts. */
const MOST_SETTLED = 500;
const MOST_QUEUED = 2_000;

let bed: CallbackBed;
let receiver: Receiver;
let session: MaskingSession;
beforeEach(async () => {
  bed = await CallbackBed.start();
  receiver = await Receiver.start();
  session = await bed.session({ callbackUrl: receiver.url() });
});
afterEach(async () => {
  await bed.close();
  await receiver.close();
});

const address = (sequence: number): CallbackAddress => ({
  number: session.virtualNumber,
  sessionId: session.id,
  sequence,
});

const record = (): CallbackRecord => ({
  accountId: session.accountId,
  method: 'POST',
  url: receiver.url(),
  parameters: [],
  createdAt: Date.now(),
});

async function open(from: number, to: number): Promise<void> {
  const all = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  for (const sequence of all)
    expect(await bed.store.callbacks.open(address(sequence), record())).toBe('queued');
}

async function settle(from: number, to: number, state: 'delivered' | 'failed' = 'delivered'): Promise<void> {
  const attempt = { at: Date.now(), durationMs: 1, status: 200, error: '', answer: '' };
  for (let sequence = from; sequence <= to; sequence += 1) {
    await bed.store.callbacks.note(address(sequence), 0, state, attempt);
  }
}

async function kept(): Promise<readonly LoggedCallback[]> {
  const page = { limit: 10_000, offset: 0 };
  const { callbacks, total } = await bed.store.callbacks.list(session.virtualNumber, session.id, page);
  expect(callbacks).toHaveLength(total);
  return callbacks;
}

it('none that was not delivered gives way to newer ones', async () => {
  await open(1, MOST_SETTLED + 50);
  expect(await kept()).toHaveLength(MOST_SETTLED + 50);
  // All but the oldest ten are delivered.
  await settle(11, MOST_SETTLED + 50);
  await open(1_001, 1_100);
  await settle(1_001, 1_100);
  const left = await kept();
  expect(left.filter(({ state }) => state === 'queued').map(({ sequence }) => sequence)).toEqual([
    ...[10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
  ]);
  expect(left.filter(({ state }) => state === 'delivered')).toHaveLength(MOST_SETTLED);
});

it('one that fails after all the newer ones were delivered is not pushed out by these', async () => {
  await open(1, MOST_SETTLED + 1);
  await settle(2, MOST_SETTLED + 1);
  await settle(1, 1, 'failed');
  const left = await kept();
  expect(left).toHaveLength(MOST_SETTLED);
  expect(left.at(-1)).toMatchObject({ sequence: 1, state: 'failed' });
});

it('one that is sent again is not given up while it waits', async () => {
  await open(1, 1);
  await settle(1, 1);
  expect(await bed.store.callbacks.resend(address(1), Date.now())).toBe(true);
  await open(2, MOST_SETTLED + 10);
  await settle(2, MOST_SETTLED + 10);
  expect((await kept()).at(-1)).toMatchObject({ sequence: 1, state: 'queued', round: 1 });
});

it('past the bound of those that wait, new ones are set aside where they are seen, and can be sent', async () => {
  await open(1_000_001, 1_000_000 + MOST_QUEUED);
  expect(await bed.store.callbacks.open(address(2_000_000), record())).toBe('full');
  const callbacks = bed.callbacks();
  await bed.call(session);
  await eventually(() => callbacks.detail.includes(`${EVENTS} set aside`));
  const aside = (await kept()).filter(({ sequence }) => sequence <= EVENTS);
  expect(aside).toHaveLength(EVENTS);
  for (const each of aside) {
    expect(each).toMatchObject({
      state: 'failed',
      attempts: [{ error: 'ERR_CALLBACK_OVERFLOW', status: null }],
    });
  }
  expect(receiver.told).toEqual([]);
  await callbacks.resend(address(3));
  await eventually(() => receiver.told.length === 1);
  expect(receiver.told[0]!.fields).toMatchObject({ SequenceNumber: '3', SessionUUID: session.id });
}, 60_000);
