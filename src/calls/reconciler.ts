import { proofOf, type HoldProof, type NodeHold } from '../lease-holder.js';
import type { Logger } from '../telemetry/logger.js';
import type { NodeLink } from './node-link.js';
import type { CallStore, LiveInteraction } from './ports.js';
import { endWithoutRecord } from './without-record.js';

/** When the calls of a node were last looked at. It outlives the controller that looked. */
export interface SightingStore {
  /** Every call listed under the node's name had been asked for at `at`, in milliseconds since the epoch. */
  noteSeen(node: string, at: number, proof: HoldProof): Promise<void>;
  /** The newest `at` that was noted; null when there is none, or it was too long ago. */
  lastSeen(node: string): Promise<number | null>;
  /** Rejects when the node's next holder has looked. */
  confirm(node: string, proof: HoldProof): Promise<void>;
}

export interface ReconcilerOptions {
  readonly node: NodeLink;
  readonly hold: NodeHold;
  readonly store: CallStore;
  readonly sightings: SightingStore;
  /**
   * Every name under which calls of this node may be listed: the one it has, and those it had before a
   * restart. Default: the one it has.
   */
  readonly names?: () => readonly string[] | Promise<readonly string[]>;
  /** Every name that the node has had, read while it cannot tell the one it has. Default none. */
  readonly knownNames?: () => Promise<readonly string[]>;
  /** True while the record of a channel waits to be taken: it says more than we know. Default never. */
  readonly recordWaits?: (uuid: string) => Promise<boolean>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Milliseconds between two rounds. Default 15 s. */
  readonly intervalMs?: number;
  /** Milliseconds after which what was missing is looked at again: its record has had time to come. Default 3 s. */
  readonly againMs?: number;
  /** Milliseconds for which every connection was refused, after which the node's calls are over. Default 10 s. */
  readonly goneMs?: number;
}

/** An interaction this young may not have its channel in sight yet, in milliseconds. */
const YOUNG_MS = 10_000;
/** Channels that are asked for together. The node answers one after the other, and a hang-up must not wait for long. */
const ASKED_TOGETHER = 50;
/** Clocks of controllers differ by less. Milliseconds. */
const CLOCKS_DIFFER = 2_000;

