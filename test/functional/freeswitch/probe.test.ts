import { afterEach, expect, it } from 'vitest';

import { letsIn } from '../../../src/freeswitch/probe.js';
import { FakeEventSocket, keepingLog } from './fake-event-socket.js';

const fakes: FakeEventSocket[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.stop()));
});

async function nodeThat(greets?: string): Promise<FakeEventSocket> {
  const fake = await FakeEventSocket.start(undefined, greets);
  fakes.push(fake);
  return fake;
}

function looksAt({ port }: Pick<FakeEventSocket, 'port'>, password = 'secret'): Promise<boolean> {
  return letsIn({ host: '127.0.0.1', port, password, log: keepingLog().log });
}

it('knows a node that lets it in, and leaves it', async () => {
  const node = await nodeThat();
  expect(await looksAt(node)).toBe(true);
  await expect.poll(() => node.peers.every(({ socket }) => socket.closed)).toBe(true);
});

it('knows one that refuses its password, its address, or is not there', async () => {
  expect(await looksAt(await nodeThat(), 'of another installation')).toBe(false);
  const rude = 'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n';
  expect(await looksAt(await nodeThat(rude))).toBe(false);
  const gone = await nodeThat();
  const { port } = gone;
  await gone.stop();
  fakes.length = 0;
  expect(await looksAt({ port })).toBe(false);
});

it('does not wait for one that says nothing', async () => {
  expect(await looksAt(await nodeThat(''))).toBe(false);
});
