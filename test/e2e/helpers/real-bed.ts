import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Interaction } from '../../../src/masking/interaction.js';
import { BaseLane } from '../../helpers/base-lane.js';
import { Stack } from '../../helpers/stack.js';
import { StoreView } from '../../helpers/store-view.js';
import type {
  CalleeBehaviour,
  CallOutcome,
  CallPlan,
  InviteSeen,
  Lane,
  TestBed,
} from '../../scenarios/bed.js';
import { audioOf } from '../../helpers/audio-length.js';
import { ExecutionLog } from './execution-log.js';
import { RealFreeSwitch, requireFreeSwitch, type TestTrunk } from './real-freeswitch.js';
import { headerOf, methodOf, statusOf, type LoggedMessage } from './sip-messages.js';
import { freeUdpPort, placeCall, SippPhones } from './sipp.js';

const SPARE_TRUNK = 'spare';
const LANES = 140;
/** FreeSWITCH reports a file as played within this time of its start. */
const EVENTS_SETTLE_MS = 150;

export interface RealBedOptions {
  readonly controllers: number;
  readonly lanes?: number;
  /** The controllers' TRUNKS. */
  readonly trunks?: readonly string[];
  /** Trunks that are not plain ones to a spare port, by name: `lane0` is the first lane's. */
  readonly gateways?: Readonly<Record<string, Omit<TestTrunk, 'name'>>>;
  /** Further variables of freeswitch/start.sh. */
  readonly environment?: Readonly<Record<string, string>>;
  /** See StackOptions. */
  readonly proxied?: boolean;
  /** Further variables of the controllers. */
  readonly controllerEnvironment?: Readonly<Record<string, string>>;
}

/** A real FreeSWITCH with our configuration, SIPp as carrier, real controllers and a real Redis. */
export class RealBed implements TestBed {
  readonly kind = 'real';
  readonly #lanes: RealLane[] = [];
  #nextLane = 0;

  private constructor(
    readonly stack: Stack,
    readonly store: StoreView,
    readonly freeswitch: RealFreeSwitch,
    readonly log: ExecutionLog,
    readonly trunkPorts: ReadonlyMap<string, number>,
    /** Phones behind the trunk that comes after a lane's own: they answer, whoever is called. */
    readonly spare: SippPhones,
  ) {}

  static async start(options: RealBedOptions): Promise<RealBed> {
    requireFreeSwitch();
    const stack = await Stack.prepare({
      controllers: options.controllers,
      trunks: options.trunks ?? [SPARE_TRUNK],
      ...(options.proxied === undefined ? {} : { proxied: options.proxied }),
      ...(options.controllerEnvironment === undefined ? {} : { environment: options.controllerEnvironment }),
    });
    const trunkPorts = new Map<string, number>();
    trunkPorts.set(SPARE_TRUNK, await freeUdpPort());
    for (let lane = 0; lane < (options.lanes ?? LANES); lane += 1) {
      const name = `lane${lane}`;
      trunkPorts.set(name, options.gateways?.[name]?.port ?? (await freeUdpPort()));
    }
    const freeswitch = await RealFreeSwitch.beside(stack, {
      trunks: [...trunkPorts].map(([name, port]) => ({ name, port, ...options.gateways?.[name] })),
      ...(options.environment === undefined ? {} : { environment: options.environment }),
    });
    await stack.startControllers();
    const log = await ExecutionLog.attach(await freeswitch.control());
    const sparePort = trunkPorts.get(SPARE_TRUNK) ?? 0;
    const spare = await SippPhones.start(join(stack.folder, SPARE_TRUNK), sparePort, new Map(), {
      kind: 'answer',
      afterMs: 200,
    });
    return new RealBed(stack, StoreView.of(stack), freeswitch, log, trunkPorts, spare);
  }

  async lane(): Promise<RealLane> {
    const index = this.#nextLane;
    this.#nextLane += 1;
    const lane = new RealLane(this, index);
    this.#lanes.push(lane);
    await lane.addNumber();
    return lane;
  }

  async killController(index: number): Promise<void> {
    await this.stack.controllers[index]?.end('SIGKILL');
  }

  async startController(index: number): Promise<void> {
    await this.stack.controllers[index]?.start();
  }

  async close(): Promise<void> {
    this.log.close();
    await this.spare.stop();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    await this.freeswitch.end('SIGKILL');
    await this.store.close();
    await this.stack.close();
  }
}

export class RealLane extends BaseLane implements Lane {
  readonly #bed: RealBed;
  readonly #folder: string;
  readonly #phones = new Map<string, CalleeBehaviour>();
  readonly #running: { trunk: string; phones: SippPhones }[] = [];
  #trunkState: 'up' | 'refusing' | 'unreachable' = 'up';
  #blackHole: Socket | null = null;
  #calls = 0;
  #stale = true;

  constructor(bed: RealBed, index: number) {
    super(bed.stack, bed.store, `lane${index}`, index);
    this.#bed = bed;
    this.#folder = join(bed.stack.folder, this.trunk);
  }

  async callee(number: string, behaviour: CalleeBehaviour): Promise<void> {
    this.#phones.set(number, behaviour);
    this.#stale = true;
    return Promise.resolve();
  }

  async trunkIs(state: 'up' | 'refusing' | 'unreachable'): Promise<void> {
    this.#trunkState = state;
    this.#stale = true;
    return Promise.resolve();
  }

