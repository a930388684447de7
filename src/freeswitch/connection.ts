import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { BackgroundJobs } from './background-jobs.js';
import { encodeCommand, executeCommand, type CommandOptions } from './command.js';
import { GuardedEmitter } from './emitter.js';
import {
  EslAuthError,
  EslClosedError,
  EslCommandError,
  EslConnectError,
  EslProtocolError,
  EslRefusedError,
} from './errors.js';
import { eventValue, parseEvent, type EslEvent } from './event.js';
import type { Log } from './log.js';
import { ReplyQueue } from './reply-queue.js';
import { DEFAULT_LIMITS, WireParser, type WireLimits, type WireMessage } from './wire.js';

/** `idle -> connecting -> authenticating -> ready -> closed`; a closed connection stays closed. */
export type ConnectionState = 'idle' | 'connecting' | 'authenticating' | 'ready' | 'closed';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly log: Log;
  /** Milliseconds for TCP connect and authentication together. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds until a command without a reply is given up. */
  readonly commandTimeoutMs?: number;
  /** Most commands, and most background jobs, that may await their answers. */
  readonly maxPending?: number;
  readonly limits?: WireLimits;
  /** Whether an event, as its JSON text, is left alone: it is neither parsed nor told of. Default none. */
  readonly skips?: (text: string) => boolean;
}

export interface ConnectionEvents {
  event: [event: EslEvent];
  /** Once, with the reason when it was not ours. Everything pending has been rejected by then. */
  closed: [cause: Error | undefined];
}

/**
 * One inbound Event Socket connection: we connect to FreeSWITCH.
 *
 * Every command settles: on its reply, on its deadline, or when the connection closes.
 */
export class EslConnection extends GuardedEmitter<ConnectionEvents> {
  readonly #options: ConnectionOptions;
  readonly #log: Log;
  readonly #commandTimeoutMs: number;
  readonly #replies: ReplyQueue;
  readonly #jobs: BackgroundJobs;
  readonly #parser: WireParser;
  #socket: Socket | undefined;
  #state: ConnectionState = 'idle';
  #opening: { resolve: () => void; reject: (error: Error) => void; timer: NodeJS.Timeout } | undefined;
  #lastReceivedAt = 0;

  constructor(options: ConnectionOptions) {
    super(options.log);
    this.#options = options;
    this.#log = options.log;
    this.#commandTimeoutMs = options.commandTimeoutMs ?? 5_000;
    this.#replies = new ReplyQueue(options.maxPending ?? 1_000);
    this.#jobs = new BackgroundJobs(options.maxPending ?? 1_000);
    this.#parser = new WireParser((message) => this.#receive(message), options.limits ?? DEFAULT_LIMITS);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Commands that have not got their reply yet. */
  get pending(): number {
    return this.#replies.size;
  }

  /** When the peer was last heard, in milliseconds of `performance.now()`. */
  get lastReceivedAt(): number {
    return this.#lastReceivedAt;
  }

  /**
   * Connects and authenticates, once.
   * @throws EslConnectError (refused, or the deadline passed), EslAuthError (wrong password).
   */
  open(): Promise<void> {
    if (this.#state !== 'idle') throw new EslConnectError('a connection opens once');
    this.#state = 'connecting';
    const timeoutMs = this.#options.connectTimeoutMs ?? 5_000;
    const { host, port } = this.#options;
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => this.#close(new EslConnectError(`${host}:${port} was not ready within ${timeoutMs} ms`)),
        timeoutMs,
      );
      this.#opening = { resolve, reject, timer };
      const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 });
      this.#socket = socket;
      socket.on('connect', () => (this.#state = 'authenticating'));
      socket.on('data', (chunk) => this.#read(chunk));
      socket.on('error', (cause) => this.#close(this.#gone(cause.message, cause)));
      // Without allowHalfOpen a FIN ends in `close` as well, and so does a reset.
      socket.on('close', () => this.#close(this.#gone('the peer closed the connection')));
    });
  }

  /**
   * Sends one command and waits for its reply.
   * @throws EslRefusedError (`-ERR`), EslTimeoutError, EslClosedError, EslCommandError, EslQueueFullError.
   */
  async command(line: string, options: CommandOptions & { timeoutMs?: number } = {}): Promise<WireMessage> {
    return this.#send(commandName(line), encodeCommand(line, options), options.timeoutMs);
  }

  /** Runs an API command in FreeSWITCH's reader thread, so only a quick one. Returns its output as it is. */
  async api(command: string, timeoutMs?: number): Promise<string> {
    const reply = await this.#send(commandName(command), encodeCommand(`api ${command}`), timeoutMs);
    return reply.body;
  }

  /**
   * Runs an API command in a thread of its own and waits, at most `timeoutMs` milliseconds, for its
   * output. The connection must be subscribed to BACKGROUND_JOB.
   */
  async bgapi(command: string, timeoutMs: number): Promise<string> {
    const id = randomUUID();
    const bytes = encodeCommand(`bgapi ${command}`, { headers: { 'Job-UUID': id } });
    const result = this.#jobs.add(id, timeoutMs);
    // The job is rejected too when the command is; its reader then is gone.
    result.catch(() => undefined);
    try {
      await this.#send(commandName(command), bytes);
    } catch (error) {
      this.#jobs.fail(id, error instanceof Error ? error : new EslClosedError(String(error)));
      throw error;
    }
    return result;
  }

  /** Queues an application on a channel. Resolves when FreeSWITCH has taken it, not when it has run. */
  async execute(uuid: string, application: string, argument = ''): Promise<void> {
    await this.#send(`execute ${application}`, executeCommand(application, argument, uuid));
  }

  /** Subscribes to events, as JSON: no percent-encoding, and bytes that are not UTF-8 become U+FFFD. */
  async subscribe(names: readonly string[]): Promise<void> {
    await this.command(`event json ${names.join(' ')}`);
  }

  /** Closes at once; whatever is pending is rejected with EslClosedError. */
  close(cause?: Error): void {
    this.#close(cause);
  }

  async #send(name: string, bytes: Buffer, timeoutMs = this.#commandTimeoutMs): Promise<WireMessage> {
    if (this.#state !== 'ready') throw new EslClosedError(`the connection is ${this.#state}`);
    return this.#write(name, bytes, timeoutMs);
  }

  async #write(name: string, bytes: Buffer, timeoutMs: number): Promise<WireMessage> {
    const answered = this.#replies.add(name, timeoutMs);
    this.#put(bytes);
    const reply = await answered;
    const text = reply.headers['Reply-Text'] ?? '';
    if (text.startsWith('-ERR')) throw new EslRefusedError(name, text);
    return reply;
  }

  /** Commands of one turn of the event loop go out in one write. */
  #put(bytes: Buffer): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(bytes);
  }

