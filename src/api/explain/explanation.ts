import { z } from 'zod';

import type { Announcement, Refusal } from '../../calls/machine.js';
import type { Rehearsal } from '../../calls/rehearsal.js';
import type { HangupCause } from '../../freeswitch/question.js';
import { DESTINATION_TEXTS } from '../../masking/destinations.js';
import { digitsOf, type E164 } from '../../masking/phone-number.js';
import { CALL_RULES, type CallRule, type PassedBy, type PassedRule } from '../../masking/resolve.js';
import type { Party } from '../../masking/session.js';
import { causeOf } from '../../calls/answers.js';

const OUTCOMES = ['connect', 'ask_pin', 'ask_own_digits', 'announce', 'refuse'] as const;

export const RULES = z.array(
  z.object({ rule: z.enum(CALL_RULES), decided: z.boolean(), explanation: z.string() }),
);

/** What would happen to a call, as the API tells it. */
export const EXPLANATION = z
  .object({
    outcome: z.enum(OUTCOMES),
    explanation: z.string().describe('The outcome and its reason, in a sentence.'),
    rule: z.enum(CALL_RULES).describe('The rule that decided.'),
    rules: RULES.describe('The rules that were asked, in their order; the last one decided.'),
    virtual_number: z.string(),
    session_uuid: z.string().nullable(),
    caller: z.enum(['first_party', 'second_party']).nullable().describe('Who the caller is in the session.'),
    calls: z.string().nullable().describe('Whose phone would ring.'),
    trunks: z.array(z.string()).describe('The trunks that would be tried, in their order.'),
    ring_timeout: z.int().nullable(),
    call_time_limit: z.int().nullable().describe('Less than the session’s when a day’s minutes end before.'),
    record: z.boolean(),
    pin: z
      .enum(['right', 'wrong', 'refused', 'own_digits_wanted'])
      .nullable()
      .describe('What became of the PIN; null when none was given, or none would be asked for.'),
    limit: z.string().nullable().describe('The limit that is reached, by the variable that sets it.'),
    status: z
      .int()
      .nullable()
      .describe('The SIP status that the caller would get; null once it is answered.'),
  })
  .meta({ id: 'Explanation' });

export type Explanation = z.infer<typeof EXPLANATION>;

const PASSED: Readonly<Record<CallRule, Partial<Record<PassedBy, string>>>> = {
  'number-in-service': { fine: 'The number is a virtual number in service.' },
  'caller-is-no-virtual-number': { fine: 'The caller is not one of the virtual numbers.' },
  'known-caller': {
    withheld: 'The caller withholds the number, so it is nobody’s.',
    'no-party': 'The caller is no party of a live session on the number.',
    'session-over': 'The caller is a party of a session that is over.',
    'pin-forced': 'The caller is a party of a session that asks its own parties for the PIN, too.',
  },
  pin: { 'no-pin-session': 'No live session on the number asks for PINs.' },
  'open-session': {
    'no-open-session': 'No live session on the number lacks a party whose place an unknown caller takes.',
  },
  'unknown-caller-audio': { 'no-audio': 'No live session on the number has audio for unknown callers.' },
  'not-in-service': {},
};

export const DECIDED: Readonly<Record<CallRule, string>> = {
  'number-in-service': 'The number is not a virtual number, or is disabled.',
  'caller-is-no-virtual-number': 'The caller is one of the virtual numbers: a loop.',
  'known-caller': 'The caller is a party of a live session on the number.',
  pin: 'A live session on the number asks for PINs.',
  'open-session': 'A live session on the number lacks a party: unknown callers take its place.',
  'unknown-caller-audio': 'A live session on the number has audio for unknown callers.',
  'not-in-service': 'Nothing on the number is for this caller.',
};

/** SIP statuses that FreeSWITCH makes of the causes that a caller who was not answered gets. */
const STATUSES: Readonly<Record<HangupCause, number | null>> = {
  UNALLOCATED_NUMBER: 404,
  USER_BUSY: 486,
  CALL_REJECTED: 603,
  NORMAL_CLEARING: null,
  NORMAL_TEMPORARY_FAILURE: 503,
};

/** How and why a call is refused, as what follows "The call is refused". */
const REFUSED: Readonly<Record<Refusal, string>> = {
  'not-ours': ': the number is not a virtual number, or is disabled',
  loop: ': it would ring the caller’s own phone, or one of the virtual numbers',
  'too-many-pins': ': the caller keyed too many wrong PINs in the last 24 hours',
  busy: ': the session is in a call already',
  'session-over': ': the session is over',
  'prompt-failed': ': the prompt cannot be played',
  destination: ': the number that it would ring may not be called',
  limit: ' as busy: a limit is reached',
  overloaded: ', so that another node takes it: a limit is reached',
  minutes: ': the minutes of the day are used up',
};

