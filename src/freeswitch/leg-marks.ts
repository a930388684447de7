import type { LegRole } from '../masking/interaction.js';
import type { Kept, LegMarks } from './question.js';
import { VAR } from './variables.js';

/** What a leg says of the call that it belongs to; as its variables have it, unchecked, and "" where they lack it. */
export interface MarksRead {
  readonly role: string;
  readonly party: string;
  readonly number: string;
  readonly sessionId: string;
  readonly interactionId: string;
}

/** What no part of marks may hold, as it parts them. None of a dial string's or of `multiset`'s own. */
const PARTED_BY = '/';

/**
 * What names the call of a leg, and whose leg it is, as its variables: one at a node whose controllers all read it (Kept), as
 * FreeSWITCH copies all of a leg's variables some twenty times a call, in time that grows with the square of their number
 * (switch_event_dup); five at others.
 *
 * The parts have to be checked by whoever hands them in.
 */
export function markVariables(role: LegRole, marks: LegMarks, keeps: Kept): [string, string][] {
  const { party, number, sessionId, interactionId } = marks;
  if (keeps === 'all') return [[VAR.marks, [role, party, number, sessionId, interactionId].join(PARTED_BY)]];
  return [
    [VAR.number, number],
    [VAR.session, sessionId],
    [VAR.interaction, interactionId],
    [VAR.party, party],
    [VAR.leg, role],
  ];
}

/** The marks of a leg in either form. `variable` gives a channel variable, "" when it is not set. */
export function marksRead(variable: (name: string) => string): MarksRead {
  const inOne = variable(VAR.marks);
  const [role = '', party = '', number = '', sessionId = '', interactionId = '', ...more] =
    inOne === ''
      ? [VAR.leg, VAR.party, VAR.number, VAR.session, VAR.interaction].map(variable)
      : inOne.split(PARTED_BY);
  if (more.length > 0) return { role: '', party: '', number: '', sessionId: '', interactionId: '' };
  return { role, party, number, sessionId, interactionId };
}
