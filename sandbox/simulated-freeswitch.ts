import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Clock } from './clock.js';
import type { Channel } from './freeswitch/channel.js';
import { Core } from './freeswitch/core.js';
import { EventSocket } from './freeswitch/event-socket.js';
import { userOf, variablesOfHeaders } from './freeswitch/invite.js';
import { readFreeswitchXml } from './freeswitch/xml.js';
import { Phones, type CalleeBehaviour, type TrunkState } from './phones.js';
import { PlacedCall } from './placed-call.js';

export interface SimulatedFreeSwitchOptions {
  /** The dialplan that a real node would run. Without a legs.xml beside it the node is one of before (src/freeswitch/leg-defaults.ts). */
  readonly dialplanFile: string;
  /** Folder of the built-in prompts: FreeSWITCH's sound_prefix. */
  readonly soundsDir: string;
  /** `host:port` of the controllers, in order of preference. */
  readonly questionHosts: readonly string[];
  readonly questionSecret: string;
  /** Seconds that a controller may take before the dialplan's dead-man ends the call; 5 when left out. */
  readonly questionTimeout?: number;
  /** Event Socket port on 127.0.0.1; 0 takes a free one. */
  readonly eventSocketPort?: number;
  readonly password: string;
  readonly switchname?: string;
  /** Folder of the CDRs, or "" for none. */
  readonly cdrDir?: string;
  /** `host:port` of the controllers that CDRs are posted to, with the question secret; none when left out. */
  readonly cdrHosts?: readonly string[];
  readonly trunks: Readonly<Record<string, TrunkState>>;
  readonly clock?: Clock;
  /** Further globals of the dialplan; they win over those that the other options give. */
  readonly globals?: Readonly<Record<string, string>>;
  /** Milliseconds until an INVITE that nobody answers fails. */
  readonly sipTimeoutMs?: number;
  /** Real milliseconds between two heartbeats. */
  readonly heartbeatMs?: number;
  /** What a number does that no behaviour was set for; 404 at once when left out. */
  readonly otherwise?: CalleeBehaviour;
  /**
   * Something happened that the simulation cannot follow, such as an application that it does not
   * know. Without a handler it is thrown, so that it is never missed.
   */
  readonly onError?: (error: unknown) => void;
}

/** A call from outside. */
export interface PlaceOptions {
  /** User part of From: E.164, a word, or anything malformed. */
  readonly from: string;
  /** User part of the request URI. */
  readonly to: string;
  readonly displayName?: string;
  /** Further headers of the INVITE, name to value. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A carrier's trunk, or a softphone that has authenticated as `from` (then digits, or +digits). */
  readonly via?: 'trunk' | 'softphone';
  /** Cancels when not answered within so many simulated milliseconds. */
  readonly cancelAfterMs?: number;
  /** The same, counted from the moment when it rings (180). */
  readonly cancelAfterRingingMs?: number;
}

type State = 'stopped' | 'running' | 'crashed';

/**
 * A FreeSWITCH without telephony: it runs the real dialplan file, asks controllers over the real
 * socket protocol, and serves the real Event Socket; only SIP and sound are played.
 */
export class SimulatedFreeSwitch {
  readonly phones: Phones;
  readonly clock: Clock;
  readonly #options: SimulatedFreeSwitchOptions;
  readonly #placed = new Set<PlacedCall>();
  #core: Core;
  #socket: EventSocket;
  #port = 0;
  #state: State = 'stopped';

  /** @throws SandboxDialplanError when the dialplan does not load. */
  constructor(options: SimulatedFreeSwitchOptions) {
    this.#options = options;
    this.clock = options.clock ?? new Clock();
    this.phones = new Phones({
      clock: this.clock,
      trunks: options.trunks,
      ...(options.sipTimeoutMs === undefined ? {} : { sipTimeoutMs: options.sipTimeoutMs }),
      ...(options.otherwise === undefined ? {} : { otherwise: options.otherwise }),
    });
    this.#core = this.#newCore();
    this.#socket = new EventSocket(this.#core, options.password);
  }

  /** Port of the Event Socket; 0 before the first start. It stays the same over restarts. */
  get eventSocketPort(): number {
    return this.#port;
  }

  get switchname(): string {
    return this.#core.node.switchname;
  }

