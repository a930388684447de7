import { connect, type Socket } from 'node:net';

/** What FreeSWITCH's synchronous `socket` application read, once it closed. */
export interface Asked {
  /** Everything that was written, in order, split at the end of each command. */
  readonly commands: readonly string[];
  /** Reads that followed the channel data: one when the answer is one write. */
  readonly reads: number;
  readonly received: string;
}

export interface AskOptions {
  readonly port: number;
  /** Decoded variables and headers of the channel; encoded as FreeSWITCH does unless `raw`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in place of a reply to `connect`. */
  readonly raw?: string | Buffer;
  /** Closes right after the channel data. */
  readonly hangUp?: boolean;
}

export const CHANNEL: Readonly<Record<string, string>> = {
  'Event-Name': 'CHANNEL_DATA',
  'FreeSWITCH-Switchname': 'node-1',
  'Unique-ID': '525ef7e0-b97f-4ab8-81ea-901bd07e7af5',
  'Call-Direction': 'inbound',
  'Caller-Caller-ID-Number': '+15550001001',
  variable_sip_req_user: '+15550009999',
  scope_variable_masking_question: 'inbound',
  scope_variable_masking_secret: 's3cret',
};

export function channelReply(headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${encodeURIComponent(value)}`);
  return `${lines.join('\n')}\nContent-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: static\n\n`;
}

/** Asks once, as mod_event_socket does: waits for `connect`, tells the channel, obeys until `exit` or the end. */
export function ask(options: AskOptions): Promise<Asked> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
    let received = '';
    let reads = 0;
    let told = false;
    socket.on('error', () => undefined);
    socket.on('close', () =>
      resolve({ received, reads, commands: received.split('\n\n').filter((text) => text !== '') }),
    );
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (told) reads += 1;
      if (!told && received.includes('connect\n\n')) {
        told = true;
        socket.write(options.raw ?? channelReply(options.headers ?? CHANNEL));
        if (options.hangUp === true) socket.destroy();
      }
      if (told && received.endsWith('exit\n\n')) {
        socket.write(
          'Content-Type: command/reply\nReply-Text: +OK\n\nContent-Type: command/reply\nReply-Text: +OK bye\n\n',
        );
        socket.end('Content-Type: text/disconnect-notice\nContent-Length: 0\n\n');
      }
    });
  });
}
