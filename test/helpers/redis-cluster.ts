import { Redis } from 'ioredis';

import { until } from './until.js';
import { freeTcpPort } from './ports.js';
import { RedisServer } from './redis-server.js';

export interface RedisClusterOptions {
  /** A replica for each master. Default false. */
  readonly replicas?: boolean;
  /** Milliseconds of silence after which the others count a node as failed. Default that of Redis. */
  readonly nodeTimeoutMs?: number;
}

const MASTERS = 3;
const SLOTS = 16_384;
/** Members of a cluster find each other by gossip. */
const FORMING_MS = 30_000;
/** Keys that are moved at a time, as `redis-cli --cluster reshard` does. */
const PIPELINE = 10;

/** A Redis Cluster of three masters, each a redis-server of its own on loopback ports. */
export class RedisCluster {
  readonly #admins = new Map<RedisServer, Redis>();

  private constructor(
    readonly masters: readonly RedisServer[],
    /** Those of the masters, in their order; none unless asked for. */
    readonly replicas: readonly RedisServer[],
  ) {
    for (const server of [...masters, ...replicas]) {
      const admin = new Redis(server.port, '127.0.0.1');
      // Tests kill servers; the connection comes back with them.
      admin.on('error', () => undefined);
      this.#admins.set(server, admin);
    }
  }

  static async start({
    replicas = false,
    nodeTimeoutMs = 15_000,
  }: RedisClusterOptions = {}): Promise<RedisCluster> {
    const count = replicas ? 2 * MASTERS : MASTERS;
    const starting = Array.from({ length: count }, async () =>
      RedisServer.start([
        ...['--cluster-enabled', 'yes', '--cluster-port', String(await freeTcpPort())],
        ...['--cluster-announce-ip', '127.0.0.1', '--cluster-node-timeout', String(nodeTimeoutMs)],
        // A replica is sent its copy at once, not after the 5 s in which more replicas might come.
        ...['--repl-diskless-sync-delay', '0'],
      ]),
    );
    const started = await Promise.allSettled(starting);
    const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const cluster = new RedisCluster(servers.slice(0, MASTERS), servers.slice(MASTERS));
    try {
      await Promise.all(starting);
      await cluster.#form();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** REDIS_URL. */
  get url(): string {
    const hosts = [...this.masters, ...this.replicas].map(({ port }) => `127.0.0.1:${port}`);
    return `redis+cluster://${hosts.join(',')}`;
  }

  /** A connection to this one server. */
  admin(server: RedisServer): Redis {
    const admin = this.#admins.get(server);
    if (admin === undefined) throw new Error('it is no server of this cluster');
    return admin;
  }

  async slotOf(key: string): Promise<number> {
    return this.admin(this.masters[0]!).cluster('KEYSLOT', key);
  }

  /** The server that `observer` takes for the slot's master. */
  async masterOf(slot: number, observer = this.masters[0]!): Promise<RedisServer> {
    const ranges = await this.admin(observer).cluster('SLOTS');
    const range = ranges.find(([first, last]) => first <= slot && slot <= last);
    const server = [...this.masters, ...this.replicas].find(({ port }) => port === range?.[2]?.[1]);
    if (server === undefined) throw new Error(`nobody has slot ${slot}`);
    return server;
  }

  /** Every key of the masters. */
  async keys(): Promise<string[]> {
    return (await Promise.all(this.masters.map((server) => this.admin(server).keys('*')))).flat();
  }

  /** Opens the migration of a slot: from now on its keys may be at either. */
  async beginMove(slot: number, to: RedisServer): Promise<SlotMove> {
    const from = await this.masterOf(slot);
    const [source, target] = [this.admin(from), this.admin(to)];
    await target.cluster('SETSLOT', slot, 'IMPORTING', await idOf(source));
    await source.cluster('SETSLOT', slot, 'MIGRATING', await idOf(target));
    return new SlotMove(this, slot, from, to);
  }

  /** Moves a slot with all its keys to another master, under load or not. */
  async move(slot: number, to: RedisServer): Promise<void> {
    await (await this.beginMove(slot, to)).finish();
  }

  /** Waits until replicas have all that their masters have at this moment. */
  async replicated(): Promise<void> {
    await Promise.all(this.masters.map((server) => this.admin(server).wait(1, 10_000)));
  }

  async stop(): Promise<void> {
    for (const admin of this.#admins.values()) admin.disconnect();
    await Promise.all([...this.masters, ...this.replicas].map((server) => server.stop()));
  }

  async #form(): Promise<void> {
    const all = [...this.masters, ...this.replicas];
    const [first] = this.masters;
    for (const [index, server] of this.masters.entries()) {
      const admin = this.admin(server);
      const from = Math.ceil((index * SLOTS) / MASTERS);
      await admin.cluster('ADDSLOTSRANGE', from, Math.ceil(((index + 1) * SLOTS) / MASTERS) - 1);
    }
    for (const [index, server] of all.entries()) {
      // Without epochs of their own the masters would have to quarrel about them first.
      await this.admin(server).cluster('SET-CONFIG-EPOCH', index + 1);
      if (server === first) continue;
      const [, bus = ''] = await this.admin(server).config('GET', 'cluster-port');
      await this.admin(first!).call('CLUSTER', 'MEET', '127.0.0.1', String(server.port), bus);
    }
    await this.#each('they know each other', all, async (admin) =>
      (await admin.cluster('INFO')).includes(`cluster_known_nodes:${all.length}\r\n`),
    );
    for (const [index, server] of this.replicas.entries()) {
      await this.admin(server).cluster('REPLICATE', await idOf(this.admin(this.masters[index]!)));
    }
    await this.#each('the replicas replicate', this.replicas, async (admin) =>
      (await admin.info('replication')).includes('master_link_status:up'),
    );
    await this.#each('every slot is served', all, async (admin) => {
      const nodes = (await admin.cluster('NODES')) as string;
      const replicas = nodes.split('\n').filter((line) => / (?:myself,)?slave /.test(line));
      return (
        (await admin.cluster('INFO')).includes('cluster_state:ok') &&
        replicas.length === this.replicas.length &&
        !nodes.includes('handshake')
      );
    });
  }

  async #each(
    what: string,
    servers: readonly RedisServer[],
    holds: (admin: Redis) => Promise<boolean>,
  ): Promise<void> {
    for (const server of servers) await until(what, () => holds(this.admin(server)), FORMING_MS);
  }
}

