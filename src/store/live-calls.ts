import type { LegAddress, LiveInteraction, OpenLeg } from '../calls/ports.js';
import { Gathered } from '../gathered.js';
import { endsOf, peopleOf, type LiveCall } from '../masking/call.js';
import type { LegRole } from '../masking/interaction.js';
import { RecentSet } from '../recent-set.js';
import type { CallLog, LegPointer } from './call-log.js';
import { liveKey, liveLegsKey } from './keys.js';
import type { NodeRepository } from './node-repository.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** A leg of a running interaction, and where it runs. */
export interface LocatedLeg {
  readonly uuid: string;
  readonly role: LegRole;
  readonly interaction: LiveInteraction;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

interface NotedLeg {
  readonly interactionId: string;
  readonly since: number;
}

/** Legs that were noted and are not noted again when they are told of once more; a minute of them under great load. */
const NOTED_KEPT = 50_000;

/** Legs, or interactions, that are taken off their node's list by one command at most. */
export const FORGOTTEN_TOGETHER = { most: 100 };

/** Interactions that are read at a time. */
const BATCH = 100;

/**
 * The legs that are up, over all nodes.
 *
 * An A leg has its interaction's id, and is listed with it on its node. Of a B leg the UUID is first known
 * when it rings; it is noted beside, and counts only while its interaction is listed.
 */
export class LiveCalls {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #nodes: NodeRepository;
  readonly #log: CallLog;
  /** UUIDs of legs that we noted. */
  readonly #noted = new RecentSet(NOTED_KEPT);
  /** UUIDs of legs that are over, by node. */
  readonly #over = new Gathered<string>(
    (uuids, node) => guarded(() => this.#client.hdel(liveLegsKey(node), ...uuids)),
    FORGOTTEN_TOGETHER,
  );

  constructor(client: RedisClient, scripts: Scripts, nodes: NodeRepository, log: CallLog) {
    this.#client = client;
    this.#scripts = scripts;
    this.#nodes = nodes;
    this.#log = log;
  }

  /** A B leg is up at `at` (milliseconds since the epoch). The A leg needs no note. */
  async note(address: LegAddress, uuid: string, at: number): Promise<void> {
    if (this.#noted.has(uuid)) return;
    const { node, number, sessionId, interactionId } = address;
    const noted: NotedLeg = { interactionId, since: at };
    const keys = [liveKey(node), liveLegsKey(node)];
    const text = await this.#scripts.run('note-leg', keys, [interactionId, uuid, JSON.stringify(noted)]);
    if (typeof text !== 'string') return;
    const live = JSON.parse(text) as LiveInteraction;
    const pointer: LegPointer = { number, sessionId, interactionId, role: 'b' };
    await this.#log.point(uuid, pointer, live.claimUntil, at);
    this.#noted.add(uuid);
  }

  /** Interactions that run on `node`. */
  async countOn(node: string): Promise<number> {
    return guarded(() => this.#client.hlen(liveKey(node)));
  }

  async forget(node: string, uuid: string): Promise<void> {
    this.#noted.delete(uuid);
    await this.#over.add(node, uuid);
  }

  /** The B legs that were noted on `node`, by interaction. */
  async openOn(node: string): Promise<Map<string, OpenLeg[]>> {
    const open = new Map<string, OpenLeg[]>();
    for (const [uuid, text] of Object.entries(await guarded(() => this.#client.hgetall(liveLegsKey(node))))) {
      const { interactionId, since } = JSON.parse(text) as NotedLeg;
      open.set(interactionId, [...(open.get(interactionId) ?? []), { uuid, since }]);
    }
    return open;
  }

  /** Every leg that is up. */
  async all(): Promise<LocatedLeg[]> {
    const legs = await Promise.all((await this.#nodes.names()).map((node) => this.#on(node)));
    return legs.flat();
  }

  /** The leg `uuid`, or null when no running interaction has it. */
  async locate(uuid: string): Promise<LocatedLeg | null> {
    const pointer = await this.#log.locate(uuid);
    const interactionId = pointer?.interactionId ?? uuid;
    for (const node of await this.#nodes.names()) {
      const [text, noted] = await Promise.all([
        guarded(() => this.#client.hget(liveKey(node), interactionId)),
        guarded(() => this.#client.hget(liveLegsKey(node), uuid)),
      ]);
      if (text === null) continue;
      const interaction = JSON.parse(text) as LiveInteraction;
      if (interactionId === uuid) return aLegOf(interaction);
      if (noted === null) return null;
      const { since } = JSON.parse(noted) as NotedLeg;
      return { uuid, role: 'b', interaction, since };
    }
    return null;
  }

  /** The same legs with what is known of them. Those that have ended meanwhile are left out. */
  async read(legs: readonly LocatedLeg[], now: number): Promise<LiveCall[]> {
    const calls: LiveCall[] = [];
    for (let start = 0; start < legs.length; start += BATCH) {
      const batch = legs.slice(start, start + BATCH);
      const read = await Promise.all(batch.map((leg) => this.#read(leg, now)));
      calls.push(...read.filter((call) => call !== null));
    }
    return calls;
  }

  async #on(node: string): Promise<LocatedLeg[]> {
    const [interactions, noted] = await Promise.all([
      guarded(() => this.#client.hvals(liveKey(node))),
      guarded(() => this.#client.hgetall(liveLegsKey(node))),
    ]);
    const byId = new Map(
      interactions.map((text): [string, LiveInteraction] => {
        const interaction = JSON.parse(text) as LiveInteraction;
        return [interaction.interactionId, interaction];
      }),
    );
    const legs = [...byId.values()].map(aLegOf);
    const left: string[] = [];
    for (const [uuid, text] of Object.entries(noted)) {
      const { interactionId, since } = JSON.parse(text) as NotedLeg;
      const interaction = byId.get(interactionId);
      if (interaction === undefined) left.push(uuid);
      else legs.push({ uuid, role: 'b', interaction, since });
    }
    // A note that came after the end of its leg.
    if (left.length > 0) await guarded(() => this.#client.hdel(liveLegsKey(node), ...left));
    return legs;
  }

  async #read(located: LocatedLeg, now: number): Promise<LiveCall | null> {
    const { uuid, role, since } = located;
    const logged = await this.#log.read(located.interaction, now);
    if (logged === null) return null;
    const { session, interaction } = logged;
    if (interaction.stage === 'ended' || interaction.legs.some((leg) => leg.uuid === uuid)) return null;
    return {
      uuid,
      role,
      since,
      accountId: session.accountId,
      interaction,
      ...endsOf(role, peopleOf(interaction, session), interaction.virtualNumber),
    };
  }
}

function aLegOf(interaction: LiveInteraction): LocatedLeg {
  return { uuid: interaction.interactionId, role: 'a', interaction, since: interaction.startedAt };
}
