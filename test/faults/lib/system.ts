import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { RealFreeSwitch } from '../../e2e/helpers/real-freeswitch.js';
import { AudioHost } from '../../helpers/audio-host.js';
import { ControllerProcess } from '../../helpers/controller.js';
import { freeTcpPort } from '../../helpers/ports.js';
import { RedisServer } from '../../helpers/redis-server.js';
import { openWatched } from '../../../bench/lib/interruption.js';
import { CallbackLedger } from './callback-ledger.js';
import { Carrier } from './carrier.js';
import { CutProxy } from './cut-proxy.js';
import { SmallDisk } from './small-disk.js';
import { freeUdpPort } from '../../e2e/helpers/sipp.js';

const AUTH_ID = 'MATESTTESTTESTTEST00';
export const TRUNK = 'carrier';
/** A request to the API that takes longer has failed, in milliseconds. */
const API_DEADLINE = 15_000;

export interface SystemOptions {
  readonly controllers: 1 | 2;
  /** Further variables of the controllers, and of freeswitch/start.sh. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly freeswitchEnvironment?: Readonly<Record<string, string>>;
  /** MiB of a disk of its own for Redis' data, or for what FreeSWITCH writes. */
  readonly redisDiskMb?: number;
  readonly spoolDiskMb?: number;
}

/** Between two looks whether the controllers live, in milliseconds. */
const SUPERVISION_MS = 500;

/** The links that can be cut. Those of each controller are its own. */
export interface Links {
  /** FreeSWITCH asks a controller. */
  readonly questions: readonly CutProxy[];
  /** FreeSWITCH posts CDRs to a controller. */
  readonly cdrs: readonly CutProxy[];
  /** A controller and Redis. */
  readonly redis: readonly CutProxy[];
  /** The controllers and FreeSWITCH's Event Socket. */
  readonly eventSocket: CutProxy;
  /** The controllers and the receiver of callbacks. */
  readonly callbacks: CutProxy;
}

/** A real FreeSWITCH, real controllers and a real Redis, with links between them that can be cut, and a carrier. */
export class System {
  readonly #environments: Readonly<Record<string, string>>[];
  readonly #authToken: string;

  private constructor(
    readonly folder: string,
    readonly redis: RedisServer,
    readonly controllers: readonly ControllerProcess[],
    readonly freeswitch: RealFreeSwitch,
    readonly links: Links,
    readonly carrier: Carrier,
    readonly ledger: CallbackLedger,
    readonly audio: AudioHost,
    readonly redisDisk: SmallDisk | null,
    readonly spoolDisk: SmallDisk | null,
    secrets: { authToken: string; environments: Readonly<Record<string, string>>[] },
    readonly close: () => Promise<void>,
  ) {
    this.#authToken = secrets.authToken;
    this.#environments = secrets.environments;
  }

