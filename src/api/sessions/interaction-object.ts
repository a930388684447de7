import { amountAsNumber, sumOf } from '../../masking/billing.js';
import type { Interaction, LegRecord } from '../../masking/interaction.js';
import type { Party } from '../../masking/session.js';
import type { InteractionObject } from './session-schema.js';
import { timestamp } from './timestamp.js';

/** Where resources of the account are, such as `https://masking.example.com/v1/Account/MA…`. */
export type AccountUrl = string;

/** What never happened is null: a leg that was not dialled, an end that has not come, no recording. */
export function interactionObject(interaction: Interaction, account: AccountUrl): InteractionObject {
  const first = legOf(interaction, 'first');
  const second = legOf(interaction, 'second');
  const legs = [first, second].filter((leg) => leg !== null);
  const bill = sumOf(legs.map((leg) => leg.bill));
  return {
    start_time: timestamp(interaction.startedAt),
    end_time: interaction.endedAt === null ? null : timestamp(interaction.endedAt),
    first_party_resource_url: callUrl(first, account),
    second_party_resource_url: callUrl(second, account),
    recording_resource_url:
      interaction.recording === '' || interaction.connectedAt === null
        ? null
        : `${account}/Recording/${recordingId(interaction.recording)}`,
    type: 'call',
    total_call_amount: amountAsNumber(bill.amount),
    call_billed_duration: bill.seconds,
    total_call_count: legs.length,
    duration: legs.reduce((sum, leg) => sum + answeredSeconds(leg), 0),
  };
}

/** The leg that reached the party, or the last attempt when trunks failed over. */
function legOf(interaction: Interaction, party: Party): LegRecord | null {
  const attempts = interaction.legs.filter((leg) => leg.party === party);
  return attempts.find((leg) => leg.answeredAt !== null) ?? attempts.at(-1) ?? null;
}

/** Whole seconds, rounded up; 0 for a leg that was never answered. */
function answeredSeconds(leg: LegRecord): number {
  return leg.answeredAt === null ? 0 : Math.max(0, Math.ceil((leg.endedAt - leg.answeredAt) / 1_000));
}

function callUrl(leg: LegRecord | null, account: AccountUrl): string | null {
  return leg === null ? null : `${account}/Call/${leg.uuid}`;
}

function recordingId(fileName: string): string {
  return fileName.replace(/\.(?:mp3|wav)$/, '');
}
