import { proofOf, type HoldProof, type NodeHold } from '../lease-holder.js';
import { PollLoop } from '../poll-loop.js';
import type { Logger } from '../telemetry/logger.js';
import type { NodeLink } from './node-link.js';

/** What a node is to do with a channel. */
export interface NodeCommand {
  /** Channel UUID; one command at a time waits for a channel. */
  readonly uuid: string;
  /** The A leg's UUID of the call that the channel is a leg of. */
  readonly call: string;
  /** Hangup cause, such as MANAGER_REQUEST. */
  readonly cause: string;
  /** Not carried out from this instant on: nobody waits for it any more. Milliseconds since the epoch. */
  readonly until: number;
}

/** `gone`: there is no such channel. */
export type CommandOutcome = 'done' | 'gone';

/** Where commands wait for the controller that has the node. */
export interface CommandSource {
  waiting(node: string, proof: HoldProof): Promise<readonly NodeCommand[]>;
  settle(node: string, uuid: string, outcome: CommandOutcome | null, proof: HoldProof): Promise<void>;
}

export interface NodeCommandsOptions {
  readonly node: Pick<NodeLink, 'state' | 'name' | 'hangup'>;
  readonly hold: NodeHold;
  readonly source: CommandSource;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Milliseconds between two looks at the commands. A client waits. */
const POLL_MS = 100;

/** Carries out the commands for one node, while this controller has it. */
export class NodeCommands {
  readonly #options: NodeCommandsOptions;
  readonly #loop = new PollLoop((signal) => this.#round(signal), POLL_MS);

  constructor(options: NodeCommandsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop.start();
  }

  /** Waits for the command in progress. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  async #round(signal: AbortSignal): Promise<boolean> {
    const { node, source, hold, log } = this.#options;
    if (node.state !== 'up') return false;
    try {
      for (const command of await source.waiting(node.name, proofOf(hold))) {
        if (signal.aborted) return false;
        await this.#carryOut(command);
      }
    } catch (error) {
      log.warn({ err: error, node: node.name }, 'commands for the node could not be carried out');
    }
    return false;
  }

  async #carryOut(command: NodeCommand): Promise<void> {
    const { node, source, hold, now, log } = this.#options;
    if (now() >= command.until) {
      await source.settle(node.name, command.uuid, null, proofOf(hold));
      return;
    }
    const found = await node.hangup(command.uuid, command.cause);
    await source.settle(node.name, command.uuid, found ? 'done' : 'gone', proofOf(hold));
    log.info({ call: command.call, leg: command.uuid, found }, 'a leg was hung up by request');
  }
}
