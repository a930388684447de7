import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MasklineError } from '../../src/errors.js';
import { RealFreeSwitch } from '../../test/e2e/helpers/real-freeswitch.js';
import { RtpTalker } from '../../test/e2e/helpers/rtp.js';
import { freeUdpPort, Sipp } from '../../test/e2e/helpers/sipp.js';
import { COMPILED, SOURCES } from '../../test/helpers/controller.js';
import { Stack } from '../../test/helpers/stack.js';
import { openWatched } from './interruption.js';
import { callerXml, PHONE } from './rig-scenarios.js';
import type { Sample } from './held-calls.js';
import { first, second } from './people.js';
import { cpuMsOf, pin, ProcessGoneError, residentKib } from './process-figures.js';
import { placeCalls, refusalsIn, type SippResult } from './sipp-load.js';

const ROOT = new URL('../../', import.meta.url).pathname;
export const DID = '+15550009046';

/** What a call goes through: our dialplan and controller, or nothing but a `bridge`. */
export type Route = 'bare' | 'masked';

/** The PIN of the first party in every session of `createPinSessions`. */
const PIN = '4711';
const SECOND_PIN = '8822';
/** Requests under way at once while sessions are made. */
const BATCH = 20;

/** Ports of FreeSWITCH's media: a call has four, two legs with RTP and RTCP each. Above them are the system's own. */
const [FIRST_RTP_PORT, LAST_RTP_PORT] = [20_000, 32_766];
/** Calls at a time that they are enough for. */
export const MOST_CALLS = 3_000;

/** What a call keeps busy. */
export const PROCESSES = ['freeswitch', 'controller', 'redis'] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** All but the one that FreeSWITCH has to itself. */
const OTHER_CORES = Array.from({ length: cpus().length - 1 }, (_, index) => index + 1);

/** Processes could not be kept on cores of their own. */
export class CoresMissingError extends MasklineError {
  readonly code = 'ERR_BENCH_CORES_MISSING';
  constructor() {
    super('--apart needs taskset, two cores or more, and leave to use all of them');
  }
}

export interface RigOptions {
  /** The phones keep a log of their messages, which costs them more than the calls. Default true. */
  readonly isTraced?: boolean;
  /** Calls that FreeSWITCH has ports for at a time, at most MOST_CALLS. Default 500. */
  readonly atOnce?: number;
  /** The controller is run as `npm run build` left it, rather than from its sources. Default false. */
  readonly isCompiled?: boolean;
  /** FreeSWITCH has the first core to itself, and everything else the others. Default false. */
  readonly isApart?: boolean;
}

/** A real FreeSWITCH, one controller, Redis, and SIPp on both sides, for benchmarks. */
export class Rig {
  private constructor(
    readonly stack: Stack,
    readonly freeswitch: RealFreeSwitch,
    readonly phonePort: number,
    readonly phones: Sipp,
    readonly close: () => Promise<void>,
  ) {}

