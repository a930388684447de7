import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

import { HangUps } from '../../../src/calls/hang-ups.js';
import { NodeCommands, type CommandOutcome, type NodeCommand } from '../../../src/calls/node-commands.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { HELD } from '../../helpers/hold.js';
import { NOW } from '../../helpers/sessions.js';

/** The store's queue, in memory. */
class Desk {
  readonly commands = new Map<string, NodeCommand>();
  readonly outcomes = new Map<string, CommandOutcome>();
  failure: Error | null = null;
  push(node: string, command: NodeCommand): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    this.commands.set(`${node}/${command.uuid}`, command);
    return Promise.resolve();
  }
  waiting(node: string): Promise<NodeCommand[]> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const entries = [...this.commands].filter(([key]) => key.startsWith(`${node}/`));
    return Promise.resolve(entries.map(([, command]) => command));
  }
  settle(node: string, uuid: string, outcome: CommandOutcome | null): Promise<void> {
    this.commands.delete(`${node}/${uuid}`);
    if (outcome !== null) this.outcomes.set(`${node}/${uuid}`, outcome);
    return Promise.resolve();
  }
  outcome(node: string, uuid: string): Promise<CommandOutcome | null> {
    return Promise.resolve(this.outcomes.get(`${node}/${uuid}`) ?? null);
  }
}

class Node {
  state: 'up' | 'waiting' = 'up';
  name = 'node-1';
  readonly channels = new Set(['leg']);
  readonly killed: [string, string][] = [];
  failure: Error | null = null;
  hangup(uuid: string, cause: string): Promise<boolean> {
    if (this.failure !== null) return Promise.reject(this.failure);
    this.killed.push([uuid, cause]);
    return Promise.resolve(this.channels.delete(uuid));
  }
}

const log = createLogger({ level: 'silent' });
const running: NodeCommands[] = [];
afterEach(() => Promise.all(running.splice(0).map((commands) => commands.stop())));

function serve(node: Node, desk: Desk, now = NOW): NodeCommands {
  const commands = new NodeCommands({ node, hold: HELD, source: desk, now: () => now, log });
  commands.start();
  running.push(commands);
  return commands;
}

function hangUps(desk: Desk): HangUps {
  return new HangUps({ commands: desk, now: () => NOW, deadlineMs: 600 });
}

describe('hanging a leg up', () => {
  it('goes through the controller that has the node, once', async () => {
    const [desk, node] = [new Desk(), new Node()];
    serve(node, desk);
    expect(await hangUps(desk).hangUp({ uuid: 'leg', call: 'call', node: 'node-1' })).toBe(true);
    expect(node.killed).toEqual([['leg', 'MANAGER_REQUEST']]);
    expect(desk.commands.size).toBe(0);
  });

  it('says so when the channel is gone', async () => {
    const [desk, node] = [new Desk(), new Node()];
    serve(node, desk);
    expect(await hangUps(desk).hangUp({ uuid: 'other', call: 'call', node: 'node-1' })).toBe(false);
  });

  it('fails by its deadline when nobody has the node', async () => {
    const [desk, node] = [new Desk(), new Node()];
    node.state = 'waiting';
    serve(node, desk);
    await expect(hangUps(desk).hangUp({ uuid: 'leg', call: 'call', node: 'node-1' })).rejects.toMatchObject({
      code: 'ERR_NODE_UNREACHABLE',
    });
    expect(node.killed).toEqual([]);
  });

  it('is not carried out once nobody waits for it any more', async () => {
    const [desk, node] = [new Desk(), new Node()];
    await desk.push('node-1', { uuid: 'leg', call: 'call', cause: 'MANAGER_REQUEST', until: NOW });
    serve(node, desk);
    while (desk.commands.size > 0) await sleep(10);
    expect(node.killed).toEqual([]);
    expect(desk.outcomes.size).toBe(0);
  });

  it('goes on after the node or the store failed for a while', async () => {
    const [desk, node] = [new Desk(), new Node()];
    node.failure = new Error('the connection was lost');
    const waiting = hangUps(desk).hangUp({ uuid: 'leg', call: 'call', node: 'node-1' });
    serve(node, desk);
    await sleep(150);
    node.failure = null;
    desk.failure = new Error('no Redis');
    await sleep(150);
    desk.failure = null;
    expect(await waiting).toBe(true);
  });

  it('leaves other nodes’ commands alone', async () => {
    const [desk, node] = [new Desk(), new Node()];
    serve(node, desk);
    await expect(hangUps(desk).hangUp({ uuid: 'leg', call: 'call', node: 'node-2' })).rejects.toMatchObject({
      code: 'ERR_NODE_UNREACHABLE',
    });
    expect(node.killed).toEqual([]);
  });
});