const ANNOUNCED: Readonly<Record<Announcement, string>> = {
  'not-in-service': 'The number is not in service for this caller',
  'unknown-caller': 'The caller is not known',
  'wrong-pin': 'The PIN is wrong and no attempt is left',
  'too-many-attempts': 'The caller keyed too many wrong PINs',
};

/** `is`: "is" or "was". `detail`: what stands in the way, or "". */
export function refusedSentence(is: 'is' | 'was', reason: Refusal, detail: string): string {
  return `The call ${is} refused${REFUSED[reason]}${detail === '' ? '' : ` (${detail})`}.`;
}

/** `hears`: "hears" or "heard". */
export function announcedSentence(hears: 'hears' | 'heard', announcement: Announcement): string {
  return `${ANNOUNCED[announcement]}: the caller ${hears} an announcement that says so.`;
}

/** The rules that were asked, in their order; the last one decided. */
export function rulesObject(rule: CallRule, passed: readonly PassedRule[]): Explanation['rules'] {
  return [
    ...passed.map((each) => ({
      rule: each.rule,
      decided: false,
      explanation: PASSED[each.rule][each.by] ?? '',
    })),
    { rule, decided: true, explanation: DECIDED[rule] },
  ];
}

export function explanationOf(rehearsal: Rehearsal, number: E164): Explanation {
  const { outcome, rule, passed, match, limit, lastsAtMost } = rehearsal;
  const dials = outcome.type === 'dial' ? outcome.match.session : null;
  return {
    outcome: outcomeOf(rehearsal),
    explanation: sentenceOf(rehearsal),
    rule,
    rules: rulesObject(rule, passed),
    virtual_number: digitsOf(number),
    session_uuid: match?.session.id ?? null,
    caller: match === null ? null : partyName(match.party),
    calls: rehearsal.target === null ? null : digitsOf(rehearsal.target),
    trunks: [...rehearsal.trunks],
    ring_timeout: dials?.settings.ringTimeout ?? null,
    call_time_limit: lastsAtMost,
    record: dials?.settings.record ?? false,
    pin: pinOf(rehearsal),
    limit,
    status: statusOf(rehearsal),
  };
}

function outcomeOf({ outcome }: Rehearsal): Explanation['outcome'] {
  switch (outcome.type) {
    case 'dial':
      return 'connect';
    case 'prompt':
      return outcome.keyed === 'pin' ? 'ask_pin' : 'ask_own_digits';
    case 'announce':
    case 'refuse':
      return outcome.type;
  }
}

function sentenceOf({ outcome, pin, limit, destination, trunks, askedForOwnDigits }: Rehearsal): string {
  switch (outcome.type) {
    case 'dial': {
      const how = pin === null ? '' : askedForOwnDigits ? ' by the PIN and the own digits' : ' by the PIN';
      const through = trunks.length === 0 ? '' : ` through ${trunks.join(', then ')}`;
      return `The caller is the ${partyWords(outcome.match.party)}${how}, and is connected to the other party${through}.`;
    }
    case 'prompt':
      if (outcome.keyed === 'own-digits') {
        return 'The PIN alone is not enough, because too many were guessed: the caller is asked for the last digits of their own number.';
      }
      return pin === null
        ? 'The caller is asked for a PIN.'
        : 'The PIN is wrong: the caller is asked for it once more.';
    case 'announce':
      return announcedSentence('hears', outcome.announcement);
    case 'refuse': {
      const why = destination !== null ? DESTINATION_TEXTS[destination] : limit;
      return refusedSentence('is', outcome.reason, why ?? '');
    }
  }
}

/** A caller who was answered, to be asked for a PIN, gets no final status any more. */
function statusOf({ outcome, pin }: Rehearsal): number | null {
  if (pin !== null || outcome.type === 'dial' || outcome.type === 'prompt') return null;
  return STATUSES[causeOf(outcome)];
}

function pinOf({ pin }: Rehearsal): Explanation['pin'] {
  switch (pin) {
    case 'matched':
      return 'right';
    case 'asked':
      return 'own_digits_wanted';
    case 'wrong':
    case 'refused':
    case null:
      return pin;
  }
}

export function partyName(party: Party): 'first_party' | 'second_party' {
  return `${party}_party`;
}

export function partyWords(party: Party): string {
  return `${party} party`;
}
