import type { FencedLease } from '../lease-holder.js';
import { fenceKey, leaseKey } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** Its fence goes with everything that its holder takes and concludes: lua/include/fence.lua. */
export type Lease = FencedLease;

/** Which controller supervises a node. Leases run on Redis's own clock. */
export class LeaseRepository {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;

  constructor(client: RedisClient, scripts: Scripts) {
    this.#client = client;
    this.#scripts = scripts;
  }

  /** Null while another controller has the lease. Its own holder gets a new fence. `ttl` in milliseconds. */
  async acquire(node: string, controllerId: string, ttl: number): Promise<Lease | null> {
    const keys = [leaseKey(node), fenceKey(node)];
    const fence = await this.#scripts.run('acquire-lease', keys, [controllerId, ttl]);
    return fence === null ? null : { fence: Number(fence) };
  }

  /** False when the lease was lost; what it guards must stop then. `ttl` in milliseconds from now. */
  async renew(node: string, controllerId: string, lease: Lease, ttl: number): Promise<boolean> {
    const args = [`${controllerId}|${lease.fence}`, ttl];
    return (await this.#scripts.run('renew-lease', [leaseKey(node)], args)) === 1;
  }

  /** Makes `to` its holder, which has `ttl` milliseconds to acquire it. False when it was lost before. */
  async pass(node: string, controllerId: string, lease: Lease, to: string, ttl: number): Promise<boolean> {
    const args = [`${controllerId}|${lease.fence}`, to, ttl];
    return (await this.#scripts.run('pass-lease', [leaseKey(node)], args)) === 1;
  }

  /** Milliseconds until the lease lapses; 0 when nobody has it. */
  async lapsesIn(node: string): Promise<number> {
    return Math.max(0, await guarded(() => this.#client.pttl(leaseKey(node))));
  }

  /** False when it was lost before. */
  async release(node: string, controllerId: string, lease: Lease): Promise<boolean> {
    const args = [`${controllerId}|${lease.fence}`];
    return (await this.#scripts.run('release-lease', [leaseKey(node)], args)) === 1;
  }
}
