import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { figure } from '../../helpers/figure.js';
import { SimBed } from '../../helpers/sim-bed.js';

/** SHUTDOWN_DEADLINE of these controllers, and its default. */
const DEADLINE_MS = 20_000;

let bed: SimBed;
beforeEach(async () => {
  bed = await SimBed.start({ controllers: 1, proxied: true });
}, 90_000);
afterEach(async () => {
  bed.stack.redis.resume();
  await bed.close();
});

/** Ends the controller by SIGTERM: its exit code, and how long it took. */
async function drain(): Promise<{ code: number | null; ms: number }> {
  const startedAt = performance.now();
  const code = await bed.stack.controllers[0]!.end('SIGTERM');
  const ms = Math.round(performance.now() - startedAt);
  figure({ drainMs: ms });
  return { code, ms };
}

async function connectedTo(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('SIGTERM ends a controller with 0, well within its deadline', { timeout: 60_000 }, () => {
  it('when nothing is in the way', async () => {
    const { code, ms } = await drain();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DEADLINE_MS / 2);
  });

  it('while Redis hangs', async () => {
    bed.stack.redis.pause();
    const { code, ms } = await drain();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DEADLINE_MS);
  });

  it('while Redis is gone', async () => {
    bed.stack.redisProxies[0]!.cut();
    const { code, ms } = await drain();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DEADLINE_MS);
  });

  it('while a client holds an idle connection open, and another one half a request', async () => {
    const { url } = bed.stack.controllers[0]!;
    const [idle, slow] = [await connectedTo(url), await connectedTo(url)];
    idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    slow.write('POST /v1/Account/x/Number/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    await sleep(100);
    const { code, ms } = await drain();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DEADLINE_MS);
  });

  it('while its node is gone', async () => {
    await bed.freeswitch.stop();
    const { code, ms } = await drain();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DEADLINE_MS);
  });

  it('while its node is silent', async () => {
    bed.stack.eventSocketProxy!.silence();
    const { code, ms } = await drain();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DEADLINE_MS);
  });
});

it('a question that was taken is answered, and a request under way', async () => {
  const lane = await bed.lane();
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100, talkMs: 200 });
  const session = await lane.session();
  // Both wait for Redis when the signal comes.
  bed.stack.redisProxies[0]!.silence();
  const call = lane.call({ from: lane.first });
  const request = bed.stack.api('GET', `/Masking/Session/${session.id}`);
  await sleep(200);
  const drained = drain();
  await sleep(200);
  bed.stack.redisProxies[0]!.restore();
  expect((await call).status).toBe(200);
  expect((await request).status).toBe(200);
  expect((await drained).code).toBe(0);
});
