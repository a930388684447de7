import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Pool } from 'undici';
import { RedisServer } from '../../sandbox/redis-server.js';
import type { E164 } from '../../src/masking/phone-number.js';
import { Store } from '../../src/store/index.js';
import { freeTcpPort } from '../../test/helpers/ports.js';
import { e164, SETTINGS } from '../../test/helpers/sessions.js';
import { AUTH_ID } from '../../test/helpers/stack.js';
import { openWatched } from './interruption.js';

/** Seconds; as long as the API allows, so that no session ends while we measure. */
const SESSION_EXPIRY = 86_400;
/** Creates under way at once while filling. */
const FILL_WIDTH = 64;

interface Parts {
  readonly redis: RedisServer;
  readonly admin: Redis;
  readonly store: Store;
  readonly api: Pool;
  readonly bare: Pool;
  readonly numbers: readonly E164[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Redis as shipped, a controller and a bare Fastify route in one other process, and a client of both. */
export class ApiRig {
  readonly #parts: Parts;
  readonly #close: () => Promise<void>;
  /** Sessions so far, by everybody; each has two people of its own. */
  #sessions = 0;
  readonly #ids: string[] = [];

  private constructor(parts: Parts, close: () => Promise<void>) {
    this.#parts = parts;
    this.#close = close;
  }

  get sessions(): number {
    return this.#sessions;
  }

  static async start(numbers: number, connections: number): Promise<ApiRig> {
    return openWatched((opened, close) => ApiRig.#open(numbers, connections, opened, close));
  }

  static async #open(
    count: number,
    connections: number,
    opened: (() => Promise<unknown>)[],
    close: () => Promise<void>,
  ): Promise<ApiRig> {
    const folder = await mkdtemp(join(tmpdir(), 'maskline-bench-'));
    opened.push(() => rm(folder, { recursive: true, force: true }));
    const redis = await RedisServer.start();
    opened.push(() => redis.stop());
    const admin = new Redis(redis.port, '127.0.0.1');
    admin.on('error', () => undefined);
    opened.push(() => {
      admin.disconnect();
      return Promise.resolve();
    });
    const dataKey = randomBytes(32).toString('base64');
    const store = new Store({ url: redis.url, dataKeys: [dataKey] });
    opened.push(() => store.close());
    const numbers = Array.from({ length: count }, (_, n) => e164(`+1555${String(n).padStart(7, '0')}`));
    for (const number of numbers) {
      const record = {
        country: 'US',
        alias: '',
        subaccount: '',
        trunk: '',
        enabled: true,
        addedAt: Date.now(),
      };
      await store.numbers.add({ number, ...record });
    }
    const token = randomBytes(24).toString('base64url');
    const port = await freeTcpPort();
    const log = openSync(join(folder, 'controller.log'), 'a');
    const child = fork(new URL('./api-server.ts', import.meta.url), [], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', log, log, 'ipc'],
      env: {
        PATH: process.env['PATH'] ?? '',
        ...{ HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port), AUTH_ID, AUTH_TOKEN: token },
        ...{ REDIS_URL: redis.url, DATA_KEYS: dataKey, TRUNKS: 'bench', LOG_LEVEL: 'fatal' },
        ...{ FREESWITCH_PASSWORD: token, QUESTION_SECRET: token, QUESTION_PORT: String(await freeTcpPort()) },
        CDR_PORT: String(await freeTcpPort()),
        // Nobody listens there: no calls are placed.
        FREESWITCH_NODES: `127.0.0.1:${await freeTcpPort()}`,
        ...{ RECORDINGS_DIR: folder, PROMPTS_DIR: folder, CDR_DIR: folder },
      },
    });
    closeSync(log);
    opened.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    });
    const barePort = await readyPort(child);
    const pools = [port, barePort].map((at) => new Pool(`http://127.0.0.1:${at}`, { connections }));
    for (const pool of pools) opened.push(() => pool.destroy());
    const [api, bare] = pools as [Pool, Pool];
    const headers = {
      authorization: `Basic ${Buffer.from(`${AUTH_ID}:${token}`).toString('base64')}`,
      'content-type': 'application/json',
    };
    return new ApiRig({ redis, admin, store, api, bare, numbers, headers }, close);
  }

  /**
   * Creates sessions until there are `count`, evenly on all numbers, through the store's own create. Without
   * fsync: what is measured afterwards is written with it again. Tells `progress` how many there are.
   */
  async fill(count: number, progress: (sessions: number) => void): Promise<void> {
    const { admin, store, numbers } = this.#parts;
    await admin.config('SET', 'appendfsync', 'no');
    // Read once, or each of the first creates would.
    await store.numbers.inventory();
    const settings = { ...SETTINGS, geomatch: false, sessionExpiry: SESSION_EXPIRY };
    const work = async (): Promise<void> => {
      while (this.#sessions < count) {
        const n = this.#sessions;
        this.#sessions += 1;
        const session = await store.sessions.create({
          ...{ accountId: AUTH_ID, settings, pin: null, now: Date.now() },
          ...{ firstParty: e164(firstOf(n)), secondParty: e164(secondOf(n)) },
          virtualNumber: numbers[n % numbers.length] ?? null,
        });
        // Enough to read from, of all ages.
        if (n % Math.ceil(count / 5_000) === 0) this.#ids.push(session.id);
        if (n % 10_000 === 9_999) progress(n + 1);
      }
    };
    await Promise.all(Array.from({ length: FILL_WIDTH }, work));
    await admin.config('SET', 'appendfsync', 'always');
  }

  /** Bytes that Redis uses for its data. */
  async memory(): Promise<number> {
    return Number(/^used_memory:(\d+)/m.exec(await this.#parts.admin.info('memory'))?.[1]);
  }

  /** Milliseconds for one create, one get, or one request to the bare route. Throws for any other answer than success. */
  async request(kind: 'bare' | 'create' | 'get'): Promise<number> {
    const { api, bare, headers } = this.#parts;
    const path = `/v1/Account/${AUTH_ID}/Masking/Session/`;
    if (kind === 'get') {
      const id = this.#ids[Math.floor(Math.random() * this.#ids.length)] ?? '';
      return timed(api, { method: 'GET', path: `${path}${id}/`, headers }, 200);
    }
    const n = this.#sessions;
    this.#sessions += 1;
    const body = JSON.stringify({
      ...{ first_party: firstOf(n), second_party: secondOf(n) },
      ...{ session_expiry: SESSION_EXPIRY, geomatch: false },
    });
    if (kind === 'bare') return timed(bare, { method: 'POST', path: '/bare', headers, body }, 201);
    return timed(api, { method: 'POST', path, headers, body }, 201);
  }

  async close(): Promise<void> {
    await this.#close();
  }
}

async function readyPort(child: ReturnType<typeof fork>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('message', (port) => resolve(Number(port)));
    child.once('exit', (code) => reject(new Error(`the server of the benchmark ended with ${String(code)}`)));
  });
}

async function timed(pool: Pool, request: Parameters<Pool['request']>[0], wanted: number): Promise<number> {
  const begun = performance.now();
  const { statusCode, body } = await pool.request(request);
  const text = await body.text();
  const elapsed = performance.now() - begun;
  if (statusCode !== wanted) throw new Error(`answered with ${statusCode}: ${text}`);
  return elapsed;
}

function firstOf(n: number): string {
  return `+4477${String(n).padStart(8, '0')}`;
}

function secondOf(n: number): string {
  return `+4916${String(n).padStart(8, '0')}`;
}
