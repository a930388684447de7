import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { until } from './until.js';
import { freeTcpPort } from './ports.js';
import { RedisServer } from './redis-server.js';

const NAME = 'maskline';
const SENTINELS = 3;
const QUORUM = 2;
const FORMING_MS = 30_000;

export interface RedisSentinelOptions {
  /** Milliseconds of silence after which a Sentinel counts the master as down. Default 2000. */
  readonly downAfterMs?: number;
}

/** A master and its replica, watched by three Sentinels. */
export class RedisSentinel {
  readonly #admins: Redis[] = [];

  private constructor(
    /** The master of the beginning, and its replica. */
    readonly servers: readonly [RedisServer, RedisServer],
    readonly sentinels: readonly SentinelProcess[],
  ) {}

  static async start({ downAfterMs = 2_000 }: RedisSentinelOptions = {}): Promise<RedisSentinel> {
    const started: { stop(): Promise<void> }[] = [];
    const start = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
      const server = await starting;
      started.push(server);
      return server;
    };
    try {
      // A replica is sent its copy at once, not after the 5 s in which more replicas might come.
      const soon = ['--repl-diskless-sync-delay', '0'];
      const master = await start(RedisServer.start(soon));
      const replica = await start(
        RedisServer.start([...soon, '--replicaof', '127.0.0.1', String(master.port)]),
      );
      const sentinels = await Promise.all(
        Array.from({ length: SENTINELS }, () => start(SentinelProcess.start(master.port, downAfterMs))),
      );
      const all = new RedisSentinel([master, replica], sentinels);
      await all.#formed();
      return all;
    } catch (error) {
      await Promise.all(started.map((server) => server.stop()));
      throw error;
    }
  }

  /** REDIS_URL. */
  get url(): string {
    return `redis+sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${NAME}`;
  }

  /** The master, as this Sentinel has it. */
  async master(sentinel = this.sentinels.at(-1)!): Promise<RedisServer> {
    const [, port] = (await this.#admin(sentinel).call(
      'SENTINEL',
      'GET-MASTER-ADDR-BY-NAME',
      NAME,
    )) as string[];
    const server = this.servers.find((each) => String(each.port) === port);
    if (server === undefined) throw new Error('the Sentinel names a master that is none of ours');
    return server;
  }

  /** Waits until the replica has all that the master has at this moment. */
  async replicated(): Promise<void> {
    await this.#admin(this.servers[0]).wait(1, 10_000);
  }

  async stop(): Promise<void> {
    for (const admin of this.#admins) admin.disconnect();
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }

  async #formed(): Promise<void> {
    const replica = this.#admin(this.servers[1]);
    await until(
      'the replica replicates',
      async () => (await replica.info('replication')).includes('master_link_status:up'),
      FORMING_MS,
    );
    for (const sentinel of this.sentinels) {
      await until(
        'the Sentinels know the replica and each other',
        async () => {
          const info = await this.#admin(sentinel).info('sentinel');
          return info.includes('status=ok') && info.includes(`slaves=1,sentinels=${SENTINELS}`);
        },
        FORMING_MS,
      );
    }
  }

  #admin(server: { readonly port: number }): Redis {
    const known = this.#admins.find(({ options }) => options.port === server.port);
    if (known !== undefined) return known;
    const admin = new Redis(server.port, '127.0.0.1');
    admin.on('error', () => undefined);
    this.#admins.push(admin);
    return admin;
  }
}

/** One Sentinel. It rewrites its configuration, so it has a folder of its own. */
class SentinelProcess {
  readonly #onExit = (): void => {
    this.#child.kill('SIGKILL');
  };
  readonly #child: ChildProcess;

  private constructor(
    readonly port: number,
    readonly dir: string,
    file: string,
  ) {
    this.#child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
    // A Sentinel that does not start is found out by who asks it.
    this.#child.on('error', () => undefined);
    process.once('exit', this.#onExit);
  }

  static async start(master: number, downAfterMs: number): Promise<SentinelProcess> {
    const dir = await mkdtemp(join(tmpdir(), 'maskline-sentinel-'));
    const port = await freeTcpPort();
    const file = join(dir, 'sentinel.conf');
    const lines = [
      ...[`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`],
      `sentinel monitor ${NAME} 127.0.0.1 ${master} ${QUORUM}`,
      `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
      `sentinel failover-timeout ${NAME} ${10 * downAfterMs}`,
      '',
    ];
    await writeFile(file, lines.join('\n'));
    return new SentinelProcess(port, dir, file);
  }

  /** Stops the process with its sockets open (SIGSTOP): a Sentinel that hangs. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    process.removeListener('exit', this.#onExit);
    await rm(this.dir, { recursive: true, force: true });
  }
}
