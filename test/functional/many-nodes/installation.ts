import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { SimulatedFreeSwitch } from '../../../sandbox/simulated-freeswitch.js';
import { cdrForwarder } from '../../../src/freeswitch/cdr-forwarder.js';
import type { CdrSpool } from '../../../src/freeswitch/cdr-spool.js';
import { EslConnection } from '../../../src/freeswitch/connection.js';
import { CdrUnreachableError } from '../../../src/freeswitch/errors.js';
import type { Log } from '../../../src/freeswitch/log.js';
import { leaseKey } from '../../../src/store/keys.js';
import { until } from '../../helpers/until.js';
import { ControllerProcess } from '../../helpers/controller.js';
import { freeTcpPort } from '../../helpers/ports.js';
import { silentLog } from '../../helpers/silent-log.js';
import { Stack } from '../../helpers/stack.js';
import { StoreView } from '../../helpers/store-view.js';

const ROOT = new URL('../../../', import.meta.url).pathname;
/** Every trunk that some node has, as TRUNKS says it to the controllers. */
export const TRUNKS = ['north', 'south'] as const;
export type Trunk = (typeof TRUNKS)[number];

/** A FreeSWITCH node of the installation. */
export interface Member {
  readonly name: string;
  /** `host:port` of its Event Socket, as FREESWITCH_NODES has it. */
  readonly endpoint: string;
  readonly trunks: readonly Trunk[];
  readonly freeswitch: SimulatedFreeSwitch;
}

/** What an installation begins with: each node by its trunks. */
export interface Beginning {
  readonly nodes: readonly (readonly Trunk[])[];
  readonly controllers: number;
  /** Controllers that are prepared, on hosts of their own, and do not run yet. */
  readonly toCome?: number;
}

/** Several nodes and controllers on one Redis, changed by the steps of docs/scaling.md while calls come in. */
export class Installation {
  /** Nodes that FREESWITCH_NODES lists for a controller that starts now. */
  listed: readonly Member[] = [];
  readonly #members: Member[] = [];
  /** `npm run forward-cdrs` beside each node, by the node's name. */
  readonly #forwarders = new Map<string, CdrSpool>();
  /** What they complained of, but for controllers that were away. */
  readonly complaints: string[] = [];

  private constructor(
    readonly stack: Stack,
    readonly store: StoreView,
  ) {}

