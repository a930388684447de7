import { EslConnection } from './connection.js';
import { GuardedEmitter } from './emitter.js';
import {
  EslClosedError,
  EslCommandError,
  EslConnectError,
  EslRefusedError,
  NodeDownError,
  OriginateError,
} from './errors.js';
import { gatewayStatusIn, type GatewayStatus } from './gateway-status.js';
import { HeartbeatWatch } from './heartbeat-watch.js';
import type { Log } from './log.js';
import {
  COMMAND_SUBSCRIPTION,
  EVENT_SUBSCRIPTION,
  isKnownEnd,
  nodeEventOf,
  type NodeEvents,
} from './node-events.js';

/** `stopped -> connecting -> up`, and `waiting` between a failure and the next attempt. */
export type NodeState = 'stopped' | 'connecting' | 'up' | 'waiting';

export interface NodeOptions {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly log: Log;
  /** Throws while nothing may be done to the node; asked in the instant before each command that does. */
  readonly checkHold?: () => void;
  /** Whether the end of a leg is known, so that its event tells nothing new. Must not throw. Default: none is. */
  readonly isEndKnown?: (uuid: string) => boolean;
  /** Milliseconds for connect and authentication of one connection. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds for a quick command. */
  readonly commandTimeoutMs?: number;
  /** Milliseconds of silence after which a connection is dropped; default 45 s, two heartbeats and some. */
  readonly silenceMs?: number;
  /** First and longest pause between attempts, in milliseconds; each pause is drawn between half and all of it. */
  readonly backoffMs?: { readonly first: number; readonly longest: number };
}

/** Both connections of a node; neither is of use without the other. */
interface Link {
  readonly events: EslConnection;
  readonly commands: EslConnection;
  readonly watches: readonly HeartbeatWatch[];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * One FreeSWITCH, supervised: a connection for events and one for commands, so that a stream of
 * events does not delay a command, nor a slow command the events (mod_event_socket serves both of
 * one connection in one thread). Losing them delays records, never calls.
 */
export class FreeswitchNode extends GuardedEmitter<NodeEvents> {
  readonly #options: NodeOptions;
  readonly #log: Log;
  #state: NodeState = 'stopped';
  #link: Link | undefined;
  #name = '';
  #draining = false;
  #upSince = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The attempt in progress; stop() waits for it. */
  #attempt: Promise<void> = Promise.resolve();

  constructor(options: NodeOptions) {
    super(options.log);
    this.#options = options;
    this.#log = options.log;
  }

  get state(): NodeState {
    return this.#state;
  }

  /** FreeSWITCH's switchname, "" before the first connect. */
  get name(): string {
    return this.#name;
  }

  /** True once the node was told to end: it carries its calls to their ends and takes no new one. */
  get draining(): boolean {
    return this.#draining;
  }

  /** When this FreeSWITCH started, in milliseconds since the epoch by our clock, a second early at most; 0 when not known. */
  get upSince(): number {
    return this.#upSince;
  }

