/** Rights that one controller at a time has, such as to supervise a node. `ttl` in milliseconds. */
export interface LeaseHolder<Lease> {
  acquire(name: string, controllerId: string, ttl: number): Promise<Lease | null>;
  renew(name: string, controllerId: string, lease: Lease, ttl: number): Promise<boolean>;
  release(name: string, controllerId: string, lease: Lease): Promise<boolean>;
}
