import { connect, type Socket } from 'node:net';

export type SimEvent = Readonly<Record<string, string | readonly string[]>>;

interface Message {
  readonly head: string;
  readonly body: string;
}

/** A raw Event Socket client: what a controller sees, without the controller's own code. */
export class EventClient {
  readonly events: SimEvent[] = [];
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #waiters: ((message: Message) => void)[] = [];
  readonly #watchers = new Set<() => void>();
  #buffer = Buffer.alloc(0);

  private constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  /** Connects, authenticates, and subscribes to the events named. */
  static async open(port: number, password: string, events = ''): Promise<EventClient> {
    const client = new EventClient(port);
    await client.#next();
    await client.command(`auth ${password}`);
    if (events !== '') await client.command(`event json ${events}`);
    return client;
  }

  /** Sends a command and gives its reply: the Reply-Text, or the body of an api response. */
  async command(line: string): Promise<string> {
    this.#socket.write(`${line}\n\n`);
    const { head, body } = await this.#next();
    return head.includes('api/response') ? body : (/Reply-Text: (.*)/.exec(head)?.[1] ?? '');
  }

  /** The first event, past or to come, that fits. */
  async event(name: string, fits: (event: SimEvent) => boolean = () => true): Promise<SimEvent> {
    for (;;) {
      const found = this.events.find((event) => event['Event-Name'] === name && fits(event));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #next(): Promise<Message> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const end = this.#buffer.indexOf('\n\n');
      if (end < 0) return;
      const head = this.#buffer.toString('utf8', 0, end);
      const length = Number(/Content-Length: (\d+)/.exec(head)?.[1] ?? 0);
      if (this.#buffer.length < end + 2 + length) return;
      const body = this.#buffer.toString('utf8', end + 2, end + 2 + length);
      this.#buffer = this.#buffer.subarray(end + 2 + length);
      if (head.includes('text/event-json')) {
        this.events.push(JSON.parse(body) as SimEvent);
        // Each looks once more, and waits again for the next one.
        const watchers = [...this.#watchers];
        this.#watchers.clear();
        for (const watcher of watchers) watcher();
      } else if (!head.includes('disconnect-notice')) {
        this.#waiters.shift()?.({ head, body });
      }
    }
  }
}