/**
 * Ends interactions whose channel is gone and of which neither a hangup event nor a CDR has told:
 * FreeSWITCH crashed, or its spool was lost. Their end is the last instant at which something is known of
 * them, usually the last round that found their channel, with cause CRASH: what came after is not billed.
 *
 * A node that died and does not come back leaves nothing to look at. But while its host refuses connections no
 * FreeSWITCH runs there, so its calls are over. Of a host that does not answer at all nothing is known.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** Interactions that were missing once, with the last round before that, if it is known. */
  readonly #missing = new Map<string, number | null>();
  /** B legs of this round, by node. */
  readonly #open = new Map<string, ReturnType<CallStore['openLegs']>>();
  #timer: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  /** By the monotonic clock: since when each connection was refused. */
  #refusedSince: number | null = null;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** The node is connected. */
  start(): void {
    this.#refusedSince = null;
    if (this.#timer !== undefined) return;
    const run = (): void => {
      this.#round = this.#round.then(() => this.reconcile()).then(() => this.#lookAgainSoon());
    };
    this.#timer = setInterval(run, this.#options.intervalMs ?? 15_000);
    run();
  }

  async stop(): Promise<void> {
    this.#refusedSince = null;
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    this.#timer = undefined;
    await this.#round;
    clearTimeout(this.#again);
    // Another controller may look at the node from here on: two misses in a row are those of one watch.
    this.#missing.clear();
  }

  /** The node died, and its calls were up until `at` (milliseconds since the epoch). Never rejects. */
  async lost(at: number): Promise<void> {
    const { node, sightings, hold, log } = this.#options;
    try {
      await sightings.noteSeen(node.name, at, proofOf(hold));
    } catch (error) {
      log.warn(
        { err: error, node: node.name },
        'calls of a node that died end with the last round that saw them',
      );
    }
  }

  /** The node is not connected; `refused`: see NodeLinkEvents. To be told of each attempt. Never rejects. */
  async down(refused: boolean): Promise<void> {
    if (!refused) this.#refusedSince = null;
    else this.#refusedSince ??= performance.now();
    const since = this.#refusedSince;
    if (since === null || performance.now() - since < (this.#options.goneMs ?? 10_000)) return;
    this.#round = this.#round.then(() => this.#endAll(since));
    await this.#round;
  }

  /** One round. Never rejects; what could not be looked at is looked at in the next one. */
  async reconcile(): Promise<void> {
    await this.#takeRound(() => true);
  }

  /** What was missing is settled in seconds: after a change of the node's holder nobody waits for a whole interval. */
  #lookAgainSoon(): void {
    clearTimeout(this.#again);
    if (this.#missing.size === 0 || this.#timer === undefined) return;
    this.#again = setTimeout(() => {
      this.#round = this.#round.then(() => this.#takeRound((id) => this.#missing.has(id)));
    }, this.#options.againMs ?? 3_000);
  }

  async #takeRound(concerns: (interactionId: string) => boolean): Promise<void> {
    const { node, sightings, hold, log } = this.#options;
    if (node.state !== 'up') return;
    // Taken ahead of every look: a channel found later in the round was there at this instant.
    const at = this.#options.now();
    try {
      this.#open.clear();
      const listed = await this.#listed(at);
      const known = new Set([...listed.values()].flat().map((interaction) => interaction.interactionId));
      for (const id of this.#missing.keys()) if (!known.has(id)) this.#missing.delete(id);
      for (const [name, interactions] of listed) {
        const seen = await sightings.lastSeen(name);
        const looked = interactions.filter(({ interactionId }) => concerns(interactionId));
        for (let start = 0; start < looked.length; start += ASKED_TOGETHER) {
          await this.#look(looked.slice(start, start + ASKED_TOGETHER), name, seen);
        }
        if (looked.length === interactions.length) await sightings.noteSeen(name, at, proofOf(hold));
      }
    } catch (error) {
      log.warn({ err: error, node: node.name }, 'interactions could not be reconciled');
    }
  }

  /** What is old enough to be looked at, under each name that has any. */
  async #listed(at: number): Promise<Map<string, LiveInteraction[]>> {
    const { node, store, sightings, hold, names } = this.#options;
    const listed = new Map<string, LiveInteraction[]>();
    for (const name of (await names?.()) ?? [node.name]) {
      // From here on the holder before us concludes nothing any more.
      await sightings.confirm(name, proofOf(hold));
      const live = await store.liveOn(name);
      const old = live.filter((interaction) => isOld(interaction, at) || this.#isOfBefore(interaction));
      if (old.length > 0) listed.set(name, old);
    }
    return listed;
  }

  async #look(interactions: readonly LiveInteraction[], name: string, seen: number | null): Promise<void> {
    const { node } = this.#options;
    const there = await Promise.all(interactions.map(({ interactionId }) => node.exists(interactionId)));
    for (const [index, interaction] of interactions.entries()) {
      if (there[index] === true) this.#missing.delete(interaction.interactionId);
      else await this.#miss(interaction, name, seen);
    }
  }

  async #miss(interaction: LiveInteraction, name: string, seen: number | null): Promise<void> {
    const { recordWaits } = this.#options;
    const { interactionId } = interaction;
    const before = this.#missing.get(interactionId);
    if (before === undefined) {
      // That round did not look at an interaction that was too young for it; a loss spares none.
      const isCovered = seen !== null && (isOld(interaction, seen) || this.#isOfBefore(interaction));
      this.#missing.set(interactionId, isCovered ? seen : null);
      return;
    }
    if ((await recordWaits?.(interactionId)) === true) return;
    await this.#end(interaction, name, before);
    this.#missing.delete(interactionId);
  }

  /**
   * No FreeSWITCH is there. Ends what began before its last sighting, which its death is: what began later runs on a
   * node that has its name now, and that nobody has looked at yet.
   */
  async #endAll(since: number): Promise<void> {
    const { node, store, sightings, hold, knownNames, recordWaits, log } = this.#options;
    try {
      this.#open.clear();
      for (const name of (await knownNames?.()) ?? []) {
        // From here on the holder before us concludes nothing any more.
        await sightings.confirm(name, proofOf(hold));
        const seen = await sightings.lastSeen(name);
        if (seen === null) continue;
        for (const live of await store.liveOn(name)) {
          // Stopped, or connected again, meanwhile.
          if (this.#refusedSince !== since) return;
          const { interactionId, startedAt } = live;
          if (startedAt > seen + CLOCKS_DIFFER || (await recordWaits?.(interactionId)) === true) continue;
          // One that was missing before the node died ended before it.
          const missed = this.#missing.get(interactionId);
          await this.#end(live, name, missed === undefined ? seen : missed);
        }
      }
    } catch (error) {
      log.warn({ err: error, node: node.name }, 'calls of a node that is gone could not be ended');
    }
  }

  async #end(live: LiveInteraction, name: string, seen: number | null): Promise<void> {
    const { store, sightings, hold, log } = this.#options;
    const [interaction, open] = await Promise.all([store.interaction(live), this.#openOn(live.node)]);
    await sightings.confirm(name, proofOf(hold));
    proofOf(hold);
    log.warn(
      { call: live.interactionId, session: live.sessionId, node: live.node },
      'an interaction ended without a record',
    );
    await endWithoutRecord(store, live, { interaction, open: open.get(live.interactionId) ?? [], seen });
  }

  /** Read once a round: a crash ends all calls of a node. */
  #openOn(node: string): ReturnType<CallStore['openLegs']> {
    const known = this.#open.get(node) ?? this.#options.store.openLegs(node);
    this.#open.set(node, known);
    return known;
  }

  /** The node has been started since it began, so its channel is gone, however young it is. */
  #isOfBefore(interaction: LiveInteraction): boolean {
    return interaction.startedAt + CLOCKS_DIFFER < this.#options.node.upSince;
  }
}

function isOld(interaction: LiveInteraction, at: number): boolean {
  return at - interaction.startedAt > YOUNG_MS;
}
