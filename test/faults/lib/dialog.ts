import { headerOf } from '../../e2e/helpers/sip-messages.js';
import { Repetition, type SipPort } from './sip-port.js';

/** A request is repeated for this long; RFC 3261 has 32 s, in which our phones would only wait. Milliseconds. */
export const GIVE_UP_MS = 12_000;
/** Longest that a caller waits until somebody talks. Milliseconds. */
export const PATIENCE_MS = 30_000;

export interface DialogEnds {
  readonly local: string;
  readonly remote: string;
  readonly callId: string;
  /** Where requests go: the far end's Contact. */
  readonly target: string;
  readonly port: number;
  /** Of our last request. */
  readonly cseq: number;
}

/** What is left to do in a dialog of the load: to end it. */
export class Dialog {
  readonly #sip: SipPort;
  readonly #ends: DialogEnds;
  #bye: Repetition | null = null;
  #done: (() => void) | null = null;

  constructor(sip: SipPort, ends: DialogEnds) {
    this.#sip = sip;
    this.#ends = ends;
  }

  /** Sends BYE until it is answered or nobody is there any more; then `onDone`. */
  bye(onDone: () => void): void {
    if (this.#bye !== null) return;
    const { local, remote, callId, target, port, cseq } = this.#ends;
    const lines = [
      `BYE ${target} SIP/2.0`,
      this.#sip.via(),
      `From: ${local}`,
      `To: ${remote}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq + 1} BYE`,
      'Max-Forwards: 70',
    ];
    this.#done = onDone;
    this.#bye = new Repetition(() => this.#sip.send(lines, port), GIVE_UP_MS, onDone);
  }

  byeAnswered(): void {
    this.#bye?.stop();
    const done = this.#done;
    this.#done = null;
    done?.();
  }

  close(): void {
    this.#bye?.stop();
  }
}

export function contactIn(text: string): string {
  const contact = headerOf(text, 'Contact');
  return /<([^>]+)>/.exec(contact)?.[1] ?? contact;
}

/** Audio at `port` of this machine, as a phone offers it. */
export function audioOffer(port: number): string {
  const lines = [
    'v=0',
    `o=load 1 1 IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 0 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
  ];
  return `${lines.join('\r\n')}\r\n`;
}
