import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { runApi } from './api.js';
import { applications, checkAction, inlineApplications, zombieApplications } from './applications/index.js';
import { stopRecordings } from './applications/record.js';
import { newTimes, type CallerProfile } from './caller-profile.js';
import { cdrOf, setCause, setEndVariables, writeCdr } from './cdr.js';
import { CdrPoster } from './cdr-poster.js';
import { Channel, type ChannelHost } from './channel.js';
import { addChannelData } from './channel-data.js';
import { Dialplan } from './dialplan.js';
import { SandboxUnsupportedError } from './errors.js';
import { eventOf, type EventHeaders, type NodeIdentity } from './event.js';
import { runChannel } from './run-loop.js';
import { Scheduler } from './scheduler.js';
import type { SipLeg, SipNetwork } from './sip-leg.js';
import { expand, isTrue, scopedVariables } from './text.js';

export interface CoreOptions {
  readonly dialplanFile: string;
  /** `$${name}` in the dialplan, and `${name}` where no variable is. */
  readonly globals: Readonly<Record<string, string>>;
  readonly switchname: string;
  /** Folder of the CDRs, or "" to write none. */
  readonly cdrDir: string;
  /** `host:port` of the controllers that CDRs are posted to, and what they are given as proof. */
  readonly cdrHosts: readonly string[];
  readonly cdrSecret: string;
  readonly clock: Clock;
  readonly network: SipNetwork;
  /** Milliseconds between two HEARTBEAT events. */
  /** In real time. */
  readonly heartbeatMs: number;
  /** Something failed that the simulation may not hide. */
  readonly onError: (error: unknown) => void;
}

export type EventListener = (name: string, headers: EventHeaders, body?: string) => void;

/** Where FreeSWITCH raises an event; readers of events may see it. */
const ORIGINS: Readonly<Record<string, readonly [file: string, func: string, line: number]>> = {
  CHANNEL_PROGRESS: ['switch_channel.c', 'switch_channel_perform_mark_ring_ready_value', 3505],
  CHANNEL_ANSWER: ['switch_channel.c', 'switch_channel_perform_mark_answered', 3846],
  CHANNEL_BRIDGE: ['switch_ivr_bridge.c', 'switch_ivr_multi_threaded_bridge', 1689],
  CHANNEL_HANGUP_COMPLETE: ['switch_core_state_machine.c', 'switch_core_session_reporting_state', 943],
};

/** The simulated switch without its sockets: channels, dialplan, applications, events. */
export class Core implements ChannelHost {
  readonly clock: Clock;
  readonly options: CoreOptions;
  readonly node: NodeIdentity;
  readonly scheduler: Scheduler;
  readonly dialplan: Dialplan;
  readonly channels = new Map<string, Channel>();
  readonly #poster: CdrPoster;
  readonly startedAt: number;
  readonly #globals: Map<string, string>;
  /** `fsctl shutdown elegant` was given. */
  shutdownRequested = false;
  #listeners = new Set<EventListener>();
  #work = new Set<Promise<unknown>>();
  #sequence = 0;
  #sessions = 0;
  #alive = true;

  /** @throws SandboxDialplanError when the dialplan does not load. */
  constructor(options: CoreOptions) {
    this.options = options;
    this.clock = options.clock;
    this.startedAt = options.clock.now();
    this.scheduler = new Scheduler(options.clock);
    this.#poster = new CdrPoster({ hosts: options.cdrHosts, secret: options.cdrSecret });
    this.node = { coreUuid: randomUUID(), hostname: 'sandbox', switchname: options.switchname };
    const globals = new Map(Object.entries(options.globals));
    this.#globals = globals;
    this.dialplan = Dialplan.load(options.dialplanFile, globals, {
      applications: new Set(applications.keys()),
      inlineApplications,
      check: checkAction,
    });
  }

  /** Sessions since the start. */
  get sessions(): number {
    return this.#sessions;
  }

  get alive(): boolean {
    return this.#alive;
  }

  micros(): number {
    return this.clock.micros();
  }

  global(name: string): string | undefined {
    return this.#globals.get(name);
  }

  /** Sets a global variable; undefined unsets it. `$${name}` in the dialplan has been replaced long ago. */
  setGlobal(name: string, value: string | undefined): void {
    if (value === undefined) this.#globals.delete(name);
    else this.#globals.set(name, value);
  }

  channel(uuid: string): Channel | undefined {
    return this.channels.get(uuid);
  }

