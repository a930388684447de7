import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';

import { greets } from '../../../src/freeswitch/probe.js';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listening(greet: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    greet(socket);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

it('knows an Event Socket that lets it in, however its greeting comes', async () => {
  const whole = await listening((socket) => void socket.write('Content-Type: auth/request\n\n'));
  expect(await greets('127.0.0.1', whole)).toBe(true);
  const parts = await listening((socket) => {
    socket.write('Content-Type: au');
    setTimeout(() => socket.write('th/request\n\n'), 20);
  });
  expect(await greets('127.0.0.1', parts)).toBe(true);
});

it('knows one that refuses its address, closes, or is not there', async () => {
  const rude = await listening((socket) => {
    socket.end('Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n');
  });
  expect(await greets('127.0.0.1', rude)).toBe(false);
  const closing = await listening((socket) => void socket.end());
  expect(await greets('127.0.0.1', closing)).toBe(false);
  servers[1]!.close();
  expect(await greets('127.0.0.1', closing)).toBe(false);
});

it('does not wait for one that says nothing', async () => {
  const silent = await listening(() => undefined);
  expect(await greets('127.0.0.1', silent)).toBe(false);
});
