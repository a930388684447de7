import { Cluster, Redis, ReplyError } from 'ioredis';

import { BoundedCluster } from './bounded-cluster.js';
import { StoreUnavailableError } from './errors.js';
import { parseRedisUrl } from './redis-url.js';

/** The one Redis, a Sentinel's master, or a Redis Cluster: the store does not care. */
export type RedisClient = Redis | Cluster;

export interface RedisConnectionOptions {
  /** Milliseconds until a command without a reply fails. A caller is waiting. Default 2000. */
  readonly commandTimeout?: number;
  /** Milliseconds to connect. Default 2000. */
  readonly connectTimeout?: number;
  /** For commands that wait for something: they may take as long as they like. Default false. */
  readonly patient?: boolean;
  /** Hears of every lost or failed connection. The client reconnects on its own. */
  readonly onError?: (error: unknown) => void;
}

/** Milliseconds until a command without a reply fails, unless told otherwise. */
export const COMMAND_TIMEOUT = 2_000;
const SENTINEL_TIMEOUT = 1_000;
const MAX_RECONNECT_DELAY = 2_000;
const CLOSE_DEADLINE = 1_000;
/**
 * How often a command is sent again in a cluster, every 100 ms while a slot moves or its master is away. What bounds it
 * is the time that it may take; this only ends it when nodes send it round in a circle.
 */
const MAX_REDIRECTIONS = 50;
/** Longer than any command waits. */
const PATIENT_SOCKET_TIMEOUT = 30_000;

/** One connection (or one per cluster node) that reconnects for as long as it is open. */
export class RedisConnection {
  readonly client: RedisClient;

  /** Begins to connect. Throws BadRedisUrlError. */
  constructor(url: string, options: RedisConnectionOptions = {}) {
    this.client = clientFor(url, options);
    if (this.client instanceof Cluster) this.client.on('+node', gatherWrites);
    else gatherWrites(this.client);
    // Without a listener the client prints every failed attempt on its own.
    this.client.on('error', (error: Error) => options.onError?.(error));
  }

  /** Resolves when Redis answers a ping; throws StoreUnavailableError when it does not. */
  async ready(): Promise<void> {
    try {
      await this.client.ping();
      // Each node of a cluster answers a ping, also when the cluster as a whole takes no command.
      if (this.client instanceof Cluster) requireWhole(await this.client.cluster('INFO'));
    } catch (cause) {
      throw new StoreUnavailableError('Redis does not answer', { cause });
    }
  }

  /** Lets commands on their way finish, for at most one second, then disconnects. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_DEADLINE);
    });
    // A connection that is down cannot say goodbye; disconnecting is all that is left then.
    const goodbye = this.client.quit().then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([goodbye, deadline]);
    clearTimeout(timer);
    this.client.disconnect();
  }
}

function requireWhole(info: string): void {
  if (info.includes('cluster_state:fail')) throw new Error('CLUSTERDOWN the cluster is down');
}

/** What gatherWrites needs of a client. */
type Writer = Pick<Redis, 'sendCommand'> & {
  readonly status: string;
  readonly stream: { cork(): void; uncork(): void };
};

/**
 * Lets everything that a client sends in one turn of the event loop go out in one write. Each write is a call into the
 * kernel, which costs more than the command; and what comes to Redis together waits for its disk once.
 */
export function gatherWrites(client: Writer): void {
  const send = client.sendCommand.bind(client);
  let isGathering = false;
  client.sendCommand = (...args: Parameters<Writer['sendCommand']>) => {
    // While it connects, its commands wait in a queue of its own.
    if (!isGathering && client.status === 'ready') {
      const { stream } = client;
      isGathering = true;
      stream.cork();
      setImmediate(() => {
        isGathering = false;
        stream.uncork();
      });
    }
    return send(...args);
  };
}

/** Resolves once what was sent in this turn of the event loop is on its way to Redis. */
export async function onItsWay(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Milliseconds before reconnect number `times`: doubling, with jitter so that controllers spread out. */
export function reconnectDelay(times: number, random: () => number = Math.random): number {
  const ceiling = Math.min(MAX_RECONNECT_DELAY, 50 * 2 ** Math.min(times, 10));
  return Math.round(ceiling * (0.5 + random() / 2));
}

function clientFor(url: string, options: RedisConnectionOptions): RedisClient {
  const target = parseRedisUrl(url);
  const patience =
    options.patient === true
      ? { commandTimeout: undefined, maxRetriesPerRequest: null, socketTimeout: PATIENT_SOCKET_TIMEOUT }
      : {
          commandTimeout: options.commandTimeout ?? COMMAND_TIMEOUT,
          // A question about a call is better answered "unavailable" than late.
          maxRetriesPerRequest: 1,
          // A connection that lost its far end without a word is given up, not only its commands.
          socketTimeout: 2 * (options.commandTimeout ?? COMMAND_TIMEOUT),
        };
  const common = {
    ...patience,
    connectTimeout: options.connectTimeout ?? 2_000,
    // A demoted master still accepts connections after a fail-over.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    db: target.db,
    ...(target.username === '' ? {} : { username: target.username }),
    ...(target.password === '' ? {} : { password: target.password }),
    ...(target.tls ? { tls: {} } : {}),
  };
  const hosts = target.hosts.map(({ host, port }) => ({ host, port }));
  if (target.kind === 'cluster') {
    const settings = {
      redisOptions: common,
      clusterRetryStrategy: (times: number) => reconnectDelay(times),
      maxRedirections: MAX_REDIRECTIONS,
      ...(target.tls ? { dnsLookup: asItIs } : {}),
    };
    return common.commandTimeout === undefined
      ? new Cluster(hosts, settings)
      : new BoundedCluster(hosts, settings, common.commandTimeout);
  }
  const retryStrategy = (times: number): number => reconnectDelay(times);
  if (target.kind === 'sentinel') {
    return new Redis({
      ...common,
      retryStrategy,
      sentinels: hosts,
      name: target.master,
      sentinelRetryStrategy: retryStrategy,
      // One that takes the connection and says nothing must not keep us from asking the next.
      sentinelCommandTimeout: SENTINEL_TIMEOUT,
      ...(target.tls ? { enableTLSForSentinelMode: true } : {}),
    });
  }
  const [only] = hosts;
  return new Redis({ ...common, ...only, retryStrategy });
}

/** The library would connect to a name's address, for which no certificate is made out. The system looks it up. */
function asItIs(name: string, callback: (error: null, address: string) => void): void {
  callback(null, name);
}

/** Replies by which a Redis that is there says that it cannot do its work at the moment. */
const UNABLE = /^(?:LOADING|MISCONF|OOM|READONLY|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|BUSY|TRYAGAIN)\b/;

/** Whether an error of the store means that Redis is away or unable; not that we asked it for something wrong. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof StoreUnavailableError)) return false;
  const { cause } = error;
  return !(cause instanceof ReplyError) || UNABLE.test((cause as Error).message);
}
