import type { ServerResponse } from 'node:http';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { MaskingSession } from '../../../src/masking/session.js';
import type { CallbackAddress } from '../../../src/store/index.js';
import { answers, Receiver } from '../../helpers/receiver.js';
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

const first = (session: MaskingSession): CallbackAddress => ({
  number: session.virtualNumber,
  sessionId: session.id,
  sequence: 1,
});

it('one whose controller died as soon as it was written is sent by the next controller', async () => {
  const session = await bed.session({ callbackUrl: receiver.url() });
  const controller = bed.callbacks({}, { store: bed.redis.store() });
  await bed.call(session);
  await bed.settled(session, EVENTS);
  await bed.stop(controller);
  // What the API's request writes, in one command; whoever wrote it does nothing more.
  expect(await bed.store.callbacks.resend(first(session), Date.now())).toBe(true);
  expect((await bed.store.callbacks.read(first(session)))?.state).toBe('queued');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(receiver.told).toHaveLength(EVENTS);
  bed.callbacks({}, { store: bed.redis.store() });
  await eventually(() => receiver.told.length === EVENTS + 1);
  const [again] = await bed.settled(session, EVENTS);
  expect(again).toMatchObject({ state: 'delivered', attempts: [{ status: 200 }, { status: 200 }] });
});

it.each([
  ['fails', 500],
  ['succeeds', 200],
])('one whose older delivery %s meanwhile is sent all the same', async (_, status) => {
  const held: ServerResponse[] = [];
  receiver.answering = (told, response) => {
    if (told.fields['SequenceNumber'] === '1' && held.length === 0) held.push(response);
    else response.writeHead(200).end();
  };
  const session = await bed.session({ callbackUrl: receiver.url('/#rc=0') });
  const callbacks = bed.callbacks();
  await bed.call(session);
  await eventually(() => receiver.told.length === EVENTS);
  // The resend waits until the older one is over: both are written down.
  expect(await callbacks.resend(first(session))).toBe(true);
  held[0]!.writeHead(status).end();
  await eventually(() => receiver.told.length === EVENTS + 1);
  const [again] = await bed.settled(session, EVENTS);
  expect(again!.state).toBe('delivered');
  expect(again!.attempts.map((attempt) => attempt.status).sort()).toEqual([200, status].sort());
});

it('one that is asked for twice in a row is sent, and stays settled', async () => {
  const session = await bed.session({ callbackUrl: receiver.url() });
  const callbacks = bed.callbacks();
  await bed.call(session);
  await bed.settled(session, EVENTS);
  expect(await Promise.all([1, 2].map(() => callbacks.resend(first(session))))).toEqual([true, true]);
  await eventually(() => receiver.told.length > EVENTS);
  expect((await bed.settled(session, EVENTS))[0]!.state).toBe('delivered');
});

it('one of a callback that waits for a retry replaces that', async () => {
  receiver.answering = answers(503);
  const session = await bed.session({ callbackUrl: receiver.url('/#rc=5&rp=5xx') });
  const callbacks = bed.callbacks({ retryDelays: [3_600_000] });
  await bed.call(session);
  await eventually(() => receiver.told.length === EVENTS);
  receiver.answering = answers(200);
  expect(await callbacks.resend(first(session))).toBe(true);
  await eventually(() => receiver.told.length === EVENTS + 1);
  await eventually(() => receiver.told.at(-1)?.fields['SequenceNumber'] === '1');
});