  /** UUIDs of the channels that are up. */
  get channels(): readonly string[] {
    return [...this.#core.channels.keys()];
  }

  /** Starts, or starts again after a stop or a crash. Rejects with the system's error (EADDRINUSE). */
  async start(): Promise<void> {
    if (this.#state === 'running') return;
    if (this.#port !== 0) {
      this.#core = this.#newCore();
      this.#socket = new EventSocket(this.#core, this.#options.password);
    }
    this.#port = await this.#socket.listen(
      this.#port === 0 ? (this.#options.eventSocketPort ?? 0) : this.#port,
    );
    this.#state = 'running';
  }

  /** Hangs every call up and closes; nothing is left behind. */
  async stop(): Promise<void> {
    if (this.#state === 'running') {
      await this.#core.shutdown();
      await this.#socket.close('stop');
    }
    this.#state = 'stopped';
    // Calls that a crash has left hanging: their phones would wait, and hold timers, for ever.
    for (const call of this.#placed) call.abandon();
    this.phones.abandon();
  }

  /** kill -9: connections are reset, calls go silent without a BYE, no CDR is written. */
  async kill(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'crashed';
    this.#core.crash();
    await this.#socket.close('crash');
  }

  /** Places a call from outside. A node that does not run answers 503, as a carrier would. */
  place(options: PlaceOptions): PlacedCall {
    const call = new PlacedCall(this.clock, randomUUID());
    if (this.#state !== 'running') {
      call.refuse(503, 'NORMAL_TEMPORARY_FAILURE');
      return call;
    }
    const channel = this.#inboundChannel(call.uuid, options);
    call.attach(channel);
    this.#placed.add(call);
    void call.ended.then(() => this.#placed.delete(call));
    if (options.cancelAfterMs !== undefined) call.cancelAfter(options.cancelAfterMs);
    if (options.cancelAfterRingingMs !== undefined) call.cancelAfterRinging(options.cancelAfterRingingMs);
    this.#core.startInbound(channel, call);
    return call;
  }

  #inboundChannel(uuid: string, options: PlaceOptions): Channel {
    const headers = Object.entries(options.headers ?? {});
    const header = (name: string): string | undefined =>
      headers.find(([key]) => key.toLowerCase() === name)?.[1];
    const via = options.via ?? 'trunk';
    // The last of these that is there wins (mod_sofia, p-asserted-id-parse).
    const asserted = ['remote-party-id', 'p-asserted-identity', 'p-preferred-identity']
      .map((name) => header(name))
      .filter((value) => value !== undefined)
      .map(userOf)
      .at(-1);
    const number = asserted ?? options.from;
    const privacy = header('privacy') ?? '';
    const hidden = /\b(id|user|header|full|yes)\b/i.test(privacy);
    const channel = this.#core.addChannel(
      { uuid, name: `sofia/${via}/${options.from}@127.0.0.1`, direction: 'inbound' },
      {
        username: options.from,
        dialplan: 'XML',
        context: via,
        callerIdName: options.displayName ?? number,
        callerIdNumber: number,
        origCallerIdName: options.displayName ?? number,
        origCallerIdNumber: number,
        calleeIdName: '',
        calleeIdNumber: '',
        networkAddr: '127.0.0.1',
        ani: number,
        rdnis: '',
        destinationNumber: options.to,
        source: 'mod_sofia',
        transferSource: '',
        hideName: hidden,
        hideNumber: hidden,
      },
    );
    const set = (name: string, value: string): void => channel.variables.setChecked(name, value);
    set('sip_from_user', options.from);
    set('sip_from_uri', `${options.from}@127.0.0.1`);
    set('sip_from_display', options.displayName ?? '');
    set('sip_call_id', uuid);
    set('sofia_profile_name', via);
    set('sip_req_user', options.to);
    set('sip_to_user', options.to);
    set('max_forwards', '70');
    for (const [name, value] of variablesOfHeaders(headers)) set(name, value);
    if (via === 'softphone') {
      set('sip_authorized', 'true');
      set('sip_auth_username', options.from.replace(/^\+/, ''));
    }
    set('endpoint_disposition', 'DELAYED NEGOTIATION');
    return channel;
  }

  #newCore(): Core {
    const { questionHosts, ...options } = this.#options;
    return new Core({
      dialplanFile: options.dialplanFile,
      globals: {
        ...withLegDefaults(options.dialplanFile, {
          sound_prefix: options.soundsDir,
          question_hosts_NORMAL_TEMPORARY_FAILURE: questionHosts.join('|'),
          question_timeout: String(options.questionTimeout ?? 5),
          question_secret: options.questionSecret,
          media_timeout_seconds: '300',
          sip_trunk_srtp: 'optional',
          ringback_tone: RINGBACK,
          ...((options.cdrDir ?? '') === '' ? {} : { cdr_dir: options.cdrDir ?? '' }),
        }),
        ...options.globals,
      },
      switchname: options.switchname ?? 'sandbox',
      cdrDir: options.cdrDir ?? '',
      cdrHosts: options.cdrHosts ?? [],
      cdrSecret: options.questionSecret,
      clock: this.clock,
      network: this.phones,
      heartbeatMs: options.heartbeatMs ?? 20_000,
      onError: options.onError ?? throwLater,
    });
  }
}

/** A ringing tone that A hears in place of B's early media. */
const RINGBACK = '%(2000,4000,440,480)';

/** `globals`, and what every leg of the node has by the file beside its dialplan. */
function withLegDefaults(
  dialplanFile: string,
  globals: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const all = new Map(Object.entries(globals));
  const legs = join(dirname(dialplanFile), 'legs.xml');
  if (existsSync(legs)) readFreeswitchXml(legs, all);
  return Object.fromEntries(all);
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