  protected async phonesReady(): Promise<void> {
    if (!this.#stale || this.#phones.size === 0) return;
    this.#stale = false;
    await this.#stopPhones();
    const port = this.#port(this.trunk);
    if (this.#trunkState === 'unreachable') {
      this.#blackHole = createSocket('udp4');
      this.#blackHole.bind(port, '127.0.0.1');
      await once(this.#blackHole, 'listening');
    } else {
      const phones =
        this.#trunkState === 'up'
          ? this.#phones
          : new Map([...this.#phones.keys()].map((number) => [number, REFUSING] as const));
      await this.#startPhones(this.trunk, port, phones);
    }
  }

  async #startPhones(
    trunk: string,
    port: number,
    phones: ReadonlyMap<string, CalleeBehaviour>,
  ): Promise<void> {
    const folder = join(this.#folder, `${trunk}-${this.#running.length}`);
    this.#running.push({ trunk, phones: await SippPhones.start(folder, port, phones) });
  }

  #port(trunk: string): number {
    const port = this.#bed.trunkPorts.get(trunk);
    if (port === undefined) throw new Error(`there are more lanes than trunks: ${trunk}`);
    return port;
  }

  async call(plan: CallPlan): Promise<CallOutcome> {
    await this.phonesReady();
    this.#calls += 1;
    const startedAt = Date.now();
    const messages = await placeCall(
      join(this.#folder, `call-${this.#calls}`),
      this.#bed.freeswitch.sipPort,
      {
        ...plan,
        to: plan.to ?? this.did,
      },
    );
    await sleep(EVENTS_SETTLE_MS);
    const heard = this.#bed.log.toCaller(plan.to ?? this.did, startedAt - 50);
    return outcomeOf(
      messages,
      heard.map((path) => this.stack.audio.nameOf(path)),
    );
  }

  async invites(): Promise<readonly InviteSeen[]> {
    await sleep(EVENTS_SETTLE_MS);
    const seen: (InviteSeen & { at: number })[] = [];
    const trunks = [...this.#running, { trunk: SPARE_TRUNK, phones: this.#bed.spare }];
    for (const { trunk, phones } of trunks) {
      const messages = await phones.messages();
      for (const first of messages.filter(isInitialInvite)) {
        const called = /^INVITE sip:([^@;>]+)@/.exec(first.text)?.[1] ?? '';
        if (called !== this.first && called !== this.second) continue;
        const from = headerOf(first.text, 'From');
        seen.push({
          trunk,
          called,
          callerNumber: /sip:([^@;>]+)@/.exec(from)?.[1] ?? '',
          callerName: /^"([^"]*)"/.exec(from)?.[1] ?? '',
          heard: this.#bed.log.toPhone(called).map((path) => this.stack.audio.nameOf(path)),
          received: receivedIn(messages, first.callId),
          at: first.at,
        });
      }
    }
    return seen.toSorted((left, right) => left.at - right.at);
  }

  async recording(interaction: Interaction): Promise<{ ms: number; format: 'wav' | 'mp3' }> {
    return audioOf(join(this.stack.recordingsDir, interaction.recording));
  }

  async #stopPhones(): Promise<void> {
    await Promise.all(this.#running.map(({ phones }) => phones.stop()));
    this.#blackHole?.close();
    this.#blackHole = null;
  }

  async close(): Promise<void> {
    await this.#stopPhones();
  }
}

const REFUSING: CalleeBehaviour = { kind: 'refuse', status: 503, afterMs: 1 };

function isInitialInvite(message: LoggedMessage, index: number, all: readonly LoggedMessage[]): boolean {
  if (message.direction !== 'received' || !message.text.startsWith('INVITE ')) return false;
  return all.findIndex((other) => other.callId === message.callId) === index;
}

function receivedIn(messages: readonly LoggedMessage[], callId: string): string {
  return messages
    .filter((message) => message.direction === 'received' && message.callId === callId)
    .map((message) => message.text)
    .join('\n\n');
}

/** What a caller saw of its call, from its side's messages. */
export function outcomeOf(messages: readonly LoggedMessage[], heard: readonly string[]): CallOutcome {
  const received = messages.filter((message) => message.direction === 'received');
  const replies = received
    .filter((message) => methodOf(message.text) === 'INVITE')
    .map((message) => ({ at: message.at, status: statusOf(message.text) ?? 0 }));
  const final = replies.find((reply) => reply.status >= 200);
  if (final === undefined) {
    throw new Error(
      `the call got no final response:\n${messages.map((message) => message.text).join('\n\n')}`,
    );
  }
  const firstLine = (message: LoggedMessage): string => message.text.split('\n', 1)[0] ?? '';
  const bye = messages.find((message) => firstLine(message).startsWith('BYE '));
  const cancelled = messages.some(
    (message) => message.direction === 'sent' && firstLine(message).startsWith('CANCEL '),
  );
  return {
    status: final.status,
    provisional: replies.filter((reply) => reply.status < 200).map((reply) => reply.status),
    endedByCaller: cancelled || bye?.direction === 'sent',
    talkMs: final.status === 200 && bye !== undefined ? bye.at - final.at : 0,
    heard,
    received: received.map((message) => message.text).join('\n\n'),
  };
}