  static async start({ nodes, controllers, toCome = 0 }: Beginning): Promise<Installation> {
    const stack = await Stack.prepare({
      ...{ controllers: controllers + toCome, trunks: TRUNKS },
      // Nobody starts a controller again that the watchdog has killed because the machine stood still.
      environment: { WATCHDOG_LIMIT_MS: '0' },
    });
    const installation = new Installation(stack, StoreView.of(stack));
    const running = Array.from({ length: controllers }, (_, index) => index);
    try {
      for (const trunks of nodes) await installation.addNode(trunks, running);
      installation.listed = [...installation.#members];
      await Promise.all(running.map((index) => installation.startController(index)));
    } catch (error) {
      await installation.close();
      throw error;
    }
    return installation;
  }

  /** Those that were started, in this order, whatever has become of them. */
  get members(): readonly Member[] {
    return [...this.#members];
  }

  /** Starts a node that asks the controllers of these indexes. No controller knows it yet. */
  async addNode(trunks: readonly Trunk[], controllers: readonly number[]): Promise<Member> {
    const { stack } = this;
    const name = `node-${this.#members.length + 1}`;
    const eventSocketPort = await freeTcpPort();
    const freeswitch = new SimulatedFreeSwitch({
      dialplanFile: join(ROOT, 'dialplan/masking.xml'),
      soundsDir: join(ROOT, 'freeswitch/sounds/en'),
      questionHosts: this.#hosts(stack.questionHosts, controllers),
      questionSecret: stack.questionSecret,
      eventSocketPort,
      password: stack.eventSocketPassword,
      switchname: name,
      cdrDir: this.#cdrFolder(name),
      cdrHosts: this.#hosts(stack.cdrHosts, controllers),
      trunks: Object.fromEntries(trunks.map((trunk) => [trunk, 'up'])),
      otherwise: { kind: 'answer', afterMs: 100 },
    });
    await freeswitch.start();
    const member: Member = { name, endpoint: `127.0.0.1:${eventSocketPort}`, trunks, freeswitch };
    this.#members.push(member);
    await this.#forward(name, controllers);
    return member;
  }

  /** Starts a controller with the nodes that are listed now, and waits until it says that it is ready. */
  async startController(index: number): Promise<void> {
    const before = this.stack.controllers[index];
    if (before === undefined) throw new RangeError(`no controller ${index} was prepared`);
    const nodes = this.listed.map(({ endpoint }) => endpoint).join(',');
    const controller = new ControllerProcess(
      { ...before.environment, FREESWITCH_NODES: nodes },
      before.logFile,
    );
    this.stack.controllers[index] = controller;
    await controller.start();
  }

  /** Ends a controller as its supervisor would; answers its exit code. */
  async endController(index: number): Promise<number | null> {
    const controller = this.stack.controllers[index];
    return controller === undefined ? null : controller.end('SIGTERM');
  }

  /** Indexes of the controllers that run. */
  get running(): readonly number[] {
    return this.stack.controllers.flatMap(({ pid }, index) => (pid === null ? [] : [index]));
  }

  /** Gives every controller that runs the list of nodes of now, one after the other; answers their exit codes. */
  async rollControllers(): Promise<readonly (number | null)[]> {
    const codes: (number | null)[] = [];
    for (const index of this.running) {
      codes.push(await this.endController(index));
      await this.startController(index);
    }
    return codes;
  }

  /** How many of the nodes that are listed each controller that runs holds, by what Redis says. */
  async holdings(): Promise<readonly number[]> {
    const redis = new Redis(this.stack.redis.url);
    try {
      const holders = await Promise.all(this.listed.map(({ endpoint }) => redis.get(leaseKey(endpoint))));
      return this.running.map((index) => {
        const pid = String(this.stack.controllers[index]?.pid);
        return holders.filter((id) => id?.includes(`-${pid}-`) === true).length;
      });
    } finally {
      redis.disconnect();
    }
  }

  /**
   * Changes whom a node asks, while it runs: QUESTION_HOSTS without a restart. What forwards its CDRs is restarted with the
   * new list; FreeSWITCH itself posts by the old one.
   */
  async tellWhomToAsk(member: Member, controllers: readonly number[]): Promise<void> {
    const hosts = this.#hosts(this.stack.questionHosts, controllers).join('|');
    await this.control(member, `global_setvar question_hosts_NORMAL_TEMPORARY_FAILURE=${hosts}`);
    await this.#forward(member.name, controllers);
  }

  /** Ends a node as SIGTERM with DRAIN=true does: it takes no new call, and goes once the last one is over. */
  async drain(member: Member): Promise<void> {
    await this.control(member, 'fsctl shutdown elegant');
    await until(
      'the node refuses new calls',
      async () => (await this.control(member, 'global_getvar node_draining')) === 'true',
    );
    await until('its last call is over', () => member.freeswitch.channels.length === 0, 60_000);
    await member.freeswitch.stop();
  }

  /** One API command over the node's Event Socket, as fs_cli gives it; answers its output. */
  async control(member: Member, command: string): Promise<string> {
    const connection = new EslConnection({
      host: '127.0.0.1',
      port: member.freeswitch.eventSocketPort,
      password: this.stack.eventSocketPassword,
      log: silentLog,
    });
    await connection.open();
    try {
      return (await connection.api(command)).trim();
    } finally {
      connection.close();
    }
  }

  async close(): Promise<void> {
    for (const { freeswitch } of this.#members) await freeswitch.stop();
    await Promise.all([...this.#forwarders.values()].map((forwarder) => forwarder.stop()));
    await this.store.close();
    await this.stack.close();
  }

  /** Files in the nodes' CDR folders, those that were set aside among them. */
  async waitingCdrs(): Promise<readonly string[]> {
    const folders = this.#members.map(({ name }) => readdir(this.#cdrFolder(name), { recursive: true }));
    return (await Promise.all(folders)).flat();
  }

  #forwarderLog(): Log {
    const complain = (about: object, text: string): void => {
      if (!('err' in about && about.err instanceof CdrUnreachableError)) this.complaints.push(text);
    };
    return { ...silentLog, warn: complain as Log['warn'], error: complain as Log['error'] };
  }

  /** A disk of its own, as nodes on several hosts have. */
  #cdrFolder(node: string): string {
    return join(this.stack.folder, `cdr-${node}`);
  }

  async #forward(node: string, controllers: readonly number[]): Promise<void> {
    await this.#forwarders.get(node)?.stop();
    const { cdrHosts, questionSecret } = this.stack;
    const folder = this.#cdrFolder(node);
    await mkdir(folder, { recursive: true });
    const hosts = this.#hosts(cdrHosts, controllers);
    const forwarder = cdrForwarder({ folder, hosts, secret: questionSecret }, this.#forwarderLog());
    this.#forwarders.set(node, forwarder);
    forwarder.start();
  }

  #hosts(all: string, indexes: readonly number[]): readonly string[] {
    const hosts = all.split('|');
    return indexes.map((index) => hosts[index] ?? '');
  }
}
