import type { Interaction, InteractionPeople, LegRecord, LegRole } from './interaction.js';
import type { E164 } from './phone-number.js';
import { targetOf } from './resolve.js';
import { partyNumber, type MaskingSession } from './session.js';

export type CallDirection = 'inbound' | 'outbound';

/** One leg with its two numbers: what the API calls a call. */
export interface Call {
  /** Channel UUID. */
  readonly uuid: string;
  readonly role: LegRole;
  readonly accountId: string;
  readonly interaction: Interaction;
  /** `outbound`: we dialled. */
  readonly direction: CallDirection;
  /** E.164; null when the caller withheld it. */
  readonly from: E164 | null;
  readonly to: E164;
}

export interface EndedCall extends Call {
  readonly leg: LegRecord;
}

export interface LiveCall extends Call {
  /** Milliseconds since the epoch; of a B leg, when it was first heard of. */
  readonly since: number;
}

/** Whose phones the interaction joins; as far as the session tells, when nobody noted them. */
export function peopleOf(interaction: Interaction, session: MaskingSession): InteractionPeople {
  const { people, caller, legs } = interaction;
  if (people !== null) return people;
  const dialled = legs.some((leg) => leg.role === 'a' && leg.trunk !== '');
  return {
    a: partyNumber(session, caller),
    b: targetOf({ session, party: caller }) ?? session.virtualNumber,
    aWasCalled: dialled,
  };
}

/** Direction and numbers of a leg: between its phone and the virtual number, which is all that either sees. */
export function endsOf(
  role: LegRole,
  people: InteractionPeople,
  virtualNumber: E164,
): Pick<Call, 'direction' | 'from' | 'to'> {
  if (role === 'a' && !people.aWasCalled) {
    return { direction: 'inbound', from: people.a, to: virtualNumber };
  }
  // A phone that we dialled has a number.
  return {
    direction: 'outbound',
    from: virtualNumber,
    to: role === 'a' ? (people.a ?? virtualNumber) : people.b,
  };
}

/** Seconds that a leg was answered, rounded up; 0 when it never was. */
export function talkSeconds(leg: LegRecord): number {
  return leg.answeredAt === null ? 0 : Math.max(0, Math.ceil((leg.endedAt - leg.answeredAt) / 1_000));
}