  /** Starts everything; when that fails, or the benchmark is interrupted, nothing of it is left. */
  static async start(options: RigOptions = {}): Promise<Rig> {
    return openWatched((opened, close) => Rig.#open(options, opened, close));
  }

  static async #open(
    { isTraced = true, atOnce = 500, isCompiled = false, isApart = false }: RigOptions,
    opened: (() => Promise<unknown>)[],
    close: () => Promise<void>,
  ): Promise<Rig> {
    // What this process starts inherits its cores.
    if (isApart && !(await pin(process.pid, OTHER_CORES))) throw new CoresMissingError();
    const stack = await Stack.prepare({
      controllers: 1,
      trunks: ['bench'],
      program: isCompiled ? COMPILED : SOURCES,
      // What is looked for are the limits of the machine, not those that one sets.
      environment: {
        ...{ LOG_LEVEL: 'info', METRICS_ALLOW: '127.0.0.1' },
        ...{ MAX_CALLS_PER_NUMBER: '100000', CALL_RATE_PER_NUMBER: '10000' },
      },
    });
    opened.push(() => stack.close());
    const phonePort = await freeUdpPort();
    const dialplan = join(stack.folder, 'dialplan');
    await mkdir(dialplan, { recursive: true });
    await writeFile(join(dialplan, 'masking.xml'), await withBareBridge());
    await copyFile(join(ROOT, 'dialplan/legs.xml'), join(dialplan, 'legs.xml'));
    const freeswitch = await RealFreeSwitch.beside(stack, {
      trunks: [{ name: 'bench', port: phonePort }],
      environment: {
        ...{ DIALPLAN_DIR: dialplan, MAX_CALLS: '5000', CALLS_PER_SECOND: '500' },
        // The callers say nothing for as long as they are held.
        MEDIA_TIMEOUT: '9999',
        RTP_START: String(FIRST_RTP_PORT),
        RTP_END: String(Math.min(LAST_RTP_PORT, FIRST_RTP_PORT + atOnce * 4)),
      },
    });
    opened.push(() => freeswitch.end('SIGKILL'));
    if (isApart && (freeswitch.pid === null || !(await pin(freeswitch.pid, [0]))))
      throw new CoresMissingError();
    await stack.startControllers();
    const ports = ['-p', String(phonePort), '-mp', String(await freeUdpPort())];
    const phones = await Sipp.start(join(stack.folder, 'phones'), PHONE, '127.0.0.1', ports, { isTraced });
    opened.push(() => phones.stop());
    await sleep(500);
    return new Rig(stack, freeswitch, phonePort, phones, close);
  }

  /** Sessions between `first(n)` and `second(n)` for n from 0 to `count` - 1, all on one number. */
  async createSessions(count: number): Promise<void> {
    const added = await this.stack.api('POST', '/Number/', { number: DID });
    if (added.status !== 201) throw new Error(`the number was not added: ${JSON.stringify(added.body)}`);
    await inBatches(count, (n) => this.#create(n, DID, {}));
  }

  /** As many numbers, each with a session that asks for a PIN, of people who call from other phones than their own. */
  async createPinSessions(count: number): Promise<void> {
    const pins = {
      ...{ is_pin_authentication_required: true, first_party_pin: PIN, second_party_pin: SECOND_PIN },
      ...{
        pin_prompt_play: this.stack.audio.url('prompt'),
        incorrect_pin_play: this.stack.audio.url('wrong'),
      },
      ...{ pin_retry: 1, pin_retry_wait: 5 },
    };
    await inBatches(count, async (n) => {
      const { status } = await this.stack.api('POST', '/Number/', { number: pinNumber(n) });
      if (status !== 201) throw new Error('a number was not added');
      await this.#create(n, pinNumber(n), pins);
    });
    await this.stack.promptsReady([pins.pin_prompt_play, pins.incorrect_pin_play]);
  }

  async #create(n: number, number: string, more: Readonly<Record<string, unknown>>): Promise<void> {
    const { status, body } = await this.stack.api('POST', '/Masking/Session/', {
      ...{ first_party: first(n), second_party: second(n), virtual_number: number },
      ...{ geomatch: false, session_expiry: 7200, ...more },
    });
    if (status !== 201) throw new Error(`no session: ${JSON.stringify(body)}`);
  }