  #read(chunk: Buffer): void {
    this.#lastReceivedAt = performance.now();
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.#close(error instanceof Error ? error : new EslProtocolError(String(error)));
    }
  }

  #receive(message: WireMessage): void {
    if (this.#state === 'closed') return;
    const kind = message.headers['Content-Type'] ?? '';
    if (kind === 'text/event-json') this.#event(message.body);
    else if (this.#isRefusal(message)) {
      // FreeSWITCH says goodbye in the same breath, and that would be the reason that is told.
      this.#close(new EslAuthError('FreeSWITCH refused the password'));
    } else if (kind === 'command/reply' || kind === 'api/response') this.#reply(message);
    else if (kind === 'auth/request') this.#authenticate();
    else if (kind === 'text/rude-rejection') {
      this.#close(new EslConnectError("refused by FreeSWITCH's access list"));
    } else if (kind === 'text/disconnect-notice') this.#close(new EslClosedError('FreeSWITCH said goodbye'));
    else this.#log.warn({ contentType: kind.slice(0, 64) }, 'an unknown message was skipped');
  }

  #isRefusal({ headers }: WireMessage): boolean {
    return this.#state === 'authenticating' && (headers['Reply-Text'] ?? '').startsWith('-ERR');
  }

  #reply(message: WireMessage): void {
    if (!this.#replies.settle(message)) this.#close(new EslProtocolError('a reply that nobody waits for'));
  }

  #event(body: string): void {
    if (this.#options.skips?.(body) === true) return;
    const event = parseEvent(body);
    if (event === null) {
      this.#log.warn({ bytes: body.length }, 'an event that is no JSON object was skipped');
      return;
    }
    if (eventValue(event, 'Event-Name') === 'BACKGROUND_JOB') {
      this.#jobs.settle(eventValue(event, 'Job-UUID'), eventValue(event, '_body'));
    }
    this.emit('event', event);
  }

  #authenticate(): void {
    if (this.#state === 'ready') {
      this.#close(new EslProtocolError('authentication was asked for twice'));
      return;
    }
    // The opening deadline covers this reply too.
    const authenticated = async (): Promise<void> => {
      const bytes = encodeCommand(`auth ${this.#options.password}`);
      await this.#write('auth', bytes, this.#options.connectTimeoutMs ?? 5_000);
    };
    authenticated().then(
      () => {
        if (this.#state === 'closed') return;
        this.#state = 'ready';
        clearTimeout(this.#opening?.timer);
        this.#opening?.resolve();
        this.#opening = undefined;
      },
      (error: unknown) => {
        if (error instanceof EslCommandError) this.#close(new EslAuthError('the password is not one line'));
        else this.#close(error instanceof Error ? error : undefined);
      },
    );
  }

  /** Why the socket is gone: a connect that failed, or a connection that was lost. */
  #gone(why: string, cause?: Error): Error {
    const message = `${this.#options.host}:${this.#options.port}: ${why}`;
    return this.#state === 'ready'
      ? new EslClosedError(message, { cause })
      : new EslConnectError(message, { cause });
  }

  #close(cause: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#socket?.destroy();
    clearTimeout(this.#opening?.timer);
    this.#opening?.reject(cause ?? new EslClosedError('closed before it was ready'));
    this.#opening = undefined;
    this.#replies.close(cause);
    this.#jobs.close(cause);
    this.emit('closed', cause);
  }
}

/** The first word of a command: what may stand in an error text. Arguments can hold numbers. */
function commandName(line: string): string {
  return line.split(' ', 1)[0] ?? '';
}
