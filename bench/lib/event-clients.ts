import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { EslConnection } from '../../src/freeswitch/connection.js';
import { createLogger } from '../../src/telemetry/logger.js';

/** A client of an Event Socket as the benchmark drives it. */
export interface EventClient {
  readonly name: string;
  /** Runs an `api` command; resolves with its answer. */
  api(command: string): Promise<unknown>;
  /** Called for each event, with its parsed headers. */
  onEvent: () => void;
  close(): void;
}

export type OpenClient = (port: number) => Promise<EventClient>;

const PASSWORD = 'bench';
const HANGUP = 'CHANNEL_HANGUP_COMPLETE';

/** Ours, as the supervision connections use it. */
export const ours: OpenClient = async (port) => {
  const connection = new EslConnection({
    ...{ host: '127.0.0.1', port, password: PASSWORD, log: createLogger({ level: 'fatal' }) },
  });
  await connection.open();
  await connection.subscribe([HANGUP]);
  const client: EventClient = {
    name: 'maskline',
    api: (command) => connection.api(command),
    onEvent: () => undefined,
    close: () => connection.close(),
  };
  connection.on('event', () => client.onEvent());
  return client;
};

interface ModeslConnection {
  events(type: string, names: string, done: () => void): void;
  api(command: string, done: (answer: unknown) => void): void;
  on(event: string, listener: () => void): void;
  disconnect(): void;
}

/** modesl as it is published. */
export const stockModesl: OpenClient = async (port) => {
  const { default: modesl } = (await import('modesl')) as unknown as {
    default: {
      Connection: new (host: string, port: number, password: string, ready: () => void) => ModeslConnection;
    };
  };
  const connection = await new Promise<ModeslConnection>((resolve) => {
    const opened = new modesl.Connection('127.0.0.1', port, PASSWORD, () => resolve(opened));
  });
  // It is closed by us, with what the server still wants to say.
  connection.on('error', () => undefined);
  await new Promise<void>((resolve) => connection.events('json', HANGUP, resolve));
  const client: EventClient = {
    name: 'modesl',
    api: (command) => new Promise((resolve) => connection.api(command, resolve)),
    onEvent: () => undefined,
    close: () => connection.disconnect(),
  };
  connection.on(`esl::event::${HANGUP}::*`, () => client.onEvent());
  return client;
};

interface EslCall {
  api(command: string): Promise<unknown>;
  send(command: string): Promise<unknown>;
  event_json(...names: string[]): Promise<unknown>;
  on(event: string, listener: () => void): void;
  end(): void;
}

interface EslModule {
  readonly FreeSwitchClient: new (options: object) => {
    on(event: string, listener: (call: EslCall) => void): void;
    connect(): void;
    end(): void;
  };
}

/** The package `esl`; null where it is not installed. It names no licence, so it is no dependency of ours. */
export async function esl(): Promise<OpenClient | null> {
  const name = 'esl';
  const module = (await import(name).catch(() => null)) as EslModule | null;
  if (module === null) return null;
  return async (port) => {
    const silent = (): void => undefined;
    const connection = new module.FreeSwitchClient({
      ...{
        host: '127.0.0.1',
        port,
        password: PASSWORD,
        logger: { debug: silent, info: silent, error: silent },
      },
    });
    const connected = new Promise<EslCall>((resolve) => connection.on('connect', resolve));
    connection.connect();
    const call = await connected;
    await call.event_json(HANGUP);
    const client: EventClient = {
      name,
      api: (command) => call.api(command),
      onEvent: () => undefined,
      close: () => connection.end(),
    };
    call.on(HANGUP, () => client.onEvent());
    return client;
  };
}

/** The least that a client can do: it finds the frames and parses their JSON. */
export const bareLoop: OpenClient = async (port) => {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  // It is closed by us, with what the server still wants to say.
  socket.on('error', () => undefined);
  const waiting: ((answer: string) => void)[] = [];
  const client: EventClient = {
    name: 'bare loop',
    api: (command) => asked(socket, waiting, `api ${command}`),
    onEvent: () => undefined,
    close: () => socket.destroy(),
  };
  let held = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    for (;;) {
      const end = held.indexOf('\n\n', at);
      if (end === -1) break;
      const head = held.toString('latin1', at, end);
      const length = Number(/Content-Length: (\d+)/.exec(head)?.[1] ?? 0);
      if (held.length < end + 2 + length) break;
      const body = held.toString('utf8', end + 2, end + 2 + length);
      at = end + 2 + length;
      if (head.includes('text/event-json')) {
        JSON.parse(body);
        client.onEvent();
      } else if (!head.includes('auth/request')) waiting.shift()?.(body);
    }
    held = held.subarray(at);
  });
  await once(socket, 'connect');
  await asked(socket, waiting, `auth ${PASSWORD}`);
  await asked(socket, waiting, `event json ${HANGUP}`);
  return client;
};

function asked(socket: Socket, waiting: ((answer: string) => void)[], command: string): Promise<string> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    socket.write(`${command}\n\n`);
  });
}
