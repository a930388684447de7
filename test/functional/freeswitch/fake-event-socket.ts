import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A command as FreeSWITCH would read it. */
export interface FakeCommand {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type FakeScript = (command: FakeCommand, peer: FakePeer) => void;

/** One connection to the fake. */
export class FakePeer {
  readonly socket: Socket;
  readonly commands: FakeCommand[] = [];
  /** How many reads brought the bytes: one per write of the client, as long as it waits in between. */
  reads = 0;
  #text = Buffer.alloc(0);

  constructor(socket: Socket, script: FakeScript) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      this.reads += 1;
      this.#text = Buffer.concat([this.#text, chunk]);
      for (let command = this.#next(); command !== undefined; command = this.#next()) {
        this.commands.push(command);
        script(command, this);
      }
    });
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  reply(text: string): void {
    this.send(`Content-Type: command/reply\nReply-Text: ${text}\n\n`);
  }

  apiReply(body: string): void {
    this.send(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`);
  }

  event(event: Record<string, unknown>): void {
    this.send(eventMessage(Buffer.from(JSON.stringify(event))));
  }

  #next(): FakeCommand | undefined {
    const end = this.#text.indexOf('\n\n');
    if (end === -1) return undefined;
    const [line = '', ...rest] = this.#text.toString('utf8', 0, end).split('\n');
    const headers = Object.fromEntries(
      rest.map((row) => [
        row.slice(0, row.indexOf(':')).toLowerCase(),
        row.slice(row.indexOf(':') + 1).trim(),
      ]),
    );
    const length = Number(headers['content-length'] ?? 0);
    if (this.#text.length < end + 2 + length) return undefined;
    const body = this.#text.toString('utf8', end + 2, end + 2 + length);
    this.#text = this.#text.subarray(end + 2 + length);
    return { line, headers, body };
  }
}

export function eventMessage(body: Buffer): Buffer {
  const head = `Content-Length: ${body.length}\nContent-Type: text/event-json\n\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** A scripted FreeSWITCH event socket on an ephemeral port. It authenticates by itself with `secret`. */
export class FakeEventSocket {
  readonly peers: FakePeer[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(
    script: FakeScript = () => undefined,
    greeting = 'Content-Type: auth/request\n\n',
  ): Promise<FakeEventSocket> {
    const server = createServer({ noDelay: true });
    const fake = new FakeEventSocket(server);
    server.on('connection', (socket) => {
      fake.#sockets.add(socket);
      fake.peers.push(
        new FakePeer(socket, (command, peer) => {
          if (command.line === 'auth secret') peer.reply('+OK accepted');
          else if (command.line.startsWith('auth ')) {
            peer.reply('-ERR invalid');
            socket.end();
          } else script(command, peer);
        }),
      );
      if (greeting !== '') socket.write(greeting);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** A logger that keeps what it is given, for tests that look for secrets and numbers. */
export function keepingLog(): {
  readonly lines: string[];
  readonly log: import('../../../src/freeswitch/log.js').Log;
} {
  const lines: string[] = [];
  const keep = (...values: unknown[]): void => {
    lines.push(
      values
        .map((value) =>
          JSON.stringify(value, (_key, item: unknown) =>
            item instanceof Error ? `${item.name}: ${item.message}` : item,
          ),
        )
        .join(' '),
    );
  };
  return { lines, log: { debug: keep, info: keep, warn: keep, error: keep } };
}
