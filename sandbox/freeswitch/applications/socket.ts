import { connect, type Socket } from 'node:net';
import type { Channel } from '../channel.js';
import { addChannelData, addProfile } from '../channel-data.js';
import { commandReply, CommandReader, disconnectNotice, type Command } from '../command-reader.js';
import type { Core } from '../core.js';
import { eventAsText } from '../event.js';
import { sendMessage } from '../send-message.js';

/** FreeSWITCH waits so long for the first command, milliseconds; in real time, as controllers answer in it. */
const FIRST_COMMAND_MS = 25_000;

const DEFAULT_PORT = 8084;

/**
 * The synchronous outbound socket (mod_event_socket.c, socket_function): asks the first host that
 * takes the connection and obeys it until `exit`, its close, or the end of the call. When there is
 * none the dialplan goes on.
 */
export async function socket(core: Core, channel: Channel, data: string): Promise<void> {
  const release = core.clock.hold();
  try {
    await ask(core, channel, data);
  } finally {
    release();
  }
}

async function ask(core: Core, channel: Channel, data: string): Promise<void> {
  const [hosts = ''] = data.split(' ');
  for (const host of hosts.split('|')) {
    const colon = host.lastIndexOf(':');
    const address = colon < 0 ? host : host.slice(0, colon);
    const port = colon < 0 ? DEFAULT_PORT : Number(host.slice(colon + 1));
    channel.variables.set('socket_host', address);
    const connection = await tryConnect(address, port);
    if (connection !== null) {
      await new Conversation(core, channel, connection).done;
      return;
    }
  }
}

function tryConnect(host: string, port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const connection = connect({ host, port, noDelay: true });
    connection.once('connect', () => {
      connection.removeAllListeners('error');
      resolve(connection);
    });
    connection.once('error', () => resolve(null));
  });
}

class Conversation {
  readonly done: Promise<void>;
  readonly #core: Core;
  readonly #channel: Channel;
  readonly #socket: Socket;
  readonly #reader = new CommandReader();
  readonly #queue: Command[] = [];
  #busy = false;
  #ended = false;
  #finish: () => void = () => undefined;
  readonly #first: NodeJS.Timeout;
  readonly #onDown = (): void => this.#over();

  constructor(core: Core, channel: Channel, connection: Socket) {
    this.#core = core;
    this.#channel = channel;
    this.#socket = connection;
    this.done = new Promise((resolve) => (this.#finish = resolve));
    this.#first = setTimeout(() => this.#over(), FIRST_COMMAND_MS);
    channel.signal.addEventListener('abort', this.#onDown, { once: true });
    connection.on('data', (chunk) => this.#read(chunk));
    // A reset is followed by `close`.
    connection.on('error', () => undefined);
    connection.on('close', () => this.#over());
    if (!channel.isReady()) this.#over();
  }

  #read(chunk: Buffer): void {
    try {
      this.#queue.push(...this.#reader.push(chunk));
    } catch {
      this.#over();
      return;
    }
    clearTimeout(this.#first);
    if (!this.#busy) this.#core.track(this.#drain());
  }

  /** One command after the other: an application blocks those behind it. */
  async #drain(): Promise<void> {
    this.#busy = true;
    try {
      for (let command = this.#queue.shift(); command !== undefined; command = this.#queue.shift()) {
        if (this.#ended) break;
        await this.#obey(command);
      }
    } catch (error) {
      this.#core.report(error);
      this.#channel.hangup('DESTINATION_OUT_OF_ORDER');
    } finally {
      this.#busy = false;
      if (this.#ended) this.#finish();
    }
  }

  async #obey(command: Command): Promise<void> {
    const [word = ''] = command.line.split(' ');
    switch (word.toLowerCase()) {
      case 'connect':
        this.#write(this.#channelData());
        break;
      case 'exit':
        this.#write(commandReply('+OK bye'));
        this.#over();
        break;
      case 'sendmsg':
        await sendMessage(this.#core, this.#channel, command);
        this.#write(commandReply('+OK'));
        break;
      case 'getvar':
        this.#write(commandReply(this.#channel.get(command.line.slice('getvar '.length)) ?? ''));
        break;
      default:
        // Without `full` nothing else is allowed.
        this.#write(commandReply('-ERR command not found'));
        break;
    }
  }

  /** The reply to `connect`: everything about the channel, percent-encoded. */
  #channelData(): string {
    const event = this.#core.newEvent('CHANNEL_DATA');
    addProfile(event, 'Channel', this.#channel.profile);
    addChannelData(event, this.#channel);
    event.set('Content-Type', 'command/reply');
    event.set('Reply-Text', '+OK\n');
    event.set('Socket-Mode', 'static');
    event.set('Control', 'single-channel');
    return `${eventAsText(event)}\n`;
  }

  #write(text: string): void {
    if (!this.#socket.destroyed) this.#socket.write(text);
  }

  #over(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#first);
    this.#channel.signal.removeEventListener('abort', this.#onDown);
    if (this.#core.alive && !this.#socket.destroyed) this.#socket.end(disconnectNotice(this.#channel.uuid));
    else this.#socket.destroy();
    // A running application ends first: FreeSWITCH's own thread is in it.
    if (!this.#busy) this.#finish();
  }
}
