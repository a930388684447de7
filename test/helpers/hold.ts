import type { HoldProof, NodeHold } from '../../src/lease-holder.js';

/** That of a controller that has the node, and no other came after it. */
export const PROOF: HoldProof = { endpoint: '127.0.0.1:8021', fence: 1 };
export const HELD: NodeHold = { proof: PROOF };
