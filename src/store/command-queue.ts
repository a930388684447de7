import type { CommandOutcome, NodeCommand } from '../calls/node-commands.js';
import type { HoldProof } from '../lease-holder.js';
import { LeaseLostError, QueueFullError } from './errors.js';
import { commandAnswerKey, commandFencesKey, commandsKey } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** Commands that may wait for one node. */
const MOST_COMMANDS = 1_000;
/** Milliseconds that commands nobody takes, and answers nobody reads, are kept. */
const KEPT = 60_000;

/**
 * Commands for nodes, on their way from whichever controller got the request to the one that has the node.
 *
 * There is one per channel, and carrying it out twice is harmless, so it stays until it is answered: a
 * holder that dies in between leaves it to the next one.
 */
export class CommandQueue {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;

  constructor(client: RedisClient, scripts: Scripts) {
    this.#client = client;
    this.#scripts = scripts;
  }

  /** Throws QueueFullError. */
  async push(node: string, command: NodeCommand): Promise<void> {
    const keys = [commandsKey(node), commandAnswerKey(node, command.uuid)];
    const args = [command.uuid, JSON.stringify(command), MOST_COMMANDS, KEPT];
    if ((await this.#scripts.run('push-command', keys, args)) !== 1) {
      throw new QueueFullError('too many commands wait for a node');
    }
  }

  /** The commands that wait for `node`. They stay until they are answered. Throws LeaseLostError. */
  async waiting(node: string, proof: HoldProof): Promise<NodeCommand[]> {
    const keys = [commandsKey(node), commandFencesKey(node)];
    const entries = await this.#scripts.run('read-commands', keys, [proof.endpoint, proof.fence]);
    if (entries === null) throw new LeaseLostError('commands for a node are read by its next holder');
    return (entries as string[]).map((entry) => JSON.parse(entry) as NodeCommand);
  }

  /**
   * Takes a command off, with what came of it; null when it came too late to be carried out. Throws
   * LeaseLostError.
   */
  async settle(
    node: string,
    uuid: string,
    outcome: CommandOutcome | null,
    { endpoint, fence }: HoldProof,
  ): Promise<void> {
    const keys = [commandsKey(node), commandAnswerKey(node, uuid), commandFencesKey(node)];
    const args = [uuid, outcome ?? '', KEPT, endpoint, fence];
    if ((await this.#scripts.run('answer-command', keys, args)) === 1) return;
    throw new LeaseLostError('a command for a node is answered by its next holder');
  }

  /** What came of the command about a channel, null while nothing has. */
  async outcome(node: string, uuid: string): Promise<CommandOutcome | null> {
    return (await guarded(() => this.#client.get(commandAnswerKey(node, uuid)))) as CommandOutcome | null;
  }
}
