import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { SimulatedFreeSwitch } from '../../../sandbox/simulated-freeswitch.js';
import type { PlacedCall } from '../../../sandbox/placed-call.js';
import type { ReceivedCall } from '../../../sandbox/received-call.js';
import { freeTcpPort } from '../../helpers/ports.js';
import { AUTH_ID, Stack } from '../../helpers/stack.js';
import { StoreView } from '../../helpers/store-view.js';

const ROOT = new URL('../../../', import.meta.url).pathname;
const TRUNK = 'carrier';
/** Last digits of a number: no two people here have the same. */
export const DIGITS = 4;
/** Longest that a caller waits to hear who is at the other end, in milliseconds. */
const PATIENCE = 8_000;
/** Longest that a phone which was answered waits to be joined, in milliseconds. */
const JOINED_WITHIN = 10_000;

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Three controllers, each asked first by a simulated FreeSWITCH of its own, and one Redis. */
export class Cluster {
  private constructor(
    readonly stack: Stack,
    readonly store: StoreView,
    readonly nodes: readonly SimulatedFreeSwitch[],
  ) {}

  static async start(): Promise<Cluster> {
    const ports = [await freeTcpPort(), await freeTcpPort(), await freeTcpPort()];
    const stack = await Stack.prepare({
      controllers: 3,
      trunks: [TRUNK],
      environment: { FREESWITCH_NODES: ports.map((port) => `127.0.0.1:${port}`).join(',') },
    });
    const hosts = stack.questionHosts.split('|');
    const nodes = ports.map((eventSocketPort, index) => {
      const node = new SimulatedFreeSwitch({
        dialplanFile: join(ROOT, 'dialplan/masking.xml'),
        soundsDir: join(ROOT, 'freeswitch/sounds/en'),
        questionHosts: [...hosts.slice(index), ...hosts.slice(0, index)],
        questionSecret: stack.questionSecret,
        eventSocketPort,
        password: stack.eventSocketPassword,
        switchname: `node-${index}`,
        cdrDir: stack.cdrDir,
        trunks: { [TRUNK]: 'up' },
        // Every phone answers, and tells by its keys whose it is.
        otherwise: { kind: 'answer', afterMs: 50 },
      });
      node.phones.on('received', (call) => void sayWhoseItIs(call));
      return node;
    });
    await Promise.all(nodes.map((node) => node.start()));
    await stack.startControllers();
    return new Cluster(stack, StoreView.of(stack), nodes);
  }

  /** A request to the API of one of the controllers. */
  async api(controller: number, method: string, path: string, body?: unknown): Promise<Answer> {
    const credentials = Buffer.from(`${AUTH_ID}:${this.stack.authToken}`).toString('base64');
    const response = await fetch(`${this.stack.controllers[controller]!.url}/v1/Account/${AUTH_ID}${path}`, {
      method,
      headers: {
        authorization: `Basic ${credentials}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  /** A call at one of the nodes; hangs up once the other end has said who it is, by the last digits of its number. */
  async call(
    node: number,
    { from, to, pin }: { from: string; to: string; pin: string | null },
  ): Promise<{ status: number; reached: string | null }> {
    const call = this.nodes[node]!.place({ from, to });
    if ((await call.answered) && pin !== null) await call.press(pin);
    await heardWho(call);
    call.hangup();
    const { status } = await call.ended;
    return { status, reached: call.digits.length === DIGITS ? call.digits : null };
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.store.close();
    await this.stack.close();
  }
}

/** By the keys that the phone presses once the two are joined. */
async function sayWhoseItIs(call: ReceivedCall): Promise<void> {
  const deadline = performance.now() + JOINED_WITHIN;
  while (call.joinedAt === null) {
    if (call.endedAt !== null || performance.now() > deadline) return;
    await sleep(20);
  }
  call.press(call.number.slice(-DIGITS));
}

async function heardWho(call: PlacedCall): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!call.isOver && call.digits.length < DIGITS && performance.now() < deadline) await sleep(20);
}
