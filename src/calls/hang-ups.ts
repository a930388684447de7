import { setTimeout as sleep } from 'node:timers/promises';
import { MasklineError } from '../errors.js';
import { API_HANGUP_CAUSE } from '../masking/hangup-cause.js';
import type { CommandOutcome, NodeCommand } from './node-commands.js';

/** The node of a call did not carry a hang-up out in time: it, or every controller that could reach it, is down. */
export class NodeUnreachableError extends MasklineError {
  readonly code = 'ERR_NODE_UNREACHABLE';
}

/** Where commands are given, and their outcomes read. */
export interface CommandDesk {
  push(node: string, command: NodeCommand): Promise<void>;
  outcome(node: string, uuid: string): Promise<CommandOutcome | null>;
}

export interface HangUpsOptions {
  readonly commands: CommandDesk;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that a hang-up may take; less than clients wait (5 s in most SDKs). Default 3000. */
  readonly deadlineMs?: number;
}

/** Milliseconds between two looks for an outcome. */
const POLL_MS = 50;

/**
 * Hangs legs up wherever they run. Only one controller is connected to a node, so the wish goes to it through
 * the store, and its outcome comes back the same way. Asking again is harmless.
 */
export class HangUps {
  readonly #options: HangUpsOptions;

  constructor(options: HangUpsOptions) {
    this.#options = options;
  }

  /**
   * False when the node has no such channel (any more). Throws NodeUnreachableError, QueueFullError,
   * StoreUnavailableError.
   */
  async hangUp(leg: {
    readonly uuid: string;
    /** The A leg's UUID of its call. */
    readonly call: string;
    readonly node: string;
  }): Promise<boolean> {
    const { commands, now, deadlineMs = 3_000 } = this.#options;
    const until = now() + deadlineMs;
    await commands.push(leg.node, { uuid: leg.uuid, call: leg.call, cause: API_HANGUP_CAUSE, until });
    const started = performance.now();
    while (performance.now() - started < deadlineMs) {
      await sleep(POLL_MS);
      const outcome = await commands.outcome(leg.node, leg.uuid);
      if (outcome !== null) return outcome === 'done';
    }
    throw new NodeUnreachableError('the node of the call did not answer in time');
  }
}
