import type { LeaseHolder } from '../lease-holder.js';
import type { Logger } from '../telemetry/logger.js';
import type { FirstPartyDialer } from './first-party-dialer.js';
import type { NodeCommands } from './node-commands.js';
import type { NodeLink } from './node-link.js';
import type { Reconciler } from './reconciler.js';
import type { CallRecords } from './records.js';

export interface SupervisorOptions<Lease> {
  /** `host:port` of the node's Event Socket: what the lease is named after. */
  readonly endpoint: string;
  readonly controllerId: string;
  readonly node: NodeLink;
  readonly leases: LeaseHolder<Lease>;
  readonly records: CallRecords;
  readonly dialer: FirstPartyDialer;
  readonly commands: NodeCommands;
  readonly reconciler: Reconciler;
  readonly log: Logger;
}

/** A lease that its holder does not renew passes on after this time. */
const LEASE_MS = 5_000;
/** A holder has three tries before its lease is gone. */
const RENEW_MS = 1_500;

/** Looks after one node while this controller holds its lease, and stands by while another does. */
export class NodeSupervisor<Lease> {
  readonly #options: SupervisorOptions<Lease>;
  #lease: Lease | null = null;
  /** By our own clock, from before the request went out: the lease may be gone after it. */
  #heldUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions<Lease>) {
    this.#options = options;
    const { node, records, reconciler, dialer, commands, log } = options;
    for (const event of ['leg-ringing', 'leg-answered', 'leg-bridged'] as const) {
      node.on(event, (moment) => void records.progressed(event, moment));
    }
    node.on('leg-ended', (ended) => {
      records.ended(ended).catch((error: unknown) => {
        log.warn(
          { err: error, interaction: ended.address.interactionId },
          'a leg was not recorded; its CDR will be',
        );
      });
    });
    node.on('unmarked-leg-ended', (leg) => {
      records.endedUnmarked(leg).catch((error: unknown) => {
        log.warn({ err: error, interaction: leg.uuid }, 'a leg was not recorded; its CDR will be');
      });
    });
    node.on('up', () => {
      // The node may come up while it is being let go.
      if (this.#lease === null) return;
      reconciler.start();
      dialer.start();
      commands.start();
    });
  }

  get holding(): boolean {
    return this.#lease !== null;
  }

  /** `standby` while another controller has the node. */
  get state(): 'standby' | NodeLink['state'] {
    return this.#lease === null ? 'standby' : this.#options.node.state;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#next(0);
  }

  /** Gives the node up, so that another controller can have it at once. Calls go on. */
  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#turn;
    const lease = this.#lease;
    if (lease === null) return;
    const { leases, endpoint, controllerId, log } = this.#options;
    await this.#letGo();
    await leases.release(endpoint, controllerId, lease).catch((error: unknown) => {
      log.warn({ err: error, endpoint }, 'a lease was not released; it lapses');
    });
  }

  #next(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#turn = this.#takeTurn().finally(() => {
        if (this.#running) this.#next(RENEW_MS);
      });
    }, delayMs);
  }

  async #takeTurn(): Promise<void> {
    const { leases, endpoint, controllerId, node, log } = this.#options;
    const asked = performance.now();
    try {
      if (this.#lease === null) {
        this.#lease = await leases.acquire(endpoint, controllerId, LEASE_MS);
        if (this.#lease === null) return;
        log.info({ endpoint }, 'supervising the node');
        node.start();
      } else if (!(await leases.renew(endpoint, controllerId, this.#lease, LEASE_MS))) {
        log.warn({ endpoint }, 'the lease was lost; another controller has the node');
        await this.#letGo();
        return;
      }
      this.#heldUntil = asked + LEASE_MS;
    } catch (error) {
      log.warn({ err: error, endpoint }, 'the lease could not be kept or had');
      if (this.#lease !== null && performance.now() > this.#heldUntil) await this.#letGo();
    }
  }

  async #letGo(): Promise<void> {
    this.#lease = null;
    const { dialer, reconciler, commands, node } = this.#options;
    await node.stop();
    await Promise.all([dialer.stop(), reconciler.stop(), commands.stop()]);
  }
}
