import { connect } from 'node:net';

/** Milliseconds that a host may take. */
const LIMIT_MS = 1_500;
/** What an Event Socket says before anything else to those whom it lets in. */
const GREETING = 'auth/request';

/** Whether an Event Socket would talk to this host. No password is sent. Never rejects. */
export function greets(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let said = '';
    const settle = (is: boolean): void => {
      clearTimeout(limit);
      socket.destroy();
      resolve(is);
    };
    const limit = setTimeout(() => settle(false), LIMIT_MS);
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      // A refusal is as short.
      if (said.includes(GREETING) || said.includes('\n\n')) settle(said.includes(GREETING));
    });
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
  });
}
