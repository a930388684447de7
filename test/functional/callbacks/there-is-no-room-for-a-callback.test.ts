import { afterEach, beforeEach, expect, it } from 'vitest';

import { createLogger, type Logger } from '../../../src/telemetry/logger.js';
import { Receiver } from '../../helpers/receiver.js';
import { DID, did, DID2 } from '../store/fixture.js';
import { aCall, aSession, CallbackBed, eventually } from './fixture.js';

const EVENTS = 6;
/** As in src/store/lua/include/outbox.lua. */
const OUTBOX_BOUND = 100_000;
const OUTBOX = `maskline:{${DID}}:outbox`;

let bed: CallbackBed;
let receiver: Receiver;
let lines: string[];
beforeEach(async () => {
  bed = await CallbackBed.start();
  receiver = await Receiver.start();
  lines = [];
});
afterEach(async () => {
  await bed.close();
  await receiver.close();
});

const logging = (): Logger =>
  createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });

it('in an outbox: it is counted, logged, seen over the API, and leaves a gap in the sequence', async () => {
  const session = await bed.session({ callbackUrl: receiver.url() });
  await bed.call(session);
  // Nobody takes anything out.
  const fill = `for n = 1, ${OUTBOX_BOUND - EVENTS} do redis.call('RPUSH', KEYS[1], 'filling') end`;
  await bed.redis.raw.eval(fill, 1, OUTBOX);
  await bed.call(session);
  expect(await bed.redis.raw.llen(OUTBOX)).toBe(OUTBOX_BOUND);
  const address = { number: DID, sessionId: session.id, sequence: 1_000 };
  const record = { accountId: session.accountId, method: 'POST', url: receiver.url() } as const;
  await bed.store.callbacks.open(address, { ...record, parameters: [], createdAt: Date.now() });
  await expect(bed.store.callbacks.resend(address, Date.now())).rejects.toMatchObject({
    code: 'ERR_QUEUE_FULL',
  });
  await bed.redis.raw.ltrim(OUTBOX, 0, EVENTS - 1);
  await bed.call(session);
  const callbacks = bed.callbacks({}, { store: bed.redis.store(), logger: logging() });
  await eventually(() => receiver.told.length === 2 * EVENTS);
  const told = receiver.told.map(({ fields }) => Number(fields['SequenceNumber'])).sort((a, b) => a - b);
  expect(told).toEqual([1, 2, 3, 4, 5, 6, 13, 14, 15, 16, 17, 18]);
  expect((await bed.store.callbacks.list(DID, session.id, { limit: 1, offset: 0 })).lost).toBe(EVENTS);
  expect(callbacks.detail).toContain(`${EVENTS} lost since the start`);
  expect(lines.filter((line) => line.includes('an outbox was full'))).toHaveLength(1);
});

it('in the queue: it stays in its outbox, and is told once there is room', async () => {
  let answering = false;
  receiver.answering = (_told, response) => void response.writeHead(answering ? 200 : 503).end();
  const callbacks = bed.callbacks(
    { retryDelays: [1_500], retries: 5, retryOn: ['5xx'] },
    { mostWaiting: 10, logger: logging() },
  );
  const sessions = await Promise.all(
    Array.from({ length: 10 }, () => bed.session({ callbackUrl: receiver.url() })),
  );
  await bed.call(sessions[0]!);
  await bed.call(sessions[0]!);
  await eventually(() => callbacks.detail.includes('no more are taken up'));
  for (const session of sessions.slice(1)) await bed.call(session);
  expect(await bed.redis.raw.llen(OUTBOX)).toBeGreaterThan(0);
  expect(lines.join('')).toContain('too many callbacks wait');
  answering = true;
  for (const [index, session] of sessions.entries()) {
    const all = await bed.settled(session, index === 0 ? 2 * EVENTS : EVENTS, 30_000);
    expect(all.every(({ state }) => state === 'delivered')).toBe(true);
  }
  // It looks each 100 ms.
  await eventually(() => !callbacks.detail.includes('no more'));
}, 60_000);

it('for a receiver that is down, in half of the queue: the other half is for those that answer', async () => {
  await bed.store.numbers.add(did(DID2));
  const dead = await Receiver.start();
  dead.answering = () => undefined;
  const callbacks = bed.callbacks({}, { mostWaiting: 100, logger: logging() });
  const doomed = await aSession(bed.store, { callbackUrl: dead.url('/#rt=1000') }, DID2);
  await aCall(bed.store, doomed);
  await eventually(() => dead.told.length >= 2);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  for (let call = 0; call < 20; call += 1) await aCall(bed.store, doomed);
  await eventually(() => callbacks.detail.includes('set aside'));
  // Ten times what is left of the room would have filled it.
  for (let call = 0; call < 20; call += 1) await aCall(bed.store, doomed);
  const session = await bed.session({ callbackUrl: receiver.url() });
  await bed.call(session);
  expect(await bed.settled(session, EVENTS)).toHaveLength(EVENTS);
  expect(callbacks.detail).not.toContain('no more');
  const page = { limit: 1_000, offset: 0 };
  const { callbacks: all, total } = await bed.store.callbacks.list(DID2, doomed.id, page);
  expect(total).toBe(41 * EVENTS);
  const aside = all.filter(({ attempts }) => attempts.some(({ error }) => error === 'ERR_CALLBACK_OVERFLOW'));
  expect(aside.length).toBeGreaterThan(100);
  expect(aside.every(({ state }) => state === 'failed')).toBe(true);
  expect(receiver.told).toHaveLength(EVENTS);
  await dead.close();
}, 60_000);