  /** Places `count` calls, `rate` in 1037 ms, each held for `holdMs` milliseconds. `name` is that of a folder. */
  async load(
    way: Route | 'pin',
    name: string,
    { count, rate, holdMs }: { count: number; rate: number; holdMs: number },
  ): Promise<SippResult> {
    const folder = join(this.stack.folder, name);
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'pin.pcap');
    const keys = way === 'pin' ? { file, ms: await new RtpTalker().press(file, `${PIN}#`) } : null;
    const dials = (n: number): string => ({ bare: `bare${second(n)}`, masked: DID, pin: pinNumber(n) })[way];
    return placeCalls({
      ...{ folder, rate, scenario: callerXml(holdMs, keys), target: `127.0.0.1:${this.freeswitch.sipPort}` },
      rows: Array.from({ length: count }, (_, n) => `${way === 'pin' ? stranger(n) : first(n)};${dials(n)}`),
    });
  }

  /**
   * Places `count` calls from caller `from` on, `rate` in 1037 ms, each held for `holdMs` milliseconds. Unless told
   * otherwise SIPp keeps a log of its messages.
   */
  async place(
    route: Route,
    folder: string,
    options: { from: number; count: number; rate: number; holdMs: number; isTraced?: boolean },
  ): Promise<Sipp> {
    const path = join(this.stack.folder, folder);
    await mkdir(path, { recursive: true });
    const rows = Array.from({ length: options.count }, (_, index) => {
      const n = options.from + index;
      return `${first(n)};${route === 'masked' ? DID : `bare${second(n)}`}`;
    });
    await writeFile(join(path, 'calls.csv'), `SEQUENTIAL\n${rows.join('\n')}\n`);
    const { isTraced = true } = options;
    const flags = [
      ...['-inf', join(path, 'calls.csv'), '-m', String(options.count), '-l', String(options.count)],
      // Out of step with FreeSWITCH's ticks of 20 ms, or every call would meet the same part of one.
      ...['-r', String(options.rate), '-rp', '1037'],
      ...['-p', String(await freeUdpPort()), '-mp', String(await freeUdpPort())],
    ];
    const target = `127.0.0.1:${this.freeswitch.sipPort}`;
    return Sipp.start(path, callerXml(options.holdMs), target, flags, { isTraced });
  }

  /** Calls so far in which two were joined, by what the controller noted. */
  async connected(): Promise<number> {
    const { body } = await this.stack.api('GET', '/Masking/Explain/Call/?outcome=connected&limit=1');
    return (body as { meta: { total_count: number } }).meta.total_count;
  }

  /** Answers with which the calls of `place` in that folder were refused so far, and how many were. */
  async refusals(folder: string): Promise<Map<string, number>> {
    return refusalsIn(
      await readFile(join(this.stack.folder, folder, 'errors.log'), 'latin1').catch(() => ''),
    );
  }

  get pids(): Readonly<Record<ProcessName, number>> {
    const { stack, freeswitch } = this;
    return {
      freeswitch: freeswitch.pid ?? 0,
      controller: stack.controllers[0]?.pid ?? 0,
      redis: stack.redis.pid ?? 0,
    };
  }

  /** CPU and memory of each process at this moment. Throws ProcessGoneError. */
  sample(): Readonly<Record<ProcessName, Sample>> {
    const at = performance.now();
    const of = (name: ProcessName): Sample => {
      const pid = this.pids[name];
      try {
        return { at, cpuMs: cpuMsOf(pid), kib: residentKib(pid) };
      } catch (cause) {
        throw new ProcessGoneError(`${name} has ended`, { cause });
      }
    };
    return { freeswitch: of('freeswitch'), controller: of('controller'), redis: of('redis') };
  }

  /** Channels that are up, by FreeSWITCH's own count. */
  async channels(): Promise<number> {
    const connection = await this.freeswitch.control();
    try {
      return Number(/^(\d+) total/m.exec(await connection.api('show channels count'))?.[1]);
    } finally {
      connection.close();
    }
  }
}

/** The number of the n-th session that asks for a PIN. */
function pinNumber(n: number): string {
  return `+1555${String(1_000_000 + n)}`;
}

/** The n-th caller whom no session knows. */
function stranger(n: number): string {
  return `+3361${String(n).padStart(8, '0')}`;
}

/** Does it for 0 to `count` - 1, some at a time. */
async function inBatches(count: number, work: (n: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    await Promise.all(
      Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => work(from + index)),
    );
  }
}

/** Our dialplan with one more way in: numbers that begin with `bare` are bridged and nothing else. */
async function withBareBridge(): Promise<string> {
  const plan = await readFile(join(ROOT, 'dialplan/masking.xml'), 'utf8');
  const bare = `<context name="trunk">
    <extension name="bare">
      <condition field="destination_number" expression="^bare(.+)$">
        <action application="set" data="hangup_after_bridge=true"/>
        <action application="bridge" data="sofia/gateway/bench/$1"/>
      </condition>
    </extension>`;
  const changed = plan.replace('<context name="trunk">', bare);
  if (changed === plan)
    throw new Error('dialplan/masking.xml has no context "trunk" to add the bare bridge to');
  return changed;
}
