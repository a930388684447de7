import { once } from 'node:events';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { createConnection, type AddressInfo } from 'node:net';
import type { SipLink } from './sip-agent.js';
import type { KeyPair } from './certificates.js';

/** SIP over TLS: a stream of messages, each as long as its Content-Length says. */
export class TlsLink implements SipLink {
  readonly protocol = 'TLS';
  #sockets: TLSSocket[] = [];
  #take: (text: string, port: number) => void = () => undefined;
  /** Errors of handshakes that came to nothing. */
  readonly failures: string[] = [];

  private constructor(
    readonly port: number,
    readonly server: Server | null,
  ) {}

  /** Waits for connections, as a carrier does. With `ca`, the far end must show a certificate of it. */
  static async listen(own: KeyPair, ca?: string): Promise<TlsLink> {
    const mutual = ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true, ca };
    const server = createServer({ cert: own.certificate, key: own.key, ...mutual });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const link = new TlsLink((server.address() as AddressInfo).port, server);
    server.on('secureConnection', (socket) => link.#adopt(socket));
    server.on('tlsClientError', (error) => link.failures.push(error.message));
    return link;
  }

  /** Connects to `port`. Rejects when the handshake fails, or the certificate is not one of `ca`. */
  static async connect(port: number, ca: string, own?: KeyPair, address = '127.0.0.1'): Promise<TlsLink> {
    const shown = own === undefined ? {} : { cert: own.certificate, key: own.key };
    const from = createConnection({ port, host: '127.0.0.1', localAddress: address });
    const socket = connect({ socket: from, host: '127.0.0.1', ca, minVersion: 'TLSv1.2', ...shown });
    await once(socket, 'secureConnect');
    const link = new TlsLink(socket.localPort ?? 0, null);
    link.#adopt(socket);
    return link;
  }

  send(message: Buffer): void {
    this.#sockets.at(-1)?.write(message);
  }

  /** True when nobody is connected any more. */
  get closed(): boolean {
    return this.#sockets.length === 0;
  }

  receive(take: (text: string, port: number) => void): void {
    this.#take = take;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server?.close();
  }

  #adopt(socket: TLSSocket): void {
    let pending = '';
    this.#sockets.push(socket);
    socket.on('error', (error: Error) => this.failures.push(error.message));
    socket.on('close', () => {
      this.#sockets = this.#sockets.filter((other) => other !== socket);
    });
    socket.on('data', (data: Buffer) => {
      pending += data.toString('latin1');
      for (;;) {
        // Between messages a peer may send empty lines to keep the connection (RFC 5626).
        pending = pending.replace(/^(\r\n)+/, '');
        const head = pending.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = Number(/^(?:Content-Length|l)\s*:\s*(\d+)/im.exec(pending.slice(0, head))?.[1] ?? 0);
        const end = head + 4 + length;
        if (pending.length < end) return;
        const message = pending.slice(0, end);
        pending = pending.slice(end);
        this.#take(message, socket.remotePort ?? 0);
      }
    });
  }
}
