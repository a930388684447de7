import type { Logger } from '../telemetry/logger.js';
import type { FirstPartyDialer } from './first-party-dialer.js';
import type { NodeCommands } from './node-commands.js';
import type { NodeLease } from './node-lease.js';
import type { LegRecord } from '../masking/interaction.js';
import type { NodeLink, UnmarkedLeg } from './node-link.js';
import type { NodeReport, TrunkReport } from './node-report.js';
import type { Reconciler } from './reconciler.js';
import type { CallRecords } from './records.js';

export interface SupervisorOptions {
  readonly lease: NodeLease;
  readonly node: NodeLink;
  readonly records: CallRecords;
  readonly dialer: FirstPartyDialer;
  readonly commands: NodeCommands;
  readonly reconciler: Reconciler;
  readonly log: Logger;
  /** Told of calls that led to nobody, by their events alone: a CDR of the same may come to another controller. Must not throw. */
  readonly onLedNowhere?: (leg: LegRecord, unmarked: UnmarkedLeg) => void;
}

/**
 * Looks after one node while this controller holds its lease, and stands by while another does.
 *
 * What the node tells is written down whoever has the lease: facts do not grow stale. What is done to the
 * node, and what is concluded about it, wants the lease.
 */
export class NodeSupervisor {
  readonly #options: SupervisorOptions;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { lease, node, records, reconciler, dialer, commands, log, onLedNowhere } = options;
    for (const event of ['leg-ringing', 'leg-answered', 'leg-bridged'] as const) {
      node.on(event, (moment) => void records.progressed(event, moment));
    }
    node.on('leg-ended', (ended) => {
      records.ended(ended).catch((error: unknown) => {
        log.warn(
          { err: error, call: ended.address.interactionId, leg: ended.leg.uuid },
          'a leg was not recorded; its CDR will be',
        );
      });
    });
    node.on('unmarked-leg-ended', (leg) => {
      const told = records.endedUnmarked(leg).then((record) => {
        if (record !== null) onLedNowhere?.(record, leg);
      });
      told.catch((error: unknown) => {
        log.warn({ err: error, call: leg.uuid, leg: leg.uuid }, 'a leg was not recorded; its CDR will be');
      });
    });
    node.on('lost', (at) => {
      if (lease.proof !== null) void reconciler.lost(at);
    });
    node.on('down', (_cause, refused) => {
      if (lease.proof !== null) void reconciler.down(refused);
    });
    node.on('up', () => {
      // The node may come up while it is being let go.
      if (lease.proof === null) return;
      reconciler.start();
      dialer.start();
      commands.start();
    });
  }

  /** `host:port` of the node's Event Socket. */
  get endpoint(): string {
    return this.#options.lease.endpoint;
  }

  get holding(): boolean {
    return this.#options.lease.proof !== null;
  }

  /** `standby` while another controller has the node. */
  get state(): 'standby' | NodeLink['state'] {
    return this.holding ? this.#options.node.state : 'standby';
  }

  /** How the node stands, with the trunks of these names as far as it can be asked. Never rejects. */
  async report(trunks: readonly string[]): Promise<NodeReport> {
    const { node, log } = this.#options;
    const stateOf = async (name: string): Promise<TrunkReport> => {
      const unknown = { name, state: 'unknown', pingMs: null } as const;
      if (!this.holding || node.state !== 'up') return unknown;
      try {
        const status = await node.gateway(name);
        return status === null ? unknown : { name, state: status.state, pingMs: status.pingMs };
      } catch (error) {
        log.debug({ err: error, trunk: name }, 'how a trunk stands is not known');
        return unknown;
      }
    };
    return {
      endpoint: this.endpoint,
      name: node.name,
      state: this.state,
      isHeld: this.holding,
      isDraining: node.draining,
      upSince: node.upSince,
      trunks: await Promise.all(trunks.map(stateOf)),
    };
  }

  start(): void {
    const { lease, node } = this.#options;
    lease.start({ gained: () => node.start(), lost: () => this.#letGo() });
  }

  /** Gives the node up, so that another controller can have it at once. Calls go on. */
  async stop(): Promise<void> {
    await this.#options.lease.stop();
  }

  /** Gives the node up to that controller; false when it was not held. Calls go on. Never rejects. */
  async passTo(controllerId: string): Promise<boolean> {
    return this.#options.lease.passTo(controllerId);
  }

  async #letGo(): Promise<void> {
    const { dialer, reconciler, commands, node } = this.#options;
    await node.stop();
    await Promise.all([dialer.stop(), reconciler.stop(), commands.stop()]);
  }
}
