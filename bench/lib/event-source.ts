/**
 * Child of bench:esl: an Event Socket that says what a FreeSWITCH would, as fast as it is read. `api burst <n>` is
 * followed by n events of a leg that ended, in the format that was subscribed to; every other `api` command is answered.
 * Started with an IPC channel; sends its port.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

import { legEnded } from './leg-ended.js';

const JSON_EVENT = framed('text/event-json', JSON.stringify(legEnded()));
const PLAIN_EVENT = framed(
  'text/event-plain',
  `${Object.entries(legEnded())
    .map(([name, value]) => `${name}: ${encodeURIComponent(value)}`)
    .join('\n')}\n\n`,
);
/** What `status` says, about. */
const STATUS = `UP 0 years, 1 day\n${'x'.repeat(400)}\n`;
/** Events in one write. */
const BATCH = 64;

const server = createServer({ noDelay: true }, (socket) => {
  let text = '';
  let event = JSON_EVENT;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const [line = ''] = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const burst = /^api burst (\d+)/.exec(line)?.[1];
      if (line.startsWith('event')) event = line.includes('json') ? JSON_EVENT : PLAIN_EVENT;
      if (line.startsWith('api')) socket.write(framed('api/response', burst === undefined ? STATUS : '+OK'));
      else socket.write('Content-Type: command/reply\nReply-Text: +OK accepted\n\n');
      if (burst !== undefined) void send(socket, event, Number(burst));
    }
  });
  socket.write('Content-Type: auth/request\n\n');
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));

async function send(socket: Socket, event: Buffer, count: number): Promise<void> {
  for (let sent = 0; sent < count && !socket.destroyed; sent += BATCH) {
    const batch = Buffer.concat(Array.from({ length: Math.min(BATCH, count - sent) }, () => event));
    if (!socket.write(batch)) await writable(socket);
  }
}

/** Resolves once the peer has read on, or is gone. */
async function writable(socket: Socket): Promise<void> {
  const over = new AbortController();
  const gone = (): void => over.abort();
  socket.once('close', gone);
  await once(socket, 'drain', { signal: over.signal }).catch(() => undefined);
  socket.off('close', gone);
}

function framed(type: string, body: string): Buffer {
  return Buffer.from(`Content-Type: ${type}\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`);
}
