import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A callback as it arrived. */
export interface Told {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From the body of a POST, or the query of a GET. */
  readonly fields: Readonly<Record<string, string>>;
  /** Milliseconds, by performance.now(). */
  readonly at: number;
}

/** How a receiver answers; it gets the request once its body is there. */
export type Answering = (told: Told, response: ServerResponse) => void;

export const answers =
  (status: number, body = '', headers: Record<string, string> = {}): Answering =>
  (_told, response) => {
    response.writeHead(status, headers).end(body);
  };

/** Takes the request and says nothing. */
export const hangs: Answering = () => undefined;

/** Sends the head of its answer one byte a second. */
export const drips: Answering = (_told, { socket }) => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
  let at = 0;
  const timer = setInterval(() => {
    socket?.write(head.charAt(at));
    at += 1;
    if (at >= head.length) clearInterval(timer);
  }, 1_000);
  socket?.on('close', () => clearInterval(timer));
};

/** A server of a client of ours, which hears of events. */
export class Receiver {
  readonly told: Told[] = [];
  answering: Answering = answers(200);
  readonly #server: Server;
  readonly #port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#take(request, response);
    });
  }

  static async start(host = '127.0.0.1', port = 0): Promise<Receiver> {
    const server = createServer();
    server.listen(port, host);
    await once(server, 'listening');
    return new Receiver(server, (server.address() as AddressInfo).port);
  }

  get port(): number {
    return this.#port;
  }

  url(path = '/hook'): string {
    return `http://127.0.0.1:${this.#port}${path}`;
  }

  names(): string[] {
    return this.told.map(({ fields }) => fields['EventName'] ?? '');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks).toString('utf8');
    const target = request.url ?? '';
    const query = new URL(target, 'http://receiver').searchParams;
    const told: Told = {
      method: request.method ?? '',
      target,
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      ),
      body,
      fields: Object.fromEntries(request.method === 'POST' ? new URLSearchParams(body) : query),
      at: performance.now(),
    };
    this.told.push(told);
    this.answering(told, response);
  }
}
