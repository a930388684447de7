import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { headerOf, methodOf, statusOf } from '../../e2e/helpers/sip-messages.js';

/** RFC 3261, 17.1.1.1 and 17.1.2.1: T1 and T2, in milliseconds. */
const T1 = 500;
const T2 = 4_000;

export interface Received {
  readonly text: string;
  /** Null for a request. */
  readonly status: number | null;
  readonly method: string;
  readonly callId: string;
  readonly cseq: string;
  readonly port: number;
}

/** Sends one message again and again, as UDP wants it, until it is stopped or `forMs` are over. */
export class Repetition {
  #timer: NodeJS.Timeout | undefined;

  constructor(send: () => void, forMs: number, onGivenUp: () => void) {
    const begun = performance.now();
    let pause = T1;
    const again = (): void => {
      if (performance.now() - begun > forMs) {
        onGivenUp();
        return;
      }
      send();
      pause = Math.min(pause * 2, T2);
      this.#timer = setTimeout(again, pause);
    };
    send();
    this.#timer = setTimeout(again, pause);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** A UDP port that speaks SIP for many calls at once. */
export class SipPort {
  /** While true nothing gets in or out: the network to the carrier is cut. */
  cut = false;
  onMessage: (message: Received) => void = () => undefined;
  readonly #socket: Socket;

  private constructor(
    socket: Socket,
    readonly port: number,
  ) {
    this.#socket = socket;
    socket.on('message', (data, { port: source }) => {
      if (this.cut) return;
      const text = data.toString('latin1');
      this.onMessage({
        text,
        status: statusOf(text),
        method: methodOf(text),
        callId: headerOf(text, 'Call-ID'),
        cseq: headerOf(text, 'CSeq'),
        port: source,
      });
    });
    // A port that is closed answers by ICMP: FreeSWITCH was killed, which its calls notice by themselves.
    socket.on('error', () => undefined);
  }

  static async open(port = 0): Promise<SipPort> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1_048_576 });
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return new SipPort(socket, socket.address().port);
  }

  via(branch = `z9hG4bK${randomBytes(8).toString('hex')}`): string {
    return `Via: SIP/2.0/UDP 127.0.0.1:${this.port};branch=${branch};rport`;
  }

  send(lines: readonly string[], port: number, body = ''): void {
    if (this.cut) return;
    const text = [...lines, `Content-Length: ${Buffer.byteLength(body, 'latin1')}`, '', body].join('\r\n');
    this.#socket.send(text, port, '127.0.0.1');
  }

  /** Answers a request; `tag` goes to its To unless there is one. */
  respond(request: Received, status: string, tag: string, more: readonly string[] = [], body = ''): void {
    const to = headerOf(request.text, 'To');
    const copied = [...request.text.matchAll(/^(?:Via|v)[ ]*:.*$/gim)].map(([line]) => line.trim());
    const lines = [
      `SIP/2.0 ${status}`,
      ...copied,
      `From: ${headerOf(request.text, 'From')}`,
      `To: ${tag === '' || /;tag=/.test(to) ? to : `${to};tag=${tag}`}`,
      `Call-ID: ${request.callId}`,
      `CSeq: ${request.cseq}`,
    ];
    this.send([...lines, ...more], request.port, body);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.close(() => resolve());
    });
  }
}
