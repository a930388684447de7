import type { Interaction } from '../masking/interaction.js';
import { otherParty } from '../masking/session.js';
import { recordWithoutLeg } from './node-link.js';
import type { CallStore, LiveInteraction, OpenLeg } from './ports.js';

/** What is left to tell of an interaction whose node tells nothing any more. */
export interface LastKnown {
  readonly interaction: Interaction | null;
  /** B legs of it that were heard of. */
  readonly open: readonly OpenLeg[];
  /** When its channel was last known to be up, in milliseconds since the epoch, or null. */
  readonly seen: number | null;
}

/**
 * Ends an interaction of which neither a hangup event nor a CDR has told: with cause CRASH, both legs, at the last
 * instant at which something is known of it. What came after is not billed. May be done twice.
 */
export async function endWithoutRecord(
  store: Pick<CallStore, 'finishLeg'>,
  live: LiveInteraction,
  { interaction, open, seen }: LastKnown,
): Promise<void> {
  const party = interaction?.caller ?? 'first';
  const ended = {
    connectedAt: interaction?.connectedAt ?? null,
    endedAt: lastInstant(live, interaction, seen),
    ...({ cause: 'CRASH', endedBy: 'system', trunk: '' } as const),
  };
  // The A leg's record is the end of it all, so it comes last.
  for (const { uuid, since } of stillOpen(interaction, open)) {
    const leg = { ...ended, uuid, role: 'b', party: otherParty(party) } as const;
    await store.finishLeg(live, recordWithoutLeg({ ...leg, startedAt: Math.min(since, ended.endedAt) }));
  }
  const leg = { ...ended, uuid: live.interactionId, party, startedAt: live.startedAt };
  await store.finishLeg(live, recordWithoutLeg(leg));
}

/** Legs that ended before have told so. */
function stillOpen(interaction: Interaction | null, open: readonly OpenLeg[]): readonly OpenLeg[] {
  const ended = new Set(interaction?.legs.map((leg) => leg.uuid));
  return open.filter(({ uuid }) => !ended.has(uuid));
}

function lastInstant(live: LiveInteraction, interaction: Interaction | null, seen: number | null): number {
  const known = [live.startedAt, interaction?.connectedAt ?? null, seen].filter((at) => at !== null);
  // A B leg's end was told of while the A leg was there.
  const ends = interaction?.legs.map((leg) => leg.endedAt) ?? [];
  // A call cannot have outlived its claim, however late its channel was said to be there.
  return Math.min(live.claimUntil, Math.max(...known, ...ends));
}
