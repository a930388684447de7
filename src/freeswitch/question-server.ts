import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { AddressList } from '../address-list.js';
import { QuestionExchange, type ExchangeOptions } from './question-exchange.js';

export interface QuestionServerOptions extends Omit<
  ExchangeOptions,
  'decideTimeoutMs' | 'idleTimeoutMs' | 'maxHeaderBytes'
> {
  readonly host: string;
  /** 0 lets the system choose; `address` tells. */
  readonly port: number;
  /** Addresses and CIDR blocks of the nodes; everybody else is cut off before a word is said. */
  readonly allow: readonly string[];
  /** Milliseconds for a decision; default 1500. */
  readonly decideTimeoutMs?: number;
  /** Milliseconds that a peer may be silent; default 2000. */
  readonly idleTimeoutMs?: number;
  /** Most questions at a time; default 1000. */
  readonly maxConnections?: number;
  /** Most bytes of a channel's data; default 256 KiB. */
  readonly maxHeaderBytes?: number;
}

/**
 * The port where FreeSWITCH's `socket` application asks. One connection is one question.
 *
 * An answer holds real numbers: only peers on the list that know the secret get one.
 */
export class QuestionServer {
  readonly #options: QuestionServerOptions;
  readonly #exchange: ExchangeOptions;
  readonly #allowed: AddressList;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #address: AddressInfo | undefined;
  /** Changes of listening run one after the other. */
  #change: Promise<void> = Promise.resolve();
  #drained: (() => void) | undefined;

  /** @throws RangeError for a bad entry of `allow`, or an empty secret. */
  constructor(options: QuestionServerOptions) {
    if (options.secret === '') throw new RangeError('the question secret is empty');
    this.#options = options;
    this.#allowed = new AddressList(options.allow);
    this.#exchange = {
      ...options,
      decideTimeoutMs: options.decideTimeoutMs ?? 1_500,
      idleTimeoutMs: options.idleTimeoutMs ?? 2_000,
      maxHeaderBytes: options.maxHeaderBytes ?? 256 * 1024,
    };
  }

  /** Where it listens or last listened; undefined before the first time. */
  get address(): AddressInfo | undefined {
    return this.#address;
  }

  get accepting(): boolean {
    return this.#server !== undefined;
  }

  /** Questions in progress. */
  get active(): number {
    return this.#sockets.size;
  }

  /** Starts to listen. Rejects with the system's error, such as EADDRINUSE. */
  listen(): Promise<void> {
    return this.setAccepting(true);
  }

  /**
   * Opens or closes the port; questions in progress go on. A closed port is refused at once, and
   * FreeSWITCH asks the next controller on its list, which it would not do after a connect.
   */
  setAccepting(accepting: boolean): Promise<void> {
    const change = this.#change.then(() => (accepting ? this.#open() : this.#shut()));
    this.#change = change.catch(() => undefined);
    return change;
  }

  /** Stops listening, lets questions finish for at most `deadlineMs` milliseconds, then cuts them off. */
  async close(deadlineMs = 3_000): Promise<void> {
    await this.setAccepting(false);
    if (this.#sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy();
      }, deadlineMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #open(): Promise<void> {
    if (this.#server !== undefined) return;
    const { host, log } = this.#options;
    const port = this.#address?.port ?? this.#options.port;
    const server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#accept(socket));
    server.maxConnections = this.#options.maxConnections ?? 1_000;
    server.on('drop', () => log.error({ limit: server.maxConnections }, 'too many questions at a time'));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (err) => log.error({ err }, 'the question port failed'));
    this.#server = server;
    this.#address = server.address() as AddressInfo;
    log.info({ host, port: this.#address.port }, 'questions are taken');
  }

  #shut(): void {
    // Its `close` event waits for the questions in progress; the port is free at once.
    this.#server?.close();
    this.#server = undefined;
  }

  #accept(socket: Socket): void {
    const peer = socket.remoteAddress ?? '';
    if (!this.#allowed.includes(peer)) {
      this.#options.log.warn({ peer }, 'a question came from an address that is not on the list');
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#drained?.();
    });
    new QuestionExchange(socket, this.#exchange);
  }
}
