import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TcpTalk {
  readonly port: number;
  /** Where we come from. */
  readonly from?: string;
  /** What is said once the peer has said something that ends with an empty line. */
  readonly say: string;
}

/** Longest that a peer may take to close, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Says something on a TCP port of 127.0.0.1 and answers all that came until the peer closed. */
export async function talkTo({ port, from, say }: TcpTalk): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ...(from === undefined ? {} : { localAddress: from }) });
  let heard = '';
  let said = false;
  const closed = new Promise<string>((resolve) => {
    // A reset is a way of closing.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });
  socket.on('data', (chunk) => {
    heard += chunk.toString();
    if (!said && heard.includes('\n\n')) {
      said = true;
      socket.write(say);
    }
  });
  const late = sleep(PATIENCE_MS, null, { ref: false });
  const answer = await Promise.race([closed, late]);
  socket.destroy();
  if (answer === null) throw new Error(`the peer did not close; it said:\n${heard}`);
  return answer;
}