  /** Starts everything; when that fails, or the run is interrupted, nothing of it is left. */
  static async start(options: SystemOptions): Promise<System> {
    return openWatched((opened, close) => System.#open(options, opened, close));
  }

  static async #open(
    options: SystemOptions,
    opened: (() => Promise<unknown>)[],
    close: () => Promise<void>,
  ): Promise<System> {
    const folder = await mkdtemp(join(tmpdir(), 'maskline-faults-'));
    opened.push(async () => {
      if (process.env['MASKLINE_KEEP_TEST_FILES'] === undefined) {
        await rm(folder, { recursive: true, force: true });
      }
    });
    const disk = async (name: string, megabytes: number | undefined): Promise<SmallDisk | null> => {
      if (megabytes === undefined) return null;
      const small = await SmallDisk.mount(join(folder, name), megabytes);
      opened.push(() => small.unmount());
      return small;
    };
    const redisDisk = await disk('redis-disk', options.redisDiskMb);
    const spoolDisk = await disk('spool-disk', options.spoolDiskMb);
    const spool = spoolDisk?.folder ?? folder;
    const folders = {
      cdr: join(spool, 'cdr'),
      recordings: join(spool, 'recordings'),
      prompts: join(folder, 'prompts'),
    };
    for (const path of Object.values(folders)) await mkdir(path, { recursive: true });
    const redis = await RedisServer.start(redisDisk === null ? [] : ['--dir', redisDisk.folder]);
    opened.push(() => redis.stop());
    const audio = await AudioHost.start();
    opened.push(() => audio.close());
    const ledger = await CallbackLedger.open();
    opened.push(() => ledger.close());

    const [authToken, password, questionSecret] = [word(), word(), word()];
    const eventSocketPort = await freeTcpPort();
    const proxy = async (target: number): Promise<CutProxy> => {
      const made = await CutProxy.to(target);
      opened.push(() => made.close());
      return made;
    };
    const eventSocket = await proxy(eventSocketPort);
    const callbacks = await proxy(ledger.port);
    const questions: CutProxy[] = [];
    const cdrs: CutProxy[] = [];
    const redisLinks: CutProxy[] = [];
    const environments: Readonly<Record<string, string>>[] = [];
    const dataKey = randomBytes(32).toString('base64');
    for (let index = 0; index < options.controllers; index += 1) {
      const [httpPort, questionPort] = [await freeTcpPort(), await freeTcpPort()];
      const cdrPort = await freeTcpPort();
      questions.push(await proxy(questionPort));
      cdrs.push(await proxy(cdrPort));
      const link = await proxy(redis.port);
      redisLinks.push(link);
      environments.push({
        HTTP_HOST: '127.0.0.1',
        HTTP_PORT: String(httpPort),
        PUBLIC_URL: `http://127.0.0.1:${httpPort}`,
        AUTH_ID,
        AUTH_TOKEN: authToken,
        REDIS_URL: `redis://127.0.0.1:${link.port}`,
        FREESWITCH_NODES: `127.0.0.1:${eventSocket.port}`,
        FREESWITCH_PASSWORD: password,
        QUESTION_HOST: '127.0.0.1',
        QUESTION_PORT: String(questionPort),
        QUESTION_SECRET: questionSecret,
        CDR_PORT: String(cdrPort),
        TRUNKS: TRUNK,
        RECORDINGS_DIR: folders.recordings,
        PROMPTS_DIR: folders.prompts,
        CDR_DIR: folders.cdr,
        DATA_KEYS: dataKey,
        PROMPT_ALLOW_ADDRESSES: '127.0.0.0/8',
        CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8',
        // What docs/callbacks.md tells those who must not lose one, with pauses that a test can wait for.
        CALLBACK_RETRIES: '5',
        CALLBACK_RETRY_ON: 'ct,rt,5xx',
        CALLBACK_RETRY_DELAYS: '2,4,8,15',
        RECORDING_DISK_FLOOR_MB: '0',
        LOG_LEVEL: process.env['MASKLINE_TEST_LOG_LEVEL'] ?? 'info',
        ...options.environment,
      });
    }
    const controllers = environments.map(
      (environment, index) => new ControllerProcess(environment, join(folder, `controller-${index}.log`)),
    );
    for (const controller of controllers) opened.push(() => controller.end('SIGKILL'));
    const trunkPort = await freeUdpPort();
    const freeswitch = await RealFreeSwitch.start({
      folder,
      cdrDir: folders.cdr,
      recordingsDir: folders.recordings,
      promptsDir: folders.prompts,
      eventSocketPort,
      password,
      questionHosts: questions.map(({ port }) => `127.0.0.1:${port}`).join('|'),
      questionSecret,
      cdrHosts: cdrs.map(({ port }) => `127.0.0.1:${port}`).join('|'),
      trunks: [{ name: TRUNK, port: trunkPort }],
      ...(options.freeswitchEnvironment === undefined ? {} : { environment: options.freeswitchEnvironment }),
    });
    opened.push(() => freeswitch.end('SIGKILL'));
    await Promise.all(controllers.map((controller) => controller.start()));
    const carrier = await Carrier.open(trunkPort);
    opened.push(() => carrier.close());
    return new System(
      folder,
      redis,
      controllers,
      freeswitch,
      { questions, cdrs, redis: redisLinks, eventSocket, callbacks },
      carrier,
      ledger,
      audio,
      redisDisk,
      spoolDisk,
      { authToken, environments },
      close,
    );
  }

  /** A request to the first controller that answers. */
  async api(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    let last: unknown = new Error('no controller runs');
    for (const controller of this.controllers.filter(({ pid }) => pid !== null)) {
      try {
        const response = await fetch(`${controller.url}/v1/Account/${AUTH_ID}${path}`, {
          method,
          headers: {
            authorization: `Basic ${Buffer.from(`${AUTH_ID}:${this.#authToken}`).toString('base64')}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          signal: AbortSignal.timeout(API_DEADLINE),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
      } catch (error) {
        last = error;
      }
    }
    throw new Error('the API does not answer', { cause: last });
  }

  /** Starts the controllers that do not run, as a service manager does. */
  async startTheDead(among = this.controllers): Promise<void> {
    await Promise.all(
      among
        .filter((controller) => !isAlive(controller.pid))
        .map(async (controller) => {
          await controller.end('SIGKILL');
          await controller.start();
        }),
    );
  }

  /**
   * Starts controllers again that end without being told to, as a service manager does, but for those that the
   * fault means (`victims`). Answers a function that ends the watch and tells how many ended.
   */
  keepAlive(victims: readonly number[]): () => Promise<number> {
    let deaths = 0;
    let starting: Promise<void> = Promise.resolve();
    let busy = false;
    const timer = setInterval(() => {
      const dead = this.controllers.filter(
        ({ pid }, index) => !victims.includes(index) && pid !== null && !isAlive(pid),
      );
      if (busy || dead.length === 0) return;
      deaths += dead.length;
      busy = true;
      starting = this.startTheDead(dead)
        .catch(() => undefined)
        .finally(() => {
          busy = false;
        });
    }, SUPERVISION_MS);
    return async () => {
      clearInterval(timer);
      await starting;
      return deaths;
    };
  }

  /** Keeps what the programs logged in `folder`. */
  async keepLogs(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    const logs = [...this.controllers.map(({ logFile }) => logFile), this.freeswitch.logFile];
    for (const file of logs) await copyFile(file, join(folder, basename(file))).catch(() => undefined);
  }

  /** Channels on FreeSWITCH, by its own count. */
  async channels(): Promise<number> {
    const connection = await this.freeswitch.control();
    try {
      return Number(/^(\d+) total/m.exec(await connection.api('show channels count'))?.[1]);
    } finally {
      connection.close();
    }
  }

  get questionPorts(): readonly number[] {
    return this.#environments.map((environment) => Number(environment['QUESTION_PORT']));
  }
}

export function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function word(): string {
  return randomBytes(24).toString('base64url');
}
