import { MasklineError } from './errors.js';

/** This controller does not hold the node's lease, or may have lost it: nothing is done to the node. */
export class NodeNotHeldError extends MasklineError {
  readonly code = 'ERR_NODE_NOT_HELD';
}

/** Rights that one controller at a time has, such as to supervise a node. `ttl` in milliseconds. */
export interface LeaseHolder<Lease> {
  acquire(name: string, controllerId: string, ttl: number): Promise<Lease | null>;
  renew(name: string, controllerId: string, lease: Lease, ttl: number): Promise<boolean>;
  release(name: string, controllerId: string, lease: Lease): Promise<boolean>;
}

/** A lease with a number that is larger than that of every lease of the same name before it. */
export interface FencedLease {
  readonly fence: number;
}

/** What shows a store that a request comes from the newest holder of a node's lease. */
export interface HoldProof {
  /** `host:port` of the node's Event Socket. */
  readonly endpoint: string;
  readonly fence: number;
}

/** The right to act on a node, as far as this controller can tell without asking. */
export interface NodeHold {
  /** Null without the lease, and as soon as it may have lapsed: nothing may be done to the node then. */
  readonly proof: HoldProof | null;
}

/** Throws NodeNotHeldError. To be asked immediately before each thing that is done. */
export function proofOf(hold: NodeHold): HoldProof {
  const { proof } = hold;
  if (proof === null) throw new NodeNotHeldError('the lease of the node is not held');
  return proof;
}
