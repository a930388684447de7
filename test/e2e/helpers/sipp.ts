import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CalleeBehaviour, CallPlan } from '../../scenarios/bed.js';
import { calleeScenario, callerScenario } from './sipp-scenarios.js';
import { parseMessageLog, type LoggedMessage } from './sip-messages.js';

const ADDRESS = '127.0.0.1';

/** Longest that a call of a scenario lasts. */
const CALL_LIMIT_SECONDS = 60;

/** SIPp takes a port for SIP, and from two above it two for audio and two for video. */
const PORTS_EACH = 8;
/** Below the system's own choice of ports, and below the tests' RTP. */
const FIRST_PORT = 10_000;
const LAST_PORT = 19_900;

/** Workers that run at a time begin far from each other. */
const WORKER = Number(process.env['VITEST_POOL_ID'] ?? 0);

let nextPort = FIRST_PORT + ((WORKER * 400 + (process.pid % 100)) % 1200) * PORTS_EACH;

/** A UDP port on loopback that nobody holds, nor the seven after it. */
export async function freeUdpPort(): Promise<number> {
  for (;;) {
    const port = nextPort;
    nextPort = nextPort + PORTS_EACH > LAST_PORT ? FIRST_PORT : nextPort + PORTS_EACH;
    const all = Array.from({ length: PORTS_EACH }, (_, index) => port + index);
    const free = await Promise.all(all.map(isFree));
    if (free.every(Boolean)) return port;
  }
}

/** True while somebody has the port. It looks and does not touch: a trial bind would be in SIPp's way. */
async function isHeld(port: number): Promise<boolean> {
  const sockets = await readFile('/proc/net/udp', 'latin1');
  return sockets.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `);
}

async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, ADDRESS);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise<void>((resolve) => {
      socket.close(() => resolve());
    });
  }
}

/** One run of SIPp. */
export class Sipp {
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly exited: Promise<number>;

  private constructor(child: ChildProcess, logFile: string) {
    this.#child = child;
    this.#logFile = logFile;
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
    });
  }

  static async start(
    folder: string,
    scenario: string,
    target: string,
    options: readonly string[],
    { isTraced = true }: { isTraced?: boolean } = {},
  ): Promise<Sipp> {
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'scenario.xml');
    await writeFile(file, scenario, 'latin1');
    const logFile = join(folder, 'messages.log');
    const child = spawn(
      'sipp',
      [
        target,
        ...['-sf', file, '-i', ADDRESS, '-mi', ADDRESS, '-nostdin'],
        ...(isTraced ? ['-trace_msg', '-message_file', logFile] : []),
        ...['-trace_err', '-error_file', join(folder, 'errors.log'), '-timeout_error'],
        ...options,
      ],
      { cwd: folder, stdio: 'ignore' },
    );
    return new Sipp(child, logFile);
  }

  /** What SIPp wrote of its messages, "" before the first one. */
  async log(): Promise<string> {
    return readFile(this.#logFile, 'latin1').catch(() => '');
  }

  async messages(): Promise<LoggedMessage[]> {
    return parseMessageLog(await this.log());
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** Places one call through the trunk at `port` and waits until it is over. */
export async function placeCall(
  folder: string,
  port: number,
  plan: CallPlan & { to: string },
): Promise<LoggedMessage[]> {
  await mkdir(folder, { recursive: true });
  const marker = plan.from.replace(/\W/g, '').slice(0, 20) || 'nobody';
  const sip = await freeUdpPort();
  const caller = await Sipp.start(folder, await callerScenario(plan, folder), `${ADDRESS}:${port}`, [
    ...['-m', '1', '-p', String(sip), '-mp', String(sip + 2), '-s', plan.to],
    ...['-cid_str', `${marker}-%u-%p@%s`, '-timeout', `${CALL_LIMIT_SECONDS}s`],
  ]);
  await caller.exited;
  return caller.messages();
}

/** Phones behind one trunk. They answer until they are stopped. */
export class SippPhones {
  readonly #sipp: Sipp;

  private constructor(sipp: Sipp) {
    this.#sipp = sipp;
  }

  static async start(
    folder: string,
    port: number,
    phones: ReadonlyMap<string, CalleeBehaviour>,
    others?: CalleeBehaviour,
  ): Promise<SippPhones> {
    const sipp = await Sipp.start(folder, calleeScenario(phones, others), ADDRESS, [
      ...['-p', String(port), '-mp', String(await freeUdpPort()), '-rtp_echo'],
    ]);
    while (!(await isHeld(port))) {
      const early = await Promise.race([sipp.exited, sleep(20)]);
      if (early !== undefined) throw new Error(`sipp ended with ${early}: see ${folder}/errors.log`);
    }
    return new SippPhones(sipp);
  }

  messages(): Promise<LoggedMessage[]> {
    return this.#sipp.messages();
  }

  stop(): Promise<void> {
    return this.#sipp.stop();
  }
}
