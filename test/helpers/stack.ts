import { randomBytes } from 'node:crypto';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { urlHash } from '../../src/prompts/prompt-folder.js';
import { AudioHost } from './audio-host.js';
import { ControllerProcess } from './controller.js';
import { freeTcpPort } from './ports.js';
import { RedisServer } from './redis-server.js';
import { TcpProxy } from './tcp-proxy.js';

export const AUTH_ID = 'MATESTTESTTESTTEST00';

export interface StackOptions {
  readonly controllers: number;
  /** Trunks after the one that a number prefers. */
  readonly trunks: readonly string[];
  /** Further variables of the controllers. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What Node is to run as a controller, see ControllerProcess. Default: the sources. */
  readonly program?: readonly string[];
  /** Puts a network that can be cut before each controller's Redis, and one before the Event Socket. */
  readonly proxied?: boolean;
  /** Where the state is kept instead of a Redis of its own, which then is not started; not together with `proxied`. */
  readonly storage?: Storage;
}

/** A cluster or Sentinels; the stack stops it. */
export interface Storage {
  /** REDIS_URL. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Redis, controllers and a place for files; FreeSWITCH, simulated or real, is put beside it. */
export class Stack {
  readonly controllers: ControllerProcess[] = [];
  /** One per controller, with `proxied`. */
  readonly redisProxies: TcpProxy[] = [];
  /** Between the controllers and the node, with `proxied`. */
  eventSocketProxy: TcpProxy | null = null;
  readonly authToken = randomBytes(24).toString('base64url');
  readonly eventSocketPassword = randomBytes(24).toString('base64url');
  readonly questionSecret = randomBytes(24).toString('base64url');
  readonly dataKey = randomBytes(32).toString('base64');
  readonly #questionPorts: number[] = [];
  readonly #cdrPorts: number[] = [];

  private constructor(
    readonly folder: string,
    private readonly storage: Storage,
    readonly audio: AudioHost,
    readonly eventSocketPort: number,
  ) {}

  static async prepare(options: StackOptions): Promise<Stack> {
    const folder = await mkdtemp(join(tmpdir(), 'maskline-test-'));
    const [storage, audio, eventSocketPort] = await Promise.all([
      options.storage ?? RedisServer.start(),
      AudioHost.start(),
      freeTcpPort(),
    ]);
    const stack = new Stack(folder, storage, audio, eventSocketPort);
    for (const name of ['cdr', 'recordings', 'prompts']) {
      await mkdir(join(folder, name), { recursive: true, mode: 0o777 });
    }
    const proxied = options.proxied === true;
    if (proxied) stack.eventSocketProxy = await TcpProxy.to(eventSocketPort);
    const nodePort = stack.eventSocketProxy?.port ?? eventSocketPort;
    for (let index = 0; index < options.controllers; index += 1) {
      if (proxied) stack.redisProxies.push(await TcpProxy.to(stack.redis.port));
      const redisProxy = stack.redisProxies[index];
      const [httpPort, questionPort, cdrPort] = [
        await freeTcpPort(),
        await freeTcpPort(),
        await freeTcpPort(),
      ];
      stack.#questionPorts.push(questionPort);
      stack.#cdrPorts.push(cdrPort);
      stack.controllers.push(
        new ControllerProcess(
          {
            HTTP_HOST: '127.0.0.1',
            HTTP_PORT: String(httpPort),
            PUBLIC_URL: `http://127.0.0.1:${httpPort}`,
            AUTH_ID,
            AUTH_TOKEN: stack.authToken,
            REDIS_URL: redisProxy === undefined ? stack.redisUrl : `redis://127.0.0.1:${redisProxy.port}`,
            FREESWITCH_NODES: `127.0.0.1:${nodePort}`,
            FREESWITCH_PASSWORD: stack.eventSocketPassword,
            QUESTION_HOST: '127.0.0.1',
            QUESTION_PORT: String(questionPort),
            QUESTION_SECRET: stack.questionSecret,
            CDR_PORT: String(cdrPort),
            TRUNKS: options.trunks.join(','),
            RECORDINGS_DIR: stack.recordingsDir,
            PROMPTS_DIR: stack.promptsDir,
            CDR_DIR: stack.cdrDir,
            DATA_KEYS: stack.dataKey,
            PROMPT_ALLOW_ADDRESSES: '127.0.0.0/8',
            LOG_LEVEL: process.env['MASKLINE_TEST_LOG_LEVEL'] ?? 'debug',
            ...options.environment,
          },
          join(folder, `controller-${index}.log`),
          options.program,
        ),
      );
    }
    return stack;
  }

  /** The Redis of its own. */
  get redis(): RedisServer {
    if (!(this.storage instanceof RedisServer)) throw new Error('the stack has no Redis of its own');
    return this.storage;
  }

  get redisUrl(): string {
    return this.storage.url;
  }

  get cdrDir(): string {
    return join(this.folder, 'cdr');
  }

  get recordingsDir(): string {
    return join(this.folder, 'recordings');
  }

  get promptsDir(): string {
    return join(this.folder, 'prompts');
  }

  /** Where FreeSWITCH asks, in its own form. */
  get questionHosts(): string {
    return this.#questionPorts.map((port) => `127.0.0.1:${port}`).join('|');
  }

  /** Where FreeSWITCH posts CDRs, in start.sh's form. */
  get cdrHosts(): string {
    return this.#cdrPorts.map((port) => `127.0.0.1:${port}`).join('|');
  }

  async startControllers(): Promise<void> {
    await Promise.all(this.controllers.map((controller) => controller.start()));
  }

  /**
   * A request to the API of a controller: of the first one that runs, unless told which. Answers status and parsed
   * body.
   */
  async api(
    method: string,
    path: string,
    body?: unknown,
    controller = this.controllers.find((candidate) => candidate.pid !== null),
  ): Promise<{ status: number; body: unknown }> {
    if (controller === undefined) throw new Error('no controller runs');
    const response = await fetch(`${controller.url}/v1/Account/${AUTH_ID}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${AUTH_ID}:${this.authToken}`).toString('base64')}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  }

  /** Waits until the prompt library has those of these values that are URLs of our audio host. */
  async promptsReady(values: readonly unknown[]): Promise<void> {
    const deadline = Date.now() + 10_000;
    for (const url of values.map(String)) {
      if (!this.audio.serves(url)) continue;
      // What says that the URL gave it comes after the file itself.
      const pointer = join(this.promptsDir, 'urls', urlHash(url));
      while (!(await exists(pointer))) {
        if (Date.now() > deadline) throw new Error(`the prompt at ${url} was not fetched`);
        await sleep(20);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.controllers.map((controller) => controller.end('SIGTERM')));
    const proxies = [
      ...this.redisProxies,
      ...(this.eventSocketProxy === null ? [] : [this.eventSocketProxy]),
    ];
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await this.storage.stop();
    await this.audio.close();
    if (process.env['MASKLINE_KEEP_TEST_FILES'] === undefined) {
      await rm(this.folder, { recursive: true, force: true });
    }
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
