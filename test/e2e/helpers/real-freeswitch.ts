import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EslConnection } from '../../../src/freeswitch/connection.js';
import { executable } from '../../helpers/executable.js';
import { silentLog } from '../../helpers/silent-log.js';
import type { Stack } from '../../helpers/stack.js';
import { freeUdpPort } from './sipp.js';

const ROOT = new URL('../../../', import.meta.url).pathname;
const START_DEADLINE_MS = 30_000;

/** Media ports of one FreeSWITCH; those that run at a time have ranges of their own. */
const FIRST_RTP_PORT = 20_000;
const RTP_PORTS = 2_000;
const RTP_RANGES = 6;

/** Which of the parallel workers this is, from 1; 0 outside of vitest. */
function worker(): number {
  return Number(process.env['VITEST_POOL_ID'] ?? 0);
}

/** The FreeSWITCH binary of this machine (`FREESWITCH_BIN`, else PATH), or null. */
export function freeswitchBinary(): string | null {
  return executable('FREESWITCH_BIN', ['freeswitch']);
}

/** Throws where there is none; asked before anything else is started. */
export function requireFreeSwitch(): void {
  if (freeswitchBinary() !== null) return;
  throw new Error('no FreeSWITCH was found: set FREESWITCH_BIN, or put freeswitch into PATH');
}

/** A gateway of the tests: a trunk to a port of this machine. */
export interface TestTrunk {
  readonly name: string;
  readonly port: number;
  /** Spoken to by TLS, at this host name or address. */
  readonly tls?: string;
  /** SRTP on calls to it, as `rtp_secure_media_outbound`; none unless given. */
  readonly srtp?: 'mandatory';
  /** Seconds between two OPTIONS; none are sent when left out. */
  readonly ping?: number;
}

export interface RealFreeSwitchOptions {
  readonly folder: string;
  readonly cdrDir: string;
  readonly recordingsDir: string;
  readonly promptsDir: string;
  readonly eventSocketPort: number;
  readonly password: string;
  readonly questionHosts: string;
  readonly questionSecret: string;
  /** Where CDRs are posted, as CDR_HOSTS of start.sh. */
  readonly cdrHosts: string;
  readonly trunks: readonly TestTrunk[];
  /** Further variables of freeswitch/start.sh. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A FreeSWITCH of this machine with our configuration, on spare loopback ports. */
export class RealFreeSwitch {
  #child: ChildProcess | null = null;
  readonly #options: RealFreeSwitchOptions;

  private constructor(
    options: RealFreeSwitchOptions,
    readonly sipPort: number,
    readonly softphonePort: number,
  ) {
    this.#options = options;
  }

  static async start(options: RealFreeSwitchOptions): Promise<RealFreeSwitch> {
    requireFreeSwitch();
    const server = new RealFreeSwitch(options, await freeUdpPort(), await freeUdpPort());
    try {
      await server.launch();
    } catch (error) {
      // Nobody else would end it.
      await server.end('SIGKILL');
      throw error;
    }
    return server;
  }