  /** Begins to connect, and to reconnect for as long as it is not stopped. */
  start(): void {
    if (this.#state !== 'stopped') return;
    this.#connect();
  }

  /** Closes both connections and waits until nothing of them is left. Calls go on. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    this.#drop(undefined);
    await this.#attempt;
  }

  /**
   * Calls somebody. `call` is what `originate` takes: the dial string, whose `origination_uuid` is
   * `uuid`, and what the leg enters when it answers. Resolves on the answer, after at most
   * `timeoutMs` milliseconds (longer than the ring limit in the dial string).
   * @throws OriginateError with the hangup cause, NodeDownError, EslTimeoutError, EslClosedError
   *   (then the leg may exist: ask `exists`), EslCommandError.
   */
  async originate(call: string, uuid: string, timeoutMs = 120_000): Promise<void> {
    checkUuid(uuid);
    if (!call.includes(`origination_uuid=${uuid}`)) {
      throw new EslCommandError('the dial string does not set the UUID of the leg');
    }
    this.#options.checkHold?.();
    const result = (await this.#commands().bgapi(`originate ${call}`, timeoutMs)).trim();
    if (result.startsWith('+OK')) return;
    const cause = /^-ERR ([A-Z][A-Z0-9_]*)/.exec(result)?.[1] ?? 'UNSPECIFIED';
    throw new OriginateError(cause);
  }

  /** Hangs a channel up with a cause such as NORMAL_CLEARING. False when there is no such channel. */
  async hangup(uuid: string, cause: string): Promise<boolean> {
    checkUuid(uuid);
    if (!/^[A-Z][A-Z0-9_]*$/.test(cause)) throw new EslCommandError('the hangup cause is not one');
    this.#options.checkHold?.();
    const reply = await this.#commands().api(`uuid_kill ${uuid} ${cause}`);
    if (reply.startsWith('+OK')) return true;
    if (/^-ERR No such channel/i.test(reply)) return false;
    throw new EslRefusedError('uuid_kill', reply);
  }

  /** True while the channel exists. */
  async exists(uuid: string): Promise<boolean> {
    checkUuid(uuid);
    const reply = (await this.#commands().api(`uuid_exists ${uuid}`)).trim();
    if (reply === 'true') return true;
    if (reply === 'false') return false;
    throw new EslRefusedError('uuid_exists', reply);
  }

  /**
   * UUIDs of the node's channels, from FreeSWITCH's own database, which lags a little: ask `exists`
   * before concluding that a channel is gone.
   */
  async channels(): Promise<string[]> {
    const reply = await this.#commands().api('show channels as json', 30_000);
    let document: unknown;
    try {
      document = JSON.parse(reply);
    } catch {
      throw new EslRefusedError('show', reply);
    }
    const rows = (document as { rows?: unknown } | null)?.rows;
    if (!Array.isArray(rows)) return [];
    return rows
      .map((row) => (row as { uuid?: unknown } | null)?.uuid)
      .filter((uuid) => typeof uuid === 'string');
  }

  /** How the SIP gateway `name` (letters, digits, `_`, `-`) stands; null when the node has none of that name. */
  async gateway(name: string): Promise<GatewayStatus | null> {
    if (!/^[\w-]+$/.test(name)) throw new EslCommandError('the name of the gateway is not one');
    return gatewayStatusIn(await this.#commands().api(`sofia status gateway ${name}`));
  }

  #commands(): EslConnection {
    if (this.#state !== 'up' || this.#link === undefined)
      throw new NodeDownError('the node is not connected');
    return this.#link.commands;
  }

  #connect(): void {
    this.#state = 'connecting';
    const link = this.#newLink();
    this.#link = link;
    this.#attempt = this.#bringUp(link).catch((error: unknown) => {
      this.#lost(link, error instanceof Error ? error : new EslClosedError(String(error)));
    });
  }

  #newLink(): Link {
    const { isEndKnown } = this.#options;
    const skips = isEndKnown && ((text: string): boolean => isKnownEnd(text, isEndKnown));
    const events = new EslConnection({ ...this.#options, ...(skips && { skips }) });
    const commands = new EslConnection(this.#options);
    const watches: HeartbeatWatch[] = [];
    const link: Link = { events, commands, watches };
    events.on('event', (event) => {
      const nodeEvent = nodeEventOf(event);
      if (nodeEvent === null) return;
      if (nodeEvent.name === 'leg-ended') this.emit('leg-ended', nodeEvent.ended);
      else if (nodeEvent.name === 'unmarked-leg-ended') this.emit('unmarked-leg-ended', nodeEvent.leg);
      else if (nodeEvent.name === 'draining') void this.#drain(link);
      else this.emit(nodeEvent.name, nodeEvent.moment);
    });
    for (const connection of [events, commands]) connection.on('closed', (cause) => this.#lost(link, cause));
    return link;
  }

  async #bringUp(link: Link): Promise<void> {
    const { events, commands } = link;
    await Promise.all([events.open(), commands.open()]);
    await Promise.all([events.subscribe(EVENT_SUBSCRIPTION), commands.subscribe(COMMAND_SUBSCRIPTION)]);
    const name = (await commands.api('switchname')).trim();
    if (name === '' || name.startsWith('-ERR')) throw new EslConnectError('the node does not tell its name');
    // It may have been told before we came; a new process takes calls again.
    this.#draining = false;
    if ((await commands.api('fsctl shutdown_check')).trim() === 'true') await this.#drain(link);
    const upSince = await startOf(commands);
    if (this.#link !== link || this.#state !== 'connecting') return;
    const silenceMs = this.#options.silenceMs ?? 45_000;
    (link.watches as HeartbeatWatch[]).push(
      ...[events, commands].map((connection) => new HeartbeatWatch(connection, silenceMs)),
    );
    this.#name = name;
    this.#upSince = upSince;
    this.#state = 'up';
    this.#failures = 0;
    this.#log.info({ node: name }, 'the node is connected');
    this.emit('up', name);
  }

  /** FreeSWITCH itself goes on taking calls until its last one has ended; its dialplan refuses them from here on. */
  async #drain({ commands }: Link): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    this.#log.info({ node: this.#name }, 'the node drains: it takes no new call');
    try {
      await commands.api('global_setvar node_draining=true');
    } catch (err) {
      this.#log.warn({ err, node: this.#name }, 'a node that drains was not told to refuse new calls');
    }
  }

  /** Once per link: its other connection and a failed attempt come here too. */
  #lost(link: Link, cause: Error | undefined): void {
    if (this.#link !== link || this.#state === 'stopped') return;
    const wasUp = this.#state === 'up';
    this.#state = 'waiting';
    this.#drop(cause);
    const pause = this.#pause();
    this.#failures += 1;
    const { host, port } = this.#options;
    this.#log.warn({ err: cause, node: this.#name, host, port, retryMs: pause }, 'the node is not connected');
    this.#timer = setTimeout(() => this.#connect(), pause);
    this.emit('down', cause, isRefusal(cause));
    // Silence, or a command that failed, does not tell when it died.
    if (wasUp && cause instanceof EslClosedError) this.emit('lost', Date.now());
  }

  #drop(cause: Error | undefined): void {
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined) return;
    for (const watch of link.watches) watch.stop();
    link.events.close(cause);
    link.commands.close(cause);
  }

  /** Drawn, so that the controllers do not all come back at once: FreeSWITCH's backlog is 5. */
  #pause(): number {
    const { first, longest } = this.#options.backoffMs ?? { first: 250, longest: 10_000 };
    const ceiling = Math.min(longest, first * 2 ** Math.min(this.#failures, 16));
    return Math.round(ceiling * (0.5 + Math.random() / 2));
  }
}

/** By its uptime in whole seconds; milliseconds would wrap after 49 days (mod_commands, uptime). */
async function startOf(commands: EslConnection): Promise<number> {
  const asked = Date.now();
  const seconds = (await commands.api('uptime s')).trim();
  return /^\d{1,9}$/.test(seconds) ? asked - (Number(seconds) + 1) * 1000 : 0;
}

/** The host is there, and nobody listens at the port; no answer at all says nothing of the node. */
function isRefusal(error: Error | undefined): boolean {
  const cause = error instanceof EslConnectError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

function checkUuid(uuid: string): void {
  if (!UUID.test(uuid)) throw new EslCommandError('the channel UUID is not one');
}
