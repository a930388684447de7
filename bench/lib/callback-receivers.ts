/**
 * Child of bench:callbacks: the receivers of clients, each on a port of its own. Started with an IPC channel; sends its
 * ports, then an answer to each message: `take` for what arrived since, anything else for how they are to behave.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { instant } from './instant.js';

/** How a receiver treats its callbacks. */
export type Behaviour = 'answers' | 'hangs' | 'slow' | 'fails';

/** What arrived: which callbacks (`callbackKey`), and at which instant. */
export interface Receipts {
  readonly receipts: readonly (readonly [key: string, at: number])[];
  /** The body of the newest one. */
  readonly sample: string;
}

/** Milliseconds after which a slow one answers. */
const SLOW_MS = 3_000;

let behaviours: readonly Behaviour[] = [];
let receipts: [string, number][] = [];
let sample = '';

const count = Number(process.env['RECEIVERS']);
const ports: number[] = [];
for (let n = 0; n < count; n += 1) {
  const server = createServer((request, response) => void take(n, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ports.push((server.address() as AddressInfo).port);
}

process.on('message', (said) => {
  const message = said as 'take' | readonly Behaviour[];
  if (message === 'take') {
    process.send?.({ receipts, sample } satisfies Receipts);
    receipts = [];
    return;
  }
  behaviours = message;
  process.send?.('done');
});
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
process.send?.(ports);

async function take(n: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // The sender gave it up.
    return;
  }
  const at = instant();
  sample = Buffer.concat(chunks).toString('latin1');
  const form = new URLSearchParams(sample);
  receipts.push([`${form.get('SessionUUID') ?? ''} ${form.get('SequenceNumber') ?? ''}`, at]);
  const answer = (status: number): void => {
    response.writeHead(status).end();
  };
  switch (behaviours[n] ?? 'answers') {
    case 'answers':
      answer(200);
      break;
    case 'fails':
      answer(500);
      break;
    case 'slow':
      setTimeout(() => answer(200), SLOW_MS);
      break;
    case 'hangs':
      break;
  }
}
