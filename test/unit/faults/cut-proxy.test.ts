import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../../helpers/until.js';
import { CutProxy } from '../../faults/lib/cut-proxy.js';

/** Long enough for a packet on loopback, should one come after all. */
const A_WHILE_MS = 150;

let server: Server;
let proxy: CutProxy;
let heard = '';
const clients: Socket[] = [];

beforeEach(async () => {
  heard = '';
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      socket.write(`re:${chunk.toString()}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await CutProxy.to((server.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  server.close();
});

async function client(): Promise<{ socket: Socket; got: () => string; closed: () => boolean }> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port });
  clients.push(socket);
  let [text, closed] = ['', false];
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('close', () => (closed = true));
  await once(socket, 'connect');
  return { socket, got: () => text, closed: () => closed };
}

it('passes both ways while it is whole', async () => {
  const { socket, got } = await client();
  socket.write('one');
  await until('the answer is there', () => got() === 're:one');
});

it('is silent without closing, and delivers late', async () => {
  const { socket, got, closed } = await client();
  socket.write('one');
  await until('it is whole', () => got() === 're:one');
  await proxy.set('silent');
  socket.write('two');
  await sleep(A_WHILE_MS);
  expect([heard, got(), closed()]).toEqual(['one', 're:one', false]);
  await proxy.set('whole');
  await until('what was sent arrives', () => heard === 'onetwo' && got() === 're:onere:two');
});

it('takes connections while it is silent, and says nothing', async () => {
  await proxy.set('silent');
  const { socket, got, closed } = await client();
  socket.write('one');
  await sleep(A_WHILE_MS);
  expect([heard, got(), closed()]).toEqual(['', '', false]);
  await proxy.set('whole');
  await until('it is served after all', () => got() === 're:one');
});

it('breaks connections and refuses new ones, until it is whole again', async () => {
  const early = await client();
  await proxy.set('refused');
  await until('the old one is broken', early.closed);
  await expect(client()).rejects.toThrow('ECONNREFUSED');
  await proxy.set('whole');
  const late = await client();
  late.socket.write('one');
  await until('it is served', () => late.got() === 're:one');
});
