import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RealFreeSwitch } from '../../test/e2e/helpers/real-freeswitch.js';
import { RtpTalker } from '../../test/e2e/helpers/rtp.js';
import { freeUdpPort, Sipp } from '../../test/e2e/helpers/sipp.js';
import { Stack } from '../../test/helpers/stack.js';
import { openWatched } from './interruption.js';
import { callerXml, PHONE } from './rig-scenarios.js';
import { first, second } from './people.js';
import { placeCalls, type SippResult } from './sipp-load.js';

const ROOT = new URL('../../', import.meta.url).pathname;
export const DID = '+15550009046';

/** What a call goes through: our dialplan and controller, or nothing but a `bridge`. */
export type Route = 'bare' | 'masked';

/** The PIN of the first party in every session of `createPinSessions`. */
const PIN = '4711';
const SECOND_PIN = '8822';
/** Requests under way at once while sessions are made. */
const BATCH = 20;

/** A real FreeSWITCH, one controller, Redis, and SIPp on both sides, for benchmarks. */
export class Rig {
  private constructor(
    readonly stack: Stack,
    readonly freeswitch: RealFreeSwitch,
    readonly phonePort: number,
    readonly phones: Sipp,
    readonly close: () => Promise<void>,
  ) {}

  /**
   * Starts everything; when that fails, or the benchmark is interrupted, nothing of it is left. `isTraced`: the phones keep
   * a log of their messages, which costs them more than the calls.
   */
  static async start({ isTraced = true }: { isTraced?: boolean } = {}): Promise<Rig> {
    return openWatched((opened, close) => Rig.#open(isTraced, opened, close));
  }

  static async #open(
    isTraced: boolean,
    opened: (() => Promise<unknown>)[],
    close: () => Promise<void>,
  ): Promise<Rig> {
    const stack = await Stack.prepare({
      controllers: 1,
      trunks: ['bench'],
      environment: { LOG_LEVEL: 'info' },
    });
    opened.push(() => stack.close());
    const phonePort = await freeUdpPort();
    const dialplan = join(stack.folder, 'dialplan');
    await mkdir(dialplan, { recursive: true });
    await writeFile(join(dialplan, 'masking.xml'), await withBareBridge());
    const freeswitch = await RealFreeSwitch.beside(stack, {
      trunks: [{ name: 'bench', port: phonePort }],
      environment: { DIALPLAN_DIR: dialplan, MAX_CALLS: '5000', CALLS_PER_SECOND: '500' },
    });
    opened.push(() => freeswitch.end('SIGKILL'));
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

  /** Places `count` calls from caller `from` on, `rate` in 1037 ms, each held for `holdMs` milliseconds. */
  async place(
    route: Route,
    folder: string,
    options: { from: number; count: number; rate: number; holdMs: number },
  ): Promise<Sipp> {
    const path = join(this.stack.folder, folder);
    await mkdir(path, { recursive: true });
    const rows = Array.from({ length: options.count }, (_, index) => {
      const n = options.from + index;
      return `${first(n)};${route === 'masked' ? DID : `bare${second(n)}`}`;
    });
    await writeFile(join(path, 'calls.csv'), `SEQUENTIAL\n${rows.join('\n')}\n`);
    return Sipp.start(path, callerXml(options.holdMs), `127.0.0.1:${this.freeswitch.sipPort}`, [
      ...['-inf', join(path, 'calls.csv'), '-m', String(options.count), '-l', String(options.count)],
      // Out of step with FreeSWITCH's ticks of 20 ms, or every call would meet the same part of one.
      ...['-r', String(options.rate), '-rp', '1037'],
      ...['-p', String(await freeUdpPort()), '-mp', String(await freeUdpPort())],
    ]);
  }

  /** Calls so far in which two were joined, by what the controller noted. */
  async connected(): Promise<number> {
    const { body } = await this.stack.api('GET', '/Masking/Explain/Call/?outcome=connected&limit=1');
    return (body as { meta: { total_count: number } }).meta.total_count;
  }

  /** Resident memory of FreeSWITCH, in KiB. */
  async freeswitchMemory(): Promise<number> {
    const status = await readFile(`/proc/${this.freeswitch.pid ?? 0}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
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
        <action application="multiset" data="^^;hangup_after_bridge=true;media_timeout=$\${media_timeout}000"/>
        <action application="bridge" data="[media_timeout=$\${media_timeout}000]sofia/gateway/bench/$1"/>
      </condition>
    </extension>`;
  const changed = plan.replace('<context name="trunk">', bare);
  if (changed === plan)
    throw new Error('dialplan/masking.xml has no context "trunk" to add the bare bridge to');
  return changed;
}