  /** One beside a stack: on its folders and ports, asking its controllers. */
  static async beside(
    stack: Stack,
    options: Pick<RealFreeSwitchOptions, 'trunks' | 'environment'>,
  ): Promise<RealFreeSwitch> {
    return RealFreeSwitch.start({
      folder: stack.folder,
      cdrDir: stack.cdrDir,
      recordingsDir: stack.recordingsDir,
      promptsDir: stack.promptsDir,
      eventSocketPort: stack.eventSocketPort,
      password: stack.eventSocketPassword,
      questionHosts: stack.questionHosts,
      questionSecret: stack.questionSecret,
      cdrHosts: stack.cdrHosts,
      ...options,
    });
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** What start.sh and FreeSWITCH have said. */
  get logFile(): string {
    return join(this.#options.folder, 'freeswitch.out');
  }

  async launch(): Promise<void> {
    const options = this.#options;
    const run = join(options.folder, 'freeswitch');
    const trunksDir = join(options.folder, 'trunks');
    await mkdir(trunksDir, { recursive: true });
    for (const trunk of options.trunks) {
      await writeFile(join(trunksDir, `${trunk.name}.xml`), gatewayXml(trunk));
    }
    const rtpStart = FIRST_RTP_PORT + (worker() % RTP_RANGES) * RTP_PORTS;
    const output = openSync(this.logFile, 'a');
    const child = spawn('sh', [join(ROOT, 'freeswitch/start.sh')], {
      env: {
        PATH: process.env['PATH'] ?? '',
        FREESWITCH_BIN: freeswitchBinary() ?? '',
        FREESWITCH_MOD_DIR: process.env['FREESWITCH_MOD_DIR'] ?? '',
        FREESWITCH_PASSWORD: options.password,
        QUESTION_SECRET: options.questionSecret,
        QUESTION_HOSTS: options.questionHosts,
        RUN_DIR: run,
        TRUNKS_DIR: trunksDir,
        TRUNK_ADDRESSES: '127.0.0.1',
        SIP_TRUNK_IP: '127.0.0.1',
        SIP_TRUNK_PORT: String(this.sipPort),
        SOFTPHONES: 'true',
        SOFTPHONE_PORT: String(this.softphonePort),
        SOFTPHONE_PASSWORD: 'softphone-secret',
        EVENT_SOCKET_PORT: String(options.eventSocketPort),
        CDR_DIR: options.cdrDir,
        CDR_HOSTS: options.cdrHosts,
        RECORDINGS_DIR: options.recordingsDir,
        PROMPTS_DIR: options.promptsDir,
        RTP_START: String(rtpStart),
        RTP_END: String(rtpStart + RTP_PORTS - 2),
        NODE_NAME: 'node-under-test',
        ...options.environment,
      },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#child = child;
    const deadline = Date.now() + START_DEADLINE_MS;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`FreeSWITCH ended at its start: see ${options.folder}`);
      if (Date.now() > deadline) throw new Error(`FreeSWITCH is not ready: see ${options.folder}`);
      const ready = await this.#ready().catch(() => false);
      if (ready) return;
      await sleep(100);
    }
  }

  async #ready(): Promise<boolean> {
    const connection = await this.control();
    try {
      const status = await connection.api('sofia status profile trunk');
      return status.includes('RUNNING') || status.includes('TOTAL') || status.includes('CALLS-IN');
    } finally {
      connection.close();
    }
  }

  /** A connection to its Event Socket, for tests to look behind the scenes. */
  async control(): Promise<EslConnection> {
    const connection = new EslConnection({
      host: '127.0.0.1',
      port: this.#options.eventSocketPort,
      password: this.#options.password,
      log: silentLog,
    });
    await connection.open();
    return connection;
  }

  /** Sends a signal to what start.sh became, or stays. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when it has ended, to its exit code; null for a death by signal. */
  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child === null) throw new Error('FreeSWITCH does not run');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    // With DRAIN=true the child is the shell, which would leave its FreeSWITCH behind.
    if (signal === 'SIGKILL') await this.#killServer();
    child.kill(signal);
    await exited;
  }

  async #killServer(): Promise<void> {
    const file = join(this.#options.folder, 'freeswitch', 'run', 'freeswitch.pid');
    const pid = Number(await readFile(file, 'utf8').catch(() => ''));
    if (pid <= 0) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It has ended by itself: whoever cleans up goes on.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function gatewayXml(trunk: TestTrunk): string {
  const parameters = {
    proxy: `${trunk.tls ?? '127.0.0.1'}:${trunk.port}`,
    ...(trunk.tls === undefined ? {} : { 'register-transport': 'tls' }),
    register: 'false',
    username: 'not-used',
    password: 'not-used',
    // Where we register, the request URI names the gateway and not the number (trunks/carrier-register.xml.example).
    extension: 'auto_to_user',
    'caller-id-in-from': 'true',
    'cid-type': 'pid',
    ...(trunk.ping === undefined ? {} : { ping: String(trunk.ping), 'ping-max': '1', 'ping-min': '1' }),
  };
  const lines = Object.entries(parameters).map(
    ([name, value]) => `    <param name="${name}" value="${value}"/>`,
  );
  if (trunk.srtp !== undefined) {
    const variable = `name="rtp_secure_media_outbound" value="${trunk.srtp}" direction="outbound"`;
    lines.push(`    <variables><variable ${variable}/></variables>`);
  }
  return `<include>\n  <gateway name="${trunk.name}">\n${lines.join('\n')}\n  </gateway>\n</include>\n`;
}
