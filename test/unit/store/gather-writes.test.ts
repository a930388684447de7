import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { gatherWrites } from '../../../src/store/redis.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A client whose server answers each command with OK. */
async function connected(): Promise<Redis> {
  const server = createServer((socket: Socket) => {
    socket.on('data', (chunk) => {
      const commands = chunk.toString().match(/^\*/gm)?.length ?? 0;
      socket.write('+OK\r\n'.repeat(commands));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new Redis({ port, host: '127.0.0.1', enableReadyCheck: false, disableClientInfo: true });
  closers.push(
    () => server.close(),
    () => client.disconnect(),
  );
  await once(client, 'ready');
  return client;
}

describe('writes to Redis', () => {
  it('are one for everything that is sent in a turn, in the order in which it was sent', async () => {
    const client = await connected();
    const writes: string[] = [];
    const single = vi.fn();
    Object.assign(client.stream, {
      _write: single,
      _writev: (chunks: { chunk: Buffer | string }[], done: () => void) => {
        writes.push(chunks.map(({ chunk }) => chunk.toString()).join(''));
        done();
      },
    });
    gatherWrites(client);
    void client.set('a', '1').catch(() => undefined);
    void Promise.resolve().then(() => client.set('b', '2').catch(() => undefined));
    void client.set('c', '3').catch(() => undefined);
    expect(writes).toEqual([]);
    await nextTurn();
    expect(
      writes.map((text) =>
        text
          .match(/\r\n[abc]\r\n/g)
          ?.join('')
          .replace(/\W/g, ''),
      ),
    ).toEqual(['acb']);
    void client.set('a', '4').catch(() => undefined);
    void client.set('b', '5').catch(() => undefined);
    await nextTurn();
    expect(writes).toHaveLength(2);
    expect(single).not.toHaveBeenCalled();
  });

  it('carry answers to whom they belong', async () => {
    const client = await connected();
    gatherWrites(client);
    expect(await Promise.all([client.set('a', '1'), client.set('b', '2')])).toEqual(['OK', 'OK']);
    expect(await client.set('c', '3')).toBe('OK');
  });
});
