import { fork, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { RedisServer } from '../../sandbox/redis-server.js';
import { COMPILED, SOURCES } from '../../test/helpers/controller.js';
import { freeTcpPort } from '../../test/helpers/ports.js';
import { AUTH_ID } from '../../test/helpers/stack.js';
import { Filled, SESSION_EXPIRY } from './fill.js';
import { openWatched } from './interruption.js';
import { first, second } from './people.js';
import { cpuMsOf } from './process-figures.js';

export interface ApiRigOptions {
  readonly numbers: number;
  /** Requests under way at once. */
  readonly connections: number;
  /** Folder for a CPU profile of the controller; "" for none. */
  readonly profile?: string;
  /** The controller as `npm run build` left it, instead of from its sources. */
  readonly compiled?: boolean;
}

/** What the requests so far have cost, the rest of the controller's doings with them. */
export interface Spent {
  /** Milliseconds of CPU. */
  readonly node: number;
  readonly redis: number;
  /** Scripts that Redis has run, and commands, those that scripts run among them. */
  readonly scripts: number;
  readonly commands: number;
}

interface Parts {
  readonly pids: { readonly controller: number; readonly bare: number; readonly redis: number };
  readonly filled: Filled;
  readonly api: Pool;
  readonly bare: Pool;
  readonly headers: Readonly<Record<string, string>>;
}

/** Redis as shipped, a controller and a bare Fastify route, each a process, and a client of both. */
export class ApiRig {
  readonly #parts: Parts;
  readonly #close: () => Promise<void>;

  private constructor(parts: Parts, close: () => Promise<void>) {
    this.#parts = parts;
    this.#close = close;
  }

  get sessions(): number {
    return this.#parts.filled.sessions;
  }

  static async start(options: ApiRigOptions): Promise<ApiRig> {
    return openWatched((opened, close) => ApiRig.#open(options, opened, close));
  }

  static async #open(
    { numbers: count, connections, profile = '', compiled = false }: ApiRigOptions,
    opened: (() => Promise<unknown>)[],
    close: () => Promise<void>,
  ): Promise<ApiRig> {
    const folder = await mkdtemp(join(tmpdir(), 'maskline-bench-'));
    opened.push(() => rm(folder, { recursive: true, force: true }));
    const redis = await RedisServer.start();
    opened.push(() => redis.stop());
    const dataKey = randomBytes(32).toString('base64');
    const filled = await Filled.open(redis.url, dataKey, count);
    opened.push(() => filled.close());
    const token = randomBytes(24).toString('base64url');
    const port = await freeTcpPort();
    const log = openSync(join(folder, 'controller.log'), 'a');
    const stdio: StdioOptions = ['ignore', log, log];
    const program = compiled ? COMPILED : SOURCES;
    const controller = spawn(
      process.execPath,
      [...(profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]), ...program],
      {
        stdio,
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        env: {
          PATH: process.env['PATH'] ?? '',
          ...{ HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port), AUTH_ID, AUTH_TOKEN: token },
          ...{ REDIS_URL: redis.url, DATA_KEYS: dataKey, TRUNKS: 'bench', LOG_LEVEL: 'fatal' },
          ...{
            FREESWITCH_PASSWORD: token,
            QUESTION_SECRET: token,
            QUESTION_PORT: String(await freeTcpPort()),
          },
          ...{ CDR_PORT: String(await freeTcpPort()), WATCHDOG_LIMIT_MS: '0' },
          // Nobody listens there: no calls are placed.
          FREESWITCH_NODES: `127.0.0.1:${await freeTcpPort()}`,
          ...{ RECORDINGS_DIR: folder, PROMPTS_DIR: folder, CDR_DIR: folder },
        },
      },
    );
    // A profile is written by a process that ends by itself.
    opened.push(() => end(controller, profile === '' ? 'SIGKILL' : 'SIGTERM'));
    const route = fork(new URL('./api-server.ts', import.meta.url), [], {
      ...{ execArgv: ['--import', 'tsx'], stdio: [...stdio, 'ipc'] },
      env: { PATH: process.env['PATH'] ?? '', TMPDIR: tmpdir(), REDIS_URL: redis.url },
    });
    opened.push(() => end(route, 'SIGKILL'));
    closeSync(log);
    const barePort = await portOf(route);
    await answers(port, controller);
    const pools = [port, barePort].map((at) => new Pool(`http://127.0.0.1:${at}`, { connections }));
    for (const pool of pools) opened.push(() => pool.destroy());
    const [api, bare] = pools as [Pool, Pool];
    const headers = {
      authorization: `Basic ${Buffer.from(`${AUTH_ID}:${token}`).toString('base64')}`,
      'content-type': 'application/json',
    };
    const pids = { controller: controller.pid ?? 0, bare: route.pid ?? 0, redis: redis.pid ?? 0 };
    return new ApiRig({ pids, filled, api, bare, headers }, close);
  }

  async fill(count: number, progress: (sessions: number) => void): Promise<void> {
    await this.#parts.filled.fill(count, progress);
  }

  /** Bytes that Redis uses for its data. */
  async memory(): Promise<number> {
    return this.#parts.filled.memory();
  }

  async spent(): Promise<Spent> {
    const { pids, filled } = this.#parts;
    return {
      node: cpuMsOf(pids.controller) + cpuMsOf(pids.bare),
      redis: cpuMsOf(pids.redis),
      ...(await filled.commands()),
    };
  }

  /** Milliseconds for one create, one get, or one request to the bare route. Throws for any other answer than success. */
  async request(kind: 'bare' | 'create' | 'get'): Promise<number> {
    const { api, bare, headers, filled } = this.#parts;
    const path = `/v1/Account/${AUTH_ID}/Masking/Session/`;
    if (kind === 'get') {
      const { id } = filled.sample[Math.floor(Math.random() * filled.sample.length)] ?? { id: '' };
      return timed(api, { method: 'GET', path: `${path}${id}/`, headers }, 200);
    }
    const n = filled.sessions;
    filled.sessions += 1;
    const body = JSON.stringify({
      ...{ first_party: first(n), second_party: second(n) },
      ...{ session_expiry: SESSION_EXPIRY, geomatch: false },
    });
    if (kind === 'bare') return timed(bare, { method: 'POST', path: '/bare', headers, body }, 201);
    return timed(api, { method: 'POST', path, headers, body }, 201);
  }

  async close(): Promise<void> {
    await this.#close();
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

async function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('message', (port) => resolve(Number(port)));
    child.once('exit', (code) => reject(new Error(`the bare route ended with ${String(code)}`)));
  });
}

async function answers(port: number, controller: ChildProcess): Promise<void> {
  for (;;) {
    if (controller.exitCode !== null) throw new Error(`the controller ended with ${controller.exitCode}`);
    const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    await response?.text();
    if (response?.ok === true) return;
    await sleep(100);
  }
}

async function timed(pool: Pool, request: Parameters<Pool['request']>[0], wanted: number): Promise<number> {
  const begun = performance.now();
  const { statusCode, body } = await pool.request(request);
  const text = await body.text();
  const elapsed = performance.now() - begun;
  if (statusCode !== wanted) throw new Error(`answered with ${statusCode}: ${text}`);
  return elapsed;
}
