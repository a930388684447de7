import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import type { RequestLimits } from '../../../src/api/limits.js';
import { FakeDeps, NO_LIMITS } from '../../unit/api/fake-deps.js';

let app: FastifyInstance;
const sockets: Socket[] = [];
let deps: FakeDeps;

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

async function listen(limits: Partial<RequestLimits>): Promise<void> {
  deps = new FakeDeps();
  deps.limits = { ...NO_LIMITS, ...limits };
  app = buildApi(deps);
  await app.listen({ host: '127.0.0.1', port: 0 });
}

async function open(localAddress = '127.0.0.1'): Promise<Socket> {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** What the server says on the connection until it ends it; "" when it is let go without a word. */
async function saidOn(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  if (!socket.destroyed) await once(socket, 'close');
  return text;
}

async function isServed(socket: Socket): Promise<boolean> {
  if (socket.destroyed) return false;
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  const answer = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [''])]);
  return String(answer[0]).startsWith('HTTP/1.1 200');
}

test(
  'a request whose headers or body trickle in is ended, and others are served meanwhile',
  { timeout: 60_000 },
  async () => {
    await listen({});
    const [headers, body] = [await open(), await open()];
    headers.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    body.write(
      'POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
    );
    const drip = setInterval(() => {
      headers.write('X-A: b\r\n');
      body.write(' ');
    }, 500);
    const said = [saidOn(headers), saidOn(body)];
    expect(await isServed(await open())).toBe(true);
    expect(await said[0]).toMatch(/^HTTP\/1\.1 408 /);
    // A path that takes no POST is refused before its body is read.
    expect(await said[1]).toMatch(/^HTTP\/1\.1 40[58] /);
    clearInterval(drip);
  },
);

test('one address gets half of the connections, and others the rest', async () => {
  await listen({ connections: 8 });
  const mine = [];
  for (let count = 0; count < 6; count += 1) mine.push(await open());
  await sleep(100);
  const served = await Promise.all(mine.map((socket) => isServed(socket)));
  expect(served).toEqual([true, true, true, true, false, false]);
  const others = [];
  for (let count = 0; count < 4; count += 1) others.push(await open('127.0.0.2'));
  expect(await Promise.all(others.map((socket) => isServed(socket)))).toEqual([true, true, true, true]);
  // All taken: the ninth is let go, and logged.
  expect(await isServed(await open('127.0.0.3'))).toBe(false);
  expect(deps.lines.filter((line) => line.includes('connections were refused'))).toHaveLength(1);
  // A connection that ends makes room for its address.
  mine[0]?.destroy();
  await sleep(100);
  expect(await isServed(await open())).toBe(true);
});

test('a trusted proxy may take all connections', async () => {
  await listen({ connections: 4, trustedProxies: ['127.0.0.1'] });
  const all = [];
  for (let count = 0; count < 4; count += 1) all.push(await open());
  expect(await Promise.all(all.map((socket) => isServed(socket)))).toEqual([true, true, true, true]);
});
