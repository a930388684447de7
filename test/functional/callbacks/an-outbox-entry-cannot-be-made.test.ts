import { afterEach, beforeEach, expect, it } from 'vitest';

import { Callbacks } from '../../../src/callbacks/callbacks.js';
import { createLogger, type Logger } from '../../../src/telemetry/logger.js';
import { Receiver } from '../../helpers/receiver.js';
import { addressOf, DID, KEY, leg, OTHER_KEY, STRANGER } from '../store/fixture.js';
import { aCall, aSession, CallbackBed, eventually } from './fixture.js';

const EVENTS = 6;
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

const outboxIsEmpty = async (): Promise<void> => {
  for (let look = 0; (await bed.redis.raw.llen(OUTBOX)) > 0; look += 1) {
    if (look > 300) throw new Error(`the outbox holds ${await bed.redis.raw.llen(OUTBOX)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

it('one whose data makes no sense does not hold up those after it, and is seen in the log', async () => {
  const session = await bed.session({ callbackUrl: receiver.url() });
  const entry = { session: session.id, sequence: 77, at: '1', kind: 'hangup', data: '{"broken":', call: '' };
  await bed.redis.raw.rpush(OUTBOX, JSON.stringify(entry));
  await bed.call(session);
  const callbacks = bed.callbacks({}, { store: bed.redis.store(), logger: logging() });
  await bed.settled(session, EVENTS + 1);
  await outboxIsEmpty();
  expect(receiver.told).toHaveLength(EVENTS);
  const address = { number: DID, sessionId: session.id, sequence: 77 };
  const aside = await bed.store.callbacks.read(address);
  expect(aside).toMatchObject({
    state: 'failed',
    attempts: [{ error: 'ERR_CALLBACK_DEFECT', status: null }],
  });
  expect(Object.fromEntries(aside!.record.parameters)).toEqual({
    SessionUUID: session.id,
    SequenceNumber: '77',
  });
  expect(callbacks.detail).toContain('1 set aside');
  expect(lines.join('')).toContain('it is set aside');
  // As often as it is sent again it comes to the same end.
  expect(await callbacks.resend(address)).toBe(true);
  await eventually(() => callbacks.detail.includes('2 set aside'));
  expect((await bed.store.callbacks.read(address))?.state).toBe('failed');
});

it.each(['not JSON', '[]', '7', '{"session":7,"call":""}', '{"session":"x"}', 'null'])(
  'what is no entry at all does not hold up an outbox: %s',
  async (raw) => {
    const session = await bed.session({ callbackUrl: receiver.url() });
    await bed.redis.raw.rpush(OUTBOX, raw);
    await bed.call(session);
    bed.callbacks({}, { store: bed.redis.store(), logger: logging() });
    await bed.settled(session, EVENTS);
    await outboxIsEmpty();
    expect(receiver.told).toHaveLength(EVENTS);
    expect(lines.join('')).toContain('it is set aside');
  },
);

it('one that was sealed with a key that is missing is made once the key is back', async () => {
  const session = await bed.session({ callbackUrl: receiver.url() });
  // The newest key is a new one, which the other controller was not given.
  const rotated = bed.redis.store({ dataKeys: [OTHER_KEY, KEY] });
  const data = rotated.outbox.seal(DID, { from: STRANGER, retry: 0 });
  const entry = {
    session: session.id,
    sequence: 1,
    at: String(Date.now()),
    kind: 'pin-failed',
    data,
    call: '',
  };
  await bed.redis.raw.rpush(OUTBOX, JSON.stringify(entry));
  await bed.store.outbox.mark(DID);
  const behind = bed.callbacks({}, { store: bed.redis.store(), logger: logging() });
  await eventually(() => behind.detail.includes('1 set aside'));
  await bed.stop(behind);
  const callbacks = bed.callbacks({}, { store: rotated });
  expect(await callbacks.resend({ number: DID, sessionId: session.id, sequence: 1 })).toBe(true);
  await eventually(() => receiver.told.length === 1);
  expect(receiver.told[0]!.fields).toMatchObject({
    EventName: 'SessionPinAuthenticationStatus',
    From: STRANGER.replace('+', ''),
    SessionUUID: session.id,
  });
});

it('a callback that cannot be sent is set aside, not dropped: here no token can be had', async () => {
  let works = false;
  const tokensOf = (): ReturnType<ConstructorParameters<typeof Callbacks>[0]['tokensOf']> =>
    works
      ? Promise.resolve({ account: 'a', main: 'b' })
      : Promise.reject(new TypeError('a token that cannot be opened'));
  const session = await bed.session({ callbackUrl: receiver.url() });
  const callbacks = bed.callbacks({}, { tokensOf, logger: logging() });
  await bed.call(session);
  const all = await bed.settled(session, EVENTS);
  for (const each of all) {
    expect(each).toMatchObject({
      state: 'failed',
      attempts: [{ error: 'ERR_CALLBACK_DEFECT', status: null }],
    });
  }
  expect(lines.join('')).toContain('a callback cannot be sent');
  works = true;
  await callbacks.resend({ number: DID, sessionId: session.id, sequence: 2 });
  await eventually(() => receiver.told.length === 1);
});

it('its tries are forgotten with a session that is: nothing is left behind', async () => {
  const session = await aSession(bed.store, { callbackUrl: receiver.url() });
  await aCall(bed.store, session);
  await bed.redis.raw.del(`maskline:{${DID}}:session:${session.id}`);
  bed.callbacks({}, { store: bed.redis.store() });
  await outboxIsEmpty();
  expect(await bed.store.calls.finishLeg(addressOf(session, 'x'), leg('a', 'x'))).toBeFalsy();
  expect(receiver.told).toEqual([]);
});
