import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SipLink } from './sip-agent.js';

/** SIP over UDP: a message a datagram. */
export class UdpLink implements SipLink {
  readonly protocol = 'UDP';
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** `port` 0 lets the system choose. */
  static async open(port: number, address: string): Promise<UdpLink> {
    const socket = createSocket('udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new UdpLink(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(message: Buffer, port: number, server: string): void {
    this.#socket.send(message, port, server);
  }

  receive(take: (text: string, port: number) => void): void {
    this.#socket.on('message', (data, { port }) => take(data.toString('latin1'), port));
  }

  close(): void {
    this.#socket.close();
  }
}
