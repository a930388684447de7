import { fenceKey, leaseKey } from './keys.js';
import type { Scripts } from './scripts.js';

export interface Lease {
  /**
   * Larger than every fence given out for the node before. It tells this lease from others of the same
   * controller; nothing outside the lease scripts looks at it.
   */
  readonly fence: number;
}

/** Which controller supervises a node. Leases run on Redis's own clock. */
export class LeaseRepository {
  readonly #scripts: Scripts;

  constructor(scripts: Scripts) {
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

  /** False when it was lost before. */
  async release(node: string, controllerId: string, lease: Lease): Promise<boolean> {
    const args = [`${controllerId}|${lease.fence}`];
    return (await this.#scripts.run('release-lease', [leaseKey(node)], args)) === 1;
  }
}
