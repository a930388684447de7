import { randomBytes } from 'node:crypto';
import { headerOf, methodOf, statusOf } from './sip-messages.js';
import { UdpLink } from './udp-link.js';

/** Longest that a test waits for one message, in milliseconds. */
const PATIENCE_MS = 15_000;

/** In a dialog these are answered 200 without being asked for: the far end is ours, and waits for it. */
const ANSWERED_AT_ONCE = new Set(['BYE', 'OPTIONS', 'UPDATE', 'INFO', 'NOTIFY']);

/** A message that an agent got. */
export interface SipMessage {
  readonly text: string;
  /** Null for a request. */
  readonly status: number | null;
  /** Of a response, the method that it answers. */
  readonly method: string;
  readonly callId: string;
  /** `5 INVITE`. */
  readonly cseq: string;
  /** Where it came from. */
  readonly port: number;
}

/** How an agent's messages travel. */
export interface SipLink {
  /** As it stands in Via. */
  readonly protocol: 'UDP' | 'TLS';
  readonly port: number;
  /** `port` is whom it goes to, where the link has a choice. */
  send(message: Buffer, port: number, server: string): void;
  /** Called once, before anything is sent; `take` gets each message whole. */
  receive(take: (text: string, port: number) => void): void;
  close(): void;
}

interface Waiter {
  readonly matches: (message: SipMessage) => boolean;
  readonly resolve: (message: SipMessage) => void;
}

/** A SIP endpoint that sends what a test writes, byte for byte, and keeps all that it gets. */
export class SipAgent {
  readonly #link: SipLink;
  readonly #received: SipMessage[] = [];
  #unread: SipMessage[] = [];
  #waiters: Waiter[] = [];

  constructor(
    link: SipLink,
    readonly address: string,
    /** Address of what it talks to. */
    readonly server: string,
  ) {
    this.#link = link;
    link.receive((text, source) => this.#take(text, source));
  }

  /** One on UDP. `port` 0 lets the system choose. */
  static async open(port = 0, address = '127.0.0.1', server = '127.0.0.1'): Promise<SipAgent> {
    return new SipAgent(await UdpLink.open(port, address), address, server);
  }

  get port(): number {
    return this.#link.port;
  }

  /** The header that says where requests for `user` reach this agent. */
  contact(user: string): string {
    const transport = this.#link.protocol === 'TLS' ? ';transport=tls' : '';
    return `Contact: <sip:${user}@${this.address}:${this.port}${transport}>`;
  }

  /** Everything received so far, without repetitions. */
  get received(): readonly SipMessage[] {
    return this.#received;
  }

  /** Every byte received so far. */
  get transcript(): string {
    return this.#received.map((message) => message.text).join('\n\n');
  }

  /** A Via of this agent, with a branch of its own unless one is given (RFC 3261 8.1.1.7). */
  via(branch = `z9hG4bK${randomBytes(8).toString('hex')}`): string {
    return `Via: SIP/2.0/${this.#link.protocol} ${this.address}:${this.port};branch=${branch};rport`;
  }

  send(lines: readonly string[], port: number, body = ''): void {
    const text = [...lines, `Content-Length: ${Buffer.byteLength(body, 'latin1')}`, '', body].join('\r\n');
    this.#link.send(Buffer.from(text, 'latin1'), port, this.server);
  }

  /** Answers a request. `tag` makes us the dialog's other end. */
  respond(request: SipMessage, status: string, tag: string, more: readonly string[] = [], body = ''): void {
    const copied = request.text.split(/\r?\n/).filter((line) => /^(Via|From|Call-ID|CSeq)\s*:/i.test(line));
    const to = headerOf(request.text, 'To');
    const tagged = /;tag=/.test(to) || tag === '' ? to : `${to};tag=${tag}`;
    this.send([`SIP/2.0 ${status}`, ...copied, `To: ${tagged}`, ...more], request.port, body);
  }

  /** The oldest message not taken yet that `matches`; throws, naming `what`, when none comes in time. */
  async next(what: string, matches: (message: SipMessage) => boolean): Promise<SipMessage> {
    const index = this.#unread.findIndex(matches);
    const [found] = index < 0 ? [] : this.#unread.splice(index, 1);
    if (found !== undefined) return found;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<SipMessage>((resolve, reject) => {
        this.#waiters.push({ matches, resolve });
        timer = setTimeout(() => {
          reject(new Error(`${what} did not come; there came:\n${this.transcript}`));
        }, PATIENCE_MS);
      });
    } finally {
      clearTimeout(timer);
      this.#waiters = this.#waiters.filter((waiter) => waiter.matches !== matches);
    }
  }

  /** The next request of that method. */
  request(method: string): Promise<SipMessage> {
    return this.next(method, (message) => message.status === null && message.method === method);
  }

  /** Sends a request outside any dialog and answers its final response. */
  async ask(
    method: string,
    uri: string,
    port: number,
    options: { from?: string; headers?: readonly string[]; body?: string } = {},
  ): Promise<SipMessage> {
    const id = randomBytes(8).toString('hex');
    const lines = [
      `${method} ${uri} SIP/2.0`,
      this.via(),
      `From: <${options.from ?? `sip:tester@${this.address}`}>;tag=${id}`,
      `To: <${uri}>`,
      `Call-ID: ${id}`,
      `CSeq: 1 ${method}`,
      'Max-Forwards: 70',
      this.contact('tester'),
      ...(options.headers ?? []),
    ];
    this.send(lines, port, options.body);
    return this.finalResponse(id, `1 ${method}`);
  }

  finalResponse(callId: string, cseq: string): Promise<SipMessage> {
    return this.next(
      `a final response to ${cseq}`,
      (message) => (message.status ?? 0) >= 200 && message.callId === callId && message.cseq === cseq,
    );
  }

  close(): void {
    this.#link.close();
  }

  #take(text: string, port: number): void {
    // A repetition of what we have (UDP) is byte for byte the same.
    if (this.#received.some((known) => known.text === text)) return;
    const message: SipMessage = {
      text,
      status: statusOf(text),
      method: methodOf(text),
      callId: headerOf(text, 'Call-ID'),
      cseq: headerOf(text, 'CSeq'),
      port,
    };
    this.#received.push(message);
    if (message.status === null && ANSWERED_AT_ONCE.has(message.method)) {
      this.respond(message, '200 OK', '');
    }
    const waiter = this.#waiters.find((candidate) => candidate.matches(message));
    if (waiter === undefined) {
      this.#unread.push(message);
      return;
    }
    // At once, not when the test goes on: the next message may be in the same tick.
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    waiter.resolve(message);
  }
}
