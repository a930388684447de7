import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { runApi } from './api.js';
import { commandReply, CommandReader, disconnectNotice, type Command } from './command-reader.js';
import type { Core } from './core.js';
import { eventAsJson, eventAsText, type EventHeaders } from './event.js';
import { sendMessage } from './send-message.js';

/** One connection of a controller. */
export class EventConnection {
  readonly #core: Core;
  readonly #password: string;
  readonly #socket: Socket;
  readonly #reader = new CommandReader();
  readonly #queue: Command[] = [];
  readonly #events = new Set<string>();
  readonly #filters: [name: string, value: string][] = [];
  #format: 'plain' | 'json' = 'plain';
  #authenticated = false;
  #busy = false;
  #open = true;

  constructor(core: Core, password: string, socket: Socket, onClose: () => void) {
    this.#core = core;
    this.#password = password;
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#open = false;
      onClose();
    });
    socket.write('Content-Type: auth/request\n\n');
  }

  close(how: 'stop' | 'crash'): void {
    this.#open = false;
    if (how === 'crash') this.#socket.resetAndDestroy();
    else this.#socket.end(disconnectNotice(), () => this.#socket.destroy());
  }

  deliver(name: string, headers: EventHeaders, body?: string): void {
    if (!this.#open || !(this.#events.has(name) || this.#events.has('ALL'))) return;
    if (!this.#passes(headers)) return;
    const text = this.#format === 'json' ? eventAsJson(headers, body) : `${eventAsText(headers, body)}\n`;
    const head = `Content-Length: ${Buffer.byteLength(text)}\nContent-Type: text/event-${this.#format}\n\n`;
    this.#socket.write(head + text);
  }

  /** Several filters are alternatives; an event without the header does not pass. */
  #passes(headers: EventHeaders): boolean {
    if (this.#filters.length === 0) return true;
    return this.#filters.some(([name, value]) => {
      const found = headers.get(name);
      return typeof found === 'string' ? found.includes(value) : found?.includes(value) === true;
    });
  }

  #read(chunk: Buffer): void {
    try {
      this.#queue.push(...this.#reader.push(chunk));
    } catch {
      this.#socket.destroy();
      return;
    }
    if (!this.#busy) this.#core.track(this.#drain());
  }

  /** Commands are served strictly in order; `api` blocks those behind it. */
  async #drain(): Promise<void> {
    this.#busy = true;
    try {
      for (let command = this.#queue.shift(); command !== undefined; command = this.#queue.shift()) {
        if (!this.#open) break;
        await this.#obey(command);
      }
    } finally {
      this.#busy = false;
    }
  }

  async #obey(command: Command): Promise<void> {
    const { line } = command;
    const [word = ''] = line.split(' ');
    const rest = line.slice(word.length + 1).trim();
    const name = word.toLowerCase();
    if (name === 'exit') {
      this.#write(commandReply('+OK bye'));
      this.#socket.end(disconnectNotice());
    } else if (!this.#authenticated) {
      this.#authenticate(name, rest);
    } else {
      await this.#obeyAuthenticated(name, rest, command);
    }
  }

  #authenticate(name: string, password: string): void {
    if (name !== 'auth') {
      this.#write(commandReply('-ERR command not found'));
    } else if (password === this.#password) {
      this.#authenticated = true;
      this.#write(commandReply('+OK accepted'));
    } else {
      this.#write(commandReply('-ERR invalid'));
      this.#socket.end(disconnectNotice());
    }
  }

  async #obeyAuthenticated(name: string, rest: string, command: Command): Promise<void> {
    switch (name) {
      case 'api': {
        const answer = await runApi(this.#core, rest);
        this.#write(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(answer)}\n\n${answer}`);
        break;
      }
      case 'bgapi':
        this.#background(rest, command.headers.get('job-uuid') ?? randomUUID());
        break;
      case 'event':
        this.#write(commandReply(this.#subscribe(rest)));
        break;
      case 'noevents':
        this.#events.clear();
        this.#write(commandReply('+OK no longer listening for events'));
        break;
      case 'filter':
        this.#write(commandReply(this.#filter(rest)));
        break;
      case 'sendmsg': {
        const uuid = rest === '' ? (command.headers.get('session-id') ?? '') : rest;
        const channel = this.#core.channels.get(uuid);
        this.#write(commandReply(channel === undefined ? `-ERR invalid session id [${uuid}]` : '+OK'));
        if (channel !== undefined) this.#core.track(sendMessage(this.#core, channel, command));
        break;
      }
      default:
        this.#write(commandReply('-ERR command not found'));
        break;
    }
  }

  #background(line: string, job: string): void {
    this.#write(commandReply(`+OK Job-UUID: ${job}`, `Job-UUID: ${job}\n`));
    const blank = line.indexOf(' ');
    const run = async (): Promise<void> => {
      const answer = await runApi(this.#core, line);
      const event = this.#core.newEvent('BACKGROUND_JOB');
      event.set('Job-UUID', job);
      event.set('Job-Command', blank < 0 ? line : line.slice(0, blank));
      if (blank >= 0) event.set('Job-Command-Arg', line.slice(blank + 1));
      this.#core.fire('BACKGROUND_JOB', event, answer);
    };
    this.#core.track(run());
  }

  #subscribe(text: string): string {
    const words = text.split(/\s+/).filter((word) => word !== '');
    const format = words[0]?.toLowerCase();
    if (format === 'json' || format === 'plain') {
      this.#format = format;
      words.shift();
    }
    const known = words.filter((word) => EVENT_NAMES.has(word.toUpperCase()));
    if (known.length === 0) return '-ERR no keywords supplied';
    for (const word of known) this.#events.add(word.toUpperCase());
    return `+OK event listener enabled ${this.#format}`;
  }

  #filter(text: string): string {
    const [first = '', ...more] = text.split(' ');
    if (first === 'delete') {
      const [name = '', value = ''] = more;
      for (let at = this.#filters.length - 1; at >= 0; at -= 1) {
        if (
          name === 'all' ||
          (this.#filters[at]?.[0] === name && (value === '' || this.#filters[at]?.[1] === value))
        ) {
          this.#filters.splice(at, 1);
        }
      }
      return `+OK filter deleted. [${name}][${value}]`;
    }
    const [name = '', value = ''] = first === 'add' ? more : [first, more.join(' ')];
    if (value === '') return '-ERR invalid syntax';
    this.#filters.push([name, value]);
    return `+OK filter added. [${name}]=[${value}]`;
  }

  #write(text: string): void {
    if (!this.#socket.destroyed) this.#socket.write(text);
  }
}

/** The events that FreeSWITCH has and a subscription may name; some of them never happen here. */
const EVENT_NAMES: ReadonlySet<string> = new Set([
  'ALL',
  'BACKGROUND_JOB',
  'CHANNEL_ANSWER',
  'CHANNEL_APPLICATION',
  'CHANNEL_BRIDGE',
  'CHANNEL_CALLSTATE',
  'CHANNEL_CREATE',
  'CHANNEL_DATA',
  'CHANNEL_DESTROY',
  'CHANNEL_EXECUTE',
  'CHANNEL_EXECUTE_COMPLETE',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'CHANNEL_HOLD',
  'CHANNEL_ORIGINATE',
  'CHANNEL_OUTGOING',
  'CHANNEL_PARK',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_STATE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_UNPARK',
  'CUSTOM',
  'DTMF',
  'HEARTBEAT',
  'PLAYBACK_START',
  'PLAYBACK_STOP',
  'RECORD_START',
  'RECORD_STOP',
  'SHUTDOWN',
  'SHUTDOWN_REQUESTED',
]);
