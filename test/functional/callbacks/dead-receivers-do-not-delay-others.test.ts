import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { percentile } from '../../../bench/lib/statistics.js';
import { CallbackQueue } from '../../../src/store/callback-queue.js';
import { Receiver } from '../../helpers/receiver.js';
import { did, DID2 } from '../store/fixture.js';
import { aCall, aSession, CallbackBed, eventually } from './fixture.js';

const EVENTS = 6;
/** As shipped. */
const SHIPPED = { concurrency: 256, receiverConcurrency: 32 };
/** What a receiver that does not answer holds a place for, in milliseconds. */
const READ_TIMEOUT = 40_000;

let bed: CallbackBed;
let healthy: Receiver;
let dead: DeadHosts;
beforeEach(async () => {
  bed = await CallbackBed.start();
  healthy = await Receiver.start();
  dead = await DeadHosts.start();
  // Each number has an outbox of its own.
  await bed.store.numbers.add(did(DID2));
});
afterEach(async () => {
  await dead.close();
  await healthy.close();
  await bed.close();
});

/** As many hosts as one likes, which accept connections and never answer. */
class DeadHosts {
  readonly #sockets = new Set<Socket>();
  accepted = 0;

  private constructor(readonly server: Server) {
    server.on('connection', (socket) => {
      this.accepted += 1;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      // Read, or its end is never seen.
      socket.resume();
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<DeadHosts> {
    const server = createServer();
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    return new DeadHosts(server);
  }

  url(n: number): string {
    return `http://127.1.${Math.floor(n / 250)}.${(n % 250) + 1}:${(this.server.address() as AddressInfo).port}/`;
  }

  get held(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Calls of a session, one after the other; milliseconds from each call's end to the last of its callbacks. */
async function delays(calls: number): Promise<number[]> {
  const session = await aSession(bed.store, { callbackUrl: healthy.url() });
  const delays: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const before = healthy.told.length;
    await aCall(bed.store, session);
    const over = performance.now();
    await eventually(() => healthy.told.length === before + EVENTS, READ_TIMEOUT);
    delays.push(Math.max(1, performance.now() - over));
    await sleep(20);
  }
  return delays;
}

/** Callbacks for `count` dead hosts, `calls` calls' each. */
async function callDead(count: number, calls: number): Promise<void> {
  for (let n = 0; n < count; n += 10) {
    await Promise.all(
      Array.from({ length: Math.min(10, count - n) }, async (_, index) => {
        const session = await aSession(bed.store, { callbackUrl: dead.url(n + index) }, DID2);
        for (let call = 0; call < calls; call += 1) await aCall(bed.store, session);
      }),
    );
  }
}

it('200 hosts that accept and never answer do not delay one that answers', async () => {
  bed.callbacks(SHIPPED);
  await delays(10);
  const without = await delays(40);
  await callDead(200, 2);
  // They hold what they may hold.
  await eventually(() => dead.held >= SHIPPED.concurrency / 2);
  const during = await delays(40);
  expect(dead.held).toBeGreaterThan(0);
  expect(dead.held).toBeLessThanOrEqual(SHIPPED.concurrency / 2);
  const figures = [without, during].map((values) => [percentile(values, 0.5), percentile(values, 0.95)]);
  process.stdout.write(`${JSON.stringify({ without: figures[0], during: figures[1], held: dead.held })}\n`);
  // The machine has other work; a place that is held would cost 40 s.
  expect(percentile(during, 0.5)).toBeLessThan(5 * percentile(without, 0.5) + 200);
  expect(Math.max(...during)).toBeLessThan(READ_TIMEOUT / 4);
}, 240_000);

it('receivers that answered and fall silent all at once leave room for one that answers', async () => {
  const dying = await Promise.all(Array.from({ length: 40 }, () => Receiver.start()));
  bed.callbacks(SHIPPED);
  const sessions = await Promise.all(
    dying.map((receiver) => aSession(bed.store, { callbackUrl: receiver.url() }, DID2)),
  );
  for (const session of sessions) await aCall(bed.store, session);
  await eventually(() => dying.every(({ told }) => told.length === EVENTS));
  await delays(5);
  for (const receiver of dying) receiver.answering = () => undefined;
  for (let call = 0; call < 3; call += 1) await Promise.all(sessions.map((each) => aCall(bed.store, each)));
  await eventually(() => dying.every(({ told }) => told.length > EVENTS));
  expect(Math.max(...(await delays(20)))).toBeLessThan(READ_TIMEOUT / 4);
  await Promise.all(dying.map((receiver) => receiver.close()));
}, 240_000);

it('a receiver that is back is told what waited for it', async () => {
  const receiver = await Receiver.start();
  receiver.answering = () => undefined;
  bed.callbacks(SHIPPED);
  const session = await bed.session({ callbackUrl: receiver.url('/#rt=400&rc=5') });
  for (let call = 0; call < 5; call += 1) await bed.call(session);
  await eventually(() => receiver.told.length >= 4);
  // One at a time by now, with rests: far fewer attempts than callbacks have had the time for.
  expect(receiver.told.length).toBeLessThan(5 * EVENTS);
  receiver.answering = (_told, response) => response.writeHead(200).end();
  const all = await bed.settled(session, 5 * EVENTS, 60_000);
  expect(all.filter(({ state }) => state === 'delivered').length).toBe(5 * EVENTS);
  await receiver.close();
}, 90_000);

it('a callback that has waited for as long as one may for a receiver that is down is given up where it is seen', async () => {
  const receiver = await Receiver.start();
  receiver.answering = () => undefined;
  bed.callbacks(SHIPPED, { longestWait: 0 });
  const session = await bed.session({ callbackUrl: receiver.url('/#rt=1500&rc=0') });
  await bed.call(session);
  const errors = (await bed.settled(session, EVENTS)).map(({ state, attempts }) => [
    state,
    ...attempts.map(({ error }) => error),
  ]);
  expect(errors).toContainEqual(['failed', 'ERR_CALLBACK_RECEIVER_DOWN']);
  expect(errors).toContainEqual(['failed', 'ERR_CALLBACK_READ_TIMEOUT']);
  expect(errors).toHaveLength(EVENTS);
  await receiver.close();
}, 60_000);

it('callbacks that wait for a dead receiver stay in the queue, each of them', async () => {
  const queue = new CallbackQueue({ url: bed.redis.redis.url, concurrency: 1, retryDelays: [0] });
  bed.callbacks(SHIPPED);
  await callDead(1, 20);
  // Those under way are not counted as waiting.
  await eventually(async () => dead.held > 0 && (await queue.size()) + dead.held === 20 * EVENTS);
  await queue.stop(0);
}, 60_000);
