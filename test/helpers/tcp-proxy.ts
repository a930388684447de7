import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** What went through one connection towards the server. */
export interface Conversation {
  /** `performance.now()` of its beginning. */
  readonly openedAt: number;
  readonly sent: { readonly at: number; readonly text: string }[];
}

/** Stands between a client and a server on 127.0.0.1: the network, which a test can cut. */
export class TcpProxy {
  readonly conversations: Conversation[] = [];
  readonly #server: Server;
  readonly #target: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #state: 'open' | 'refusing' | 'silent' = 'open';

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
  }

  static async to(target: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new TcpProxy(server, target);
    server.on('connection', (client) => proxy.#take(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Every connection is reset, and so is every new one. */
  cut(): void {
    this.#state = 'refusing';
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** A cable that was pulled: nothing arrives any more, and nobody is told. */
  silence(): void {
    this.#state = 'silent';
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** As before; what was held back arrives now. */
  restore(): void {
    this.#state = 'open';
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #take(client: Socket): void {
    client.on('error', () => undefined);
    if (this.#state === 'refusing') {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: '127.0.0.1', port: this.#target, noDelay: true });
    const pair = [client, server] as const;
    const conversation: Conversation = { openedAt: performance.now(), sent: [] };
    this.conversations.push(conversation);
    this.#pairs.add(pair);
    client.on('data', (chunk) => {
      conversation.sent.push({ at: performance.now(), text: chunk.toString('latin1') });
      server.write(chunk);
    });
    server.on('data', (chunk) => client.write(chunk));
    server.on('error', () => undefined);
    const end = (): void => {
      client.destroy();
      server.destroy();
      this.#pairs.delete(pair);
    };
    client.on('close', end);
    server.on('close', end);
    if (this.#state === 'silent') for (const socket of pair) socket.pause();
  }
}
