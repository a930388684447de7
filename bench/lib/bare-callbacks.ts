/**
 * Child of bench:callbacks: what a callback is without a store. Signs and posts what it is told, so many at once, and
 * remembers nothing. Started with an IPC channel; says `ready`, then takes the parameters of a callback, and lists of
 * callbacks to post with them.
 */
import { Agent, request } from 'undici';

import type { Parameters } from '../../src/callbacks/parameters.js';
import { signatureHeaders } from '../../src/callbacks/signature.js';

/** One callback to post. */
export interface BarePost {
  readonly url: string;
  readonly sessionId: string;
  readonly sequence: number;
}

/** Milliseconds until an answer has to begin, as long as callbacks have by default. */
const OPTIONS = { headersTimeout: 40_000, bodyTimeout: 40_000 };

const width = Number(process.env['WIDTH']);
const token = process.env['AUTH_TOKEN'] ?? '';
/** Whether connections are kept, or each post has one of its own. */
const kept = process.env['CONNECTIONS'] === 'kept' ? new Agent(OPTIONS) : null;
const waiting: BarePost[] = [];
let template: Parameters = [];
let underWay = 0;

process.on('message', (said) => {
  const message = said as { readonly template: Parameters } | readonly BarePost[];
  if ('template' in message) {
    template = message.template;
    return;
  }
  waiting.push(...message);
  next();
});
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

function next(): void {
  while (underWay < width) {
    const one = waiting.shift();
    if (one === undefined) return;
    underWay += 1;
    void post(one).finally(() => {
      underWay -= 1;
      next();
    });
  }
}

/** Never rejects: nobody would try it again. */
async function post({ url, sessionId, sequence }: BarePost): Promise<void> {
  const own: Readonly<Record<string, string>> = { SessionUUID: sessionId, SequenceNumber: String(sequence) };
  const parameters: Parameters = template.map(([name, value]) => [name, own[name] ?? value]);
  const dispatcher = kept ?? new Agent({ ...OPTIONS, pipelining: 0 });
  try {
    const { body } = await request(url, {
      dispatcher,
      method: 'POST',
      headers: {
        accept: '*/*',
        'user-agent': 'maskline',
        ...signatureHeaders({ method: 'POST', url, parameters }, { account: token, main: token }),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(parameters as [string, string][]).toString(),
    });
    await body.dump();
  } catch {
    // The receiver gave no answer.
  } finally {
    if (dispatcher !== kept) await dispatcher.destroy();
  }
}
