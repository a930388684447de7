import { setTimeout as sleep } from 'node:timers/promises';
import type { PlacedCall } from '../../../sandbox/placed-call.js';
import { laneNumbers, type LaneNumbers } from '../../helpers/lane-numbers.js';
import type { Installation, Member } from './installation.js';

/** Milliseconds that two talk. */
const TALK_MS = 800;

/** Two people with a session on a number of their own. */
export interface Pair extends LaneNumbers {
  readonly sessionId: string;
}

/** What became of a call, as its caller saw it. */
export interface Placed {
  readonly pair: Pair;
  /** The node that took it, or that refused it last. */
  readonly member: Member;
  /** Channel UUID of the caller's leg: the interaction's id. */
  readonly uuid: string;
  /** `kept`: they talked until the caller hung up. `died`: its node died. Else why not, with the SIP status. */
  readonly end: 'kept' | 'died' | `refused with ${number}` | `cut after ${number} ms`;
}

/** Makes a number and a session on it for `count` pairs. */
export async function introduce({ stack }: Installation, count: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let index = 0; index < count; index += 1) {
    const numbers = laneNumbers(index);
    await post(stack, '/Number/', { number: numbers.did });
    pairs.push({ ...numbers, sessionId: await createSession(stack, numbers) });
  }
  return pairs;
}

/** Answers the id of the session. */
export async function createSession(
  stack: Installation['stack'],
  { first, second, did }: LaneNumbers,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const session = { first_party: first, second_party: second, virtual_number: did, geomatch: false, ...more };
  return String((await post(stack, '/Masking/Session/', session))['session_uuid']);
}

async function post(
  stack: Installation['stack'],
  path: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { status, body } = await stack.api('POST', path, parameters);
  if (status !== 201) throw new Error(`${path} was answered with ${status}: ${JSON.stringify(body)}`);
  return body as Record<string, unknown>;
}

/**
 * A carrier with calls at a steady rate, spread over the nodes that it knows. A node that is not there or answers 503 has
 * the call tried at the next one, as carriers do. Each pair has one call at a time.
 */
export class Carrier {
  readonly placed: Placed[] = [];
  /** Nodes that it sends calls to. */
  nodes: readonly Member[];
  readonly #rested: Pair[];
  readonly #underWay = new Set<Promise<void>>();
  readonly #died = new Map<Member, () => void>();
  readonly #deaths = new Map<Member, Promise<'died'>>();
  readonly #stopping = new AbortController();
  #load: Promise<void> = Promise.resolve();
  #turn = 0;

  constructor(nodes: readonly Member[], pairs: readonly Pair[]) {
    this.nodes = nodes;
    this.#rested = [...pairs];
  }

  /** Begins to place calls. */
  start(perSecond: number): void {
    this.#load = this.#run(1_000 / perSecond);
    // It is told by `stop`.
    void this.#load.catch(() => this.#stopping.abort());
  }

  /** Places no more calls; resolves once all are over. Rejects when a pair was missing for the rate. */
  async stop(): Promise<readonly Placed[]> {
    this.#stopping.abort();
    await this.#load;
    await Promise.all(this.#underWay);
    return this.placed;
  }

  /** kill -9 of a node: the calls that it has are lost. */
  async kill(member: Member): Promise<void> {
    void this.#deathOf(member);
    this.#died.get(member)?.();
    await member.freeswitch.kill();
  }

  /** Waits until `count` more calls have ended. */
  async ended(count: number): Promise<void> {
    const wanted = this.placed.length + count;
    while (this.placed.length < wanted && !this.#stopping.signal.aborted) await sleep(20);
  }

  async #run(pauseMs: number): Promise<void> {
    const { signal } = this.#stopping;
    const begun = performance.now();
    for (let count = 0; !signal.aborted; count += 1) {
      await sleep(Math.max(0, begun + count * pauseMs - performance.now()));
      const pair = this.#rested.shift();
      if (pair === undefined)
        throw new Error('more pairs are needed for this rate: all of them are in calls');
      const call = this.#place(pair).then((placed) => {
        this.placed.push(placed);
        // Whose call died with its node waits for its session.
        if (placed.end !== 'died') this.#rested.push(pair);
        this.#underWay.delete(call);
      });
      this.#underWay.add(call);
    }
  }

  async #place(pair: Pair): Promise<Placed> {
    this.#turn += 1;
    const from = this.#turn % 4 < 2 ? pair.first : pair.second;
    const first = this.#turn % this.nodes.length;
    const inTurn = [...this.nodes.slice(first), ...this.nodes.slice(0, first)];
    for (const [tries, member] of inTurn.entries()) {
      const call = member.freeswitch.place({ from, to: pair.did });
      const end = await this.#follow(call, member);
      if (end === 'refused with 503' && tries < inTurn.length - 1) continue;
      return { pair, member, uuid: call.uuid, end };
    }
    throw new Error('the carrier knows no node');
  }

  async #follow(call: PlacedCall, member: Member): Promise<Placed['end']> {
    const death = this.#deathOf(member);
    const answered = await Promise.race([call.answered, death]);
    if (answered === 'died') return 'died';
    if (!answered) return `refused with ${(await call.ended).status}`;
    if ((await Promise.race([sleep(TALK_MS), death])) === 'died') return 'died';
    if (call.isOver) return `cut after ${Math.round((await call.ended).talkMs)} ms`;
    call.hangup();
    // Until the node has done with it, CDR and event included, its record can still be lost with the node.
    while (member.freeswitch.channels.includes(call.uuid)) {
      if ((await Promise.race([sleep(10), death])) === 'died') return 'died';
    }
    return 'kept';
  }

  #deathOf(member: Member): Promise<'died'> {
    const known = this.#deaths.get(member);
    if (known !== undefined) return known;
    const death = new Promise<'died'>((resolve) => this.#died.set(member, () => resolve('died')));
    this.#deaths.set(member, death);
    return death;
  }
}