/** A slot on its way from one master to another. */
export class SlotMove {
  constructor(
    readonly cluster: RedisCluster,
    readonly slot: number,
    readonly from: RedisServer,
    readonly to: RedisServer,
  ) {}

  /** Moves these keys, which are there. */
  async keys(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await this.cluster
      .admin(this.from)
      .call('MIGRATE', '127.0.0.1', String(this.to.port), '', '0', '5000', 'KEYS', ...keys);
  }

  /** Keys that are not moved yet. */
  async left(most: number): Promise<string[]> {
    return this.cluster.admin(this.from).cluster('GETKEYSINSLOT', this.slot, most);
  }

  /** Moves what is left, and gives the slot to its new master. */
  async finish(): Promise<void> {
    for (;;) {
      const keys = await this.left(PIPELINE);
      if (keys.length === 0) break;
      await this.keys(keys);
    }
    const { cluster, slot, from, to } = this;
    const owner = await idOf(cluster.admin(to));
    const others = cluster.masters.filter((server) => server !== from && server !== to);
    // The new master first: the old one keeps sending clients there.
    for (const server of [to, from, ...others])
      await cluster.admin(server).cluster('SETSLOT', slot, 'NODE', owner);
  }
}

async function idOf(admin: Redis): Promise<string> {
  return admin.cluster('MYID');
}
