import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Packet } from './rtp.js';

const RTP_HEADER = 12;
const PCMU = 0;

/** The audio end of an agent's call: sends what a talker says, and keeps what it hears. */
export class RtpSocket {
  readonly #socket: Socket;
  readonly #heard: number[] = [];
  #closed = false;

  private constructor(
    socket: Socket,
    readonly port: number,
    /** Address of whom it talks to. */
    readonly server: string,
  ) {
    this.#socket = socket;
    socket.on('message', (packet) => {
      if (((packet[1] ?? 0) & 0x7f) !== PCMU) return;
      for (const byte of packet.subarray(RTP_HEADER)) this.#heard.push(linear(byte));
    });
  }

  static async open(address = '127.0.0.1', server = address): Promise<RtpSocket> {
    const socket = createSocket('udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    return new RtpSocket(socket, socket.address().port, server);
  }

  /** All PCMU audio received so far, as 16-bit samples at 8 kHz. */
  get heard(): readonly number[] {
    return this.#heard;
  }

  /** Sends packets to `port`, each at its time; resolves after the last one, or when it is closed. */
  async play(packets: readonly Packet[], port: number): Promise<void> {
    const start = performance.now();
    for (const { atMs, payload } of packets) {
      const wait = start + atMs - performance.now();
      if (wait > 1) await sleep(wait);
      if (this.#closed) return;
      this.#socket.send(payload, port, this.server);
    }
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }
}

/** One sample of G.711 mu-law as 16-bit linear (ITU-T G.711, table 2a). */
function linear(byte: number): number {
  const inverted = ~byte & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4)) - 0x84;
  return (inverted & 0x80) === 0 ? magnitude : -magnitude;
}
