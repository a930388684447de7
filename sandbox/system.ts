import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

import { Controller } from '../src/app.js';
import { loadConfig } from '../src/config.js';
import { createLogger } from '../src/telemetry/logger.js';
import { Clock } from './clock.js';
import type { CalleeBehaviour } from './phones.js';
import { RedisServer } from './redis-server.js';
import { sparePort } from './spare-port.js';
import { SimulatedFreeSwitch } from './simulated-freeswitch.js';

const ROOT = new URL('../', import.meta.url).pathname;
/** Milliseconds until everything answers. */
const READY_MS = 15_000;
/** Simulated seconds that a controller has for a question: it answers in real time, however fast the sandbox' goes. */
const QUESTION_TIMEOUT = 30 * 86_400;

/** Times as fast as real time, at most: FreeSWITCH and the controller talk in real time, and calls wait for that. */
export const FASTEST = 100;

export interface SandboxOptions {
  readonly account: { readonly id: string; readonly token: string };
  readonly virtualNumbers: readonly string[];
  /** Port of the API on 127.0.0.1; a spare one when left out. */
  readonly httpPort?: number;
  /** How many times as fast as real time. Default 1. */
  readonly speed?: number;
  /** What a phone does that was told nothing. */
  readonly otherwise?: CalleeBehaviour;
  /** Further settings of the controller. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Adds routes to the controller's HTTP server. They may ask for the sandbox once it has started. */
  readonly routes?: (app: FastifyInstance, sandbox: () => Sandbox) => void;
}

/** The real controller, API and Redis, with a simulated FreeSWITCH, trunk and phones. */
export class Sandbox {
  private constructor(
    readonly options: SandboxOptions,
    readonly httpPort: number,
    readonly freeswitch: SimulatedFreeSwitch,
    readonly redis: RedisServer,
    readonly controller: Controller,
    readonly folder: string,
  ) {}

  /** Rejects with the system's error, such as EADDRINUSE for the port of the API. */
  static async start(options: SandboxOptions): Promise<Sandbox> {
    const folder = await mkdtemp(join(tmpdir(), 'maskline-sandbox-'));
    const redis = await RedisServer.start();
    const httpPort = options.httpPort ?? (await sparePort());
    const [questionPort, eventSocketPort, cdrPort] = [
      await sparePort(),
      await sparePort(),
      await sparePort(),
    ];
    const config = loadConfig({
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(httpPort),
      PUBLIC_URL: `http://127.0.0.1:${httpPort}`,
      AUTH_ID: options.account.id,
      AUTH_TOKEN: options.account.token,
      REDIS_URL: redis.url,
      FREESWITCH_NODES: `127.0.0.1:${eventSocketPort}`,
      FREESWITCH_PASSWORD: randomBytes(24).toString('hex'),
      QUESTION_PORT: String(questionPort),
      QUESTION_SECRET: randomBytes(24).toString('hex'),
      CDR_PORT: String(cdrPort),
      TRUNKS: TRUNK,
      VIRTUAL_NUMBERS: options.virtualNumbers.join(','),
      DATA_KEYS: randomBytes(32).toString('base64'),
      RECORDINGS_DIR: join(folder, 'recordings'),
      PROMPTS_DIR: join(folder, 'prompts'),
      CDR_DIR: join(folder, 'cdr'),
      ...options.environment,
    });
    const clock = new Clock({ speed: options.speed ?? 1 });
    const freeswitch = new SimulatedFreeSwitch({
      dialplanFile: join(ROOT, 'dialplan/masking.xml'),
      soundsDir: join(ROOT, 'freeswitch/sounds/en'),
      questionHosts: [`127.0.0.1:${questionPort}`],
      questionSecret: config.questions.secret,
      questionTimeout: QUESTION_TIMEOUT,
      eventSocketPort,
      password: config.freeswitch.password,
      cdrDir: config.folders.cdr,
      cdrHosts: [`127.0.0.1:${cdrPort}`],
      trunks: { [TRUNK]: 'up' },
      clock,
      ...(options.otherwise === undefined ? {} : { otherwise: options.otherwise }),
    });
    const { routes } = options;
    const controller = new Controller(config, createLogger({ level: config.logLevel }), {
      now: () => Math.floor(clock.now()),
      isSandbox: routes !== undefined,
      ...(routes === undefined ? {} : { routes: (app) => routes(app, () => sandbox) }),
    });
    const sandbox: Sandbox = new Sandbox(options, httpPort, freeswitch, redis, controller, folder);
    try {
      await freeswitch.start();
      await controller.start();
      await sandbox.#ready();
    } catch (error) {
      await sandbox.stop();
      throw error;
    }
    return sandbox;
  }

  get clock(): Clock {
    return this.freeswitch.clock;
  }

  /** Where the HTTP server listens, without a trailing slash. */
  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** A request to the API; answers the parsed body. */
  async api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const { id, token } = this.options.account;
    const response = await fetch(`${this.url}/v1/Account/${id}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  /** Ends everything, and leaves no file behind. */
  async stop(): Promise<void> {
    await this.controller.stop();
    await this.freeswitch.stop();
    this.clock.close();
    await this.redis.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (performance.now() < deadline) {
      const response = await fetch(`${this.url}/readyz`).catch(() => null);
      await response?.body?.cancel();
      if (response?.status === 200) return;
      await sleep(50);
    }
    throw new Error(`the controller did not become ready within ${READY_MS / 1_000} s`);
  }
}

/** The only trunk of the sandbox. */
export const TRUNK = 'carrier';