  /** Subscribes to events. Returns what ends the subscription. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(name: string, channel: Channel, extra: Readonly<Record<string, string>> = {}): void {
    const event = this.newEvent(name);
    for (const [header, value] of Object.entries(extra)) event.set(header, value);
    addChannelData(event, channel);
    this.fire(name, event);
  }

  /** An event that carries only what every event says of its node. */
  newEvent(name: string): EventHeaders {
    this.#sequence += 1;
    const [file, func, line] = ORIGINS[name] ?? ['sandbox', 'emit', 1];
    return eventOf(name, this.node, this.clock.micros(), this.#sequence, { file, func, line });
  }

  fire(name: string, event: EventHeaders, body?: string): void {
    if (!this.#alive) return;
    for (const listener of this.#listeners) listener(name, event, body);
  }

  track(work: Promise<unknown>): void {
    const settled = work
      .catch((error: unknown) => this.report(error))
      .finally(() => this.#work.delete(settled));
    this.#work.add(settled);
  }

  /** An error that nobody awaits. After a crash or a stop there is nobody to tell. */
  report(error: unknown): void {
    if (this.#alive) this.options.onError(error);
  }

  /** A new channel, known to the switch from now on. */
  addChannel(
    identity: { uuid: string; name: string; direction: 'inbound' | 'outbound' },
    profile: Omit<CallerProfile, 'index' | 'direction' | 'uuid' | 'chanName' | 'extension' | 'times'>,
  ): Channel {
    this.#sessions += 1;
    const { direction, uuid, name } = identity;
    const channel = new Channel(
      this,
      { ...identity, sessionId: this.#sessions },
      {
        ...profile,
        index: 1,
        direction,
        uuid,
        chanName: name,
        extension: null,
        times: newTimes(this.micros()),
      },
    );
    channel.variables.set('direction', direction);
    if (direction === 'outbound') channel.variables.set('is_outbound', 'true');
    channel.variables.set('uuid', uuid);
    channel.variables.set('session_id', String(this.#sessions));
    channel.variables.set('channel_name', name);
    this.channels.set(uuid, channel);
    return channel;
  }

  /** A call from outside enters the dialplan. */
  startInbound(channel: Channel, leg: SipLeg): void {
    channel.leg = leg;
    channel.callState = 'DOWN';
    this.emit('CHANNEL_CREATE', channel);
    channel.callState = 'RINGING';
    channel.variables.set('call_uuid', channel.uuid);
    this.enterDialplan(channel);
  }

  /** The channel gets its own run through the dialplan, at its current profile. */
  enterDialplan(channel: Channel): void {
    this.track(runChannel(this, channel));
  }

  /**
   * Runs one application (switch_core_session_exec).
   * @throws SandboxUnsupportedError for an application that is not simulated: FreeSWITCH may know it.
   */
  async execute(channel: Channel, name: string, data: string): Promise<void> {
    const application = applications.get(name.toLowerCase());
    if (application === undefined) {
      throw new SandboxUnsupportedError(`the application ${name} is not simulated`);
    }
    if (channel.isDown() && !zombieApplications.has(name.toLowerCase())) return;
    const { scoped, rest: expanded } = scopedVariables(expand(data, (variable) => channel.get(variable)));
    const outerScope = channel.scopeVariables;
    channel.scopeVariables = new Map([...outerScope, ...scoped]);
    if (!isTrue(channel.get('disable_app_log'))) {
      channel.appLog.push({ application: name, data: expanded, stamp: this.micros() });
    }
    channel.variables.set('current_application_data', expanded);
    channel.variables.set('current_application', name);
    channel.variables.set('current_application_response', undefined);
    this.emit('CHANNEL_EXECUTE', channel, { Application: name, 'Application-Data': expanded });
    try {
      await application(this, channel, expanded);
    } finally {
      channel.scopeVariables = outerScope;
    }
    this.emit('CHANNEL_EXECUTE_COMPLETE', channel, {
      Application: name,
      'Application-Data': expanded,
      'Application-Response': channel.variables.get('current_application_response') ?? '_none_',
    });
  }

  command(line: string): Promise<string> {
    return runApi(this, line);
  }

  down(channel: Channel): void {
    // A leg that we dial has no run through the dialplan that would end it.
    if (channel.direction === 'outbound' && !channel.hitDialplan) {
      this.track(Promise.resolve().then(() => this.finish(channel)));
    }
  }

  /** The last of a channel: end variables, CDR, CHANNEL_HANGUP_COMPLETE, CHANNEL_DESTROY. */
  async finish(channel: Channel): Promise<void> {
    if (!this.channels.has(channel.uuid)) return;
    this.scheduler.delete(channel.uuid);
    await stopRecordings(channel);
    setCause(channel);
    await channel.commandOn('api_hangup_hook');
    channel.state = 'CS_REPORTING';
    setEndVariables(channel);
    await this.#report(channel);
    this.emit('CHANNEL_HANGUP_COMPLETE', channel);
    this.emit('CHANNEL_DESTROY', channel);
    this.channels.delete(channel.uuid);
    channel.notify();
  }

  /** The CDR, to disk and then to a controller. A crash writes nothing any more. */
  async #report(channel: Channel): Promise<void> {
    if (!this.#alive) return;
    const { cdrDir } = this.options;
    const document = JSON.stringify(cdrOf(channel, this.node));
    if (cdrDir !== '') await writeCdr(cdrDir, channel.uuid, document);
    const release = this.clock.hold();
    await this.#poster.post(channel.uuid, document).finally(release);
  }

  /** Hangs everything up and waits until every channel has ended. */
  async shutdown(): Promise<void> {
    for (const channel of this.channels.values()) channel.hangup('SYSTEM_SHUTDOWN');
    while (this.#work.size > 0) await Promise.all(this.#work);
    this.#alive = false;
    this.#listeners.clear();
  }

  /** The process dies: no event, no CDR, no goodbye. */
  crash(): void {
    this.#alive = false;
    this.#listeners.clear();
    for (const channel of this.channels.values()) channel.abandon();
    this.channels.clear();
    this.scheduler.clear();
  }
}
