import { PollLoop } from '../poll-loop.js';
import type { Logger } from '../telemetry/logger.js';
import type { ControllerReport } from './node-report.js';

/** A node on this controller's list. */
export interface SharedNode {
  /** `host:port` of its Event Socket. */
  readonly endpoint: string;
  readonly holding: boolean;
  readonly state: string;
  /** Gives the node up to that controller; false when it was not held. Never rejects. */
  passTo(controllerId: string): Promise<boolean>;
}

export interface NodeSharingOptions {
  readonly controllerId: string;
  readonly nodes: readonly SharedNode[];
  /** What every controller last told of itself. */
  readonly board: { read(now: number): Promise<readonly ControllerReport[]> };
  /** Whether this controller could supervise the node. Never rejects. */
  readonly reach: (endpoint: string) => Promise<boolean>;
  readonly log: Logger;
}

/** Milliseconds between two rounds, as between two reports: what was passed is told by then. */
const ROUND_MS = 5_000;
/** Who holds more than another by this many passes some on; by one less, and they would change places for ever. */
const UNEVEN = 2;

type Own = readonly Pick<SharedNode, 'endpoint' | 'holding' | 'state'>[];
type Other = Pick<ControllerReport, 'id' | 'nodes' | 'wants'>;

/**
 * Nodes that this controller would take off the one that holds most, for both to hold as many: of those that are up there
 * and on its own list.
 */
export function wanted(own: Own, others: readonly Other[]): string[] {
  const standby = new Set(own.filter(({ holding }) => !holding).map(({ endpoint }) => endpoint));
  const held = own.length - standby.size;
  const offers = others.map(({ nodes }) => nodes.filter(({ isHeld, state }) => isHeld && state === 'up'));
  for (const offer of offers.toSorted((one, other) => other.length - one.length)) {
    const half = Math.floor((offer.length - held) / UNEVEN);
    if (half < 1) break;
    const mine = offer.filter(({ endpoint, isDraining }) => !isDraining && standby.has(endpoint));
    if (mine.length > 0) return mine.slice(0, half).map(({ endpoint }) => endpoint);
  }
  return [];
}

/** Which nodes this controller is to pass on to whom: those that are wanted by controllers that hold fewer. */
export function toPass(own: Own, others: readonly Other[]): { endpoint: string; to: string }[] {
  const mine = new Set(
    own.filter(({ holding, state }) => holding && state === 'up').map(({ endpoint }) => endpoint),
  );
  const standing = others
    .map(({ id, nodes, wants = [] }) => ({ id, held: nodes.filter(({ isHeld }) => isHeld).length, wants }))
    .toSorted((one, other) => one.held - other.held);
  const passed: { endpoint: string; to: string }[] = [];
  for (const { id, held, wants } of standing) {
    let has = held;
    for (const endpoint of wants) {
      if (!mine.has(endpoint) || mine.size - has < UNEVEN) continue;
      mine.delete(endpoint);
      has += 1;
      passed.push({ endpoint, to: id });
    }
  }
  return passed;
}

/**
 * Shares the supervision of the nodes out among the controllers. A controller that holds fewer than another says which nodes
 * it wants, and that they let it in; the other gives them to it by name, once upon each report. Only who has the work is
 * decided here: what may be done to a node is the lease's to say, so old reports cost a node two seconds without a holder at most.
 */
export class NodeSharing {
  readonly #options: NodeSharingOptions;
  readonly #loop = new PollLoop((signal) => this.#round(signal), ROUND_MS);
  #wants: readonly string[] = [];
  /** When the reports were made upon which something was passed on, by controller. */
  readonly #actedOn = new Map<string, number>();

  constructor(options: NodeSharingOptions) {
    this.#options = options;
  }

  /** Endpoints of nodes, to be told to the others. */
  get wants(): readonly string[] {
    return this.#wants;
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#wants = [];
    await this.#loop.stop();
  }

  async #round(signal: AbortSignal): Promise<boolean> {
    const { controllerId, nodes, board, reach, log } = this.#options;
    // One node is nobody's to share.
    if (nodes.length < 2) return false;
    try {
      const others = (await board.read(Date.now())).filter(({ id }) => id !== controllerId);
      for (const { endpoint, to } of toPass(nodes, this.#notActedOn(others))) {
        if (signal.aborted) return false;
        const passed = await nodes.find((node) => node.endpoint === endpoint)?.passTo(to);
        this.#actedOn.set(to, others.find(({ id }) => id === to)?.at ?? 0);
        if (passed === true) log.info({ endpoint, to }, 'the node was passed on: nodes are shared out');
      }
      const wants = wanted(nodes, others);
      const reached = await Promise.all(wants.map(reach));
      this.#wants = signal.aborted ? [] : wants.filter((_, index) => reached[index] === true);
    } catch (error) {
      log.debug({ err: error }, 'who holds which node was not seen');
      this.#wants = [];
    }
    return false;
  }

  /**
   * Reports that say something new since a controller was passed anything: one that has died since tells the same for as
   * long as its report is kept, and would be passed again what came back from it.
   */
  #notActedOn(others: readonly ControllerReport[]): ControllerReport[] {
    for (const id of this.#actedOn.keys()) {
      if (!others.some((other) => other.id === id)) this.#actedOn.delete(id);
    }
    return others.filter(({ id, at }) => at > (this.#actedOn.get(id) ?? -Infinity));
  }
}
