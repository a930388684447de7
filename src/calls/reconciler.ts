import type { Logger } from '../telemetry/logger.js';
import { recordWithoutLeg, type NodeLink } from './node-link.js';
import type { CallStore, LiveInteraction } from './ports.js';

export interface ReconcilerOptions {
  readonly node: NodeLink;
  readonly store: CallStore;
  readonly now: () => number;
  readonly log: Logger;
  /** Milliseconds between two rounds; an interaction must be missing in two of them. */
  readonly intervalMs?: number;
}

/** An interaction this young may not have its channel in sight yet, in milliseconds. */
const YOUNG_MS = 10_000;

/**
 * Ends interactions whose channel is gone and of which neither a hangup event nor a CDR has told:
 * FreeSWITCH crashed, or its spool was lost. Their end is the last that is known, with cause CRASH.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #missing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    const run = (): void => {
      this.#round = this.#round.then(() => this.reconcile());
    };
    this.#timer = setInterval(run, this.#options.intervalMs ?? 15_000);
    run();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#round;
  }

  /** One round. Never rejects; what could not be looked at is looked at in the next one. */
  async reconcile(): Promise<void> {
    const { node, store, now, log } = this.#options;
    if (node.state !== 'up') return;
    try {
      const live = await store.liveOn(node.name);
      const old = live.filter((interaction) => now() - interaction.startedAt > YOUNG_MS);
      const known = new Set(old.map((interaction) => interaction.interactionId));
      for (const id of this.#missing) if (!known.has(id)) this.#missing.delete(id);
      for (const interaction of old) await this.#look(interaction);
    } catch (error) {
      log.warn({ err: error, node: node.name }, 'interactions could not be reconciled');
    }
  }

  async #look(interaction: LiveInteraction): Promise<void> {
    const { node } = this.#options;
    const { interactionId } = interaction;
    if (await node.exists(interactionId)) {
      this.#missing.delete(interactionId);
    } else if (this.#missing.has(interactionId)) {
      await this.#end(interaction);
      this.#missing.delete(interactionId);
    } else {
      this.#missing.add(interactionId);
    }
  }

  async #end(live: LiveInteraction): Promise<void> {
    const { store, now, log } = this.#options;
    const interaction = await store.interaction(live);
    const connectedAt = interaction?.connectedAt ?? null;
    log.warn({ interaction: live.interactionId, node: live.node }, 'an interaction ended without a record');
    await store.finishLeg(
      live,
      recordWithoutLeg({
        uuid: live.interactionId,
        party: interaction?.caller ?? 'first',
        startedAt: live.startedAt,
        connectedAt,
        // A call cannot have outlived its claim, however long nobody looked.
        endedAt: Math.min(now(), live.claimUntil),
        cause: 'CRASH',
        endedBy: 'system',
        trunk: '',
      }),
    );
  }
}
