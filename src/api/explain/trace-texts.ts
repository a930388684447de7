import { isUnavailable, type TraceStep } from '../../calls/call-trace.js';
import type { CallTrace } from '../../store/index.js';
import { announcedSentence, DECIDED, partyWords, refusedSentence } from './explanation.js';

type Step<S extends TraceStep['step']> = Extract<TraceStep, { step: S }>;

/** Why the call went the way it did, or where it is. */
export function sentenceOf({ steps, summary }: Pick<CallTrace, 'steps' | 'summary'>): string {
  const last = <S extends TraceStep['step']>(step: S): Step<S> | undefined =>
    steps.findLast((each): each is Step<S> => each.step === step);
  const who = summary.party === null ? '' : `, the ${partyWords(summary.party)},`;
  switch (summary.outcome) {
    case 'refused': {
      const refused = last('refused');
      if (refused === undefined)
        return 'No controller answered in time: the caller heard that the service is unavailable.';
      return refusedSentence('was', refused.reason, last('claimed')?.why ?? '');
    }
    case 'announced': {
      const announced = last('announced');
      return announced === undefined ? '' : announcedSentence('heard', announced.announcement);
    }
    case 'abandoned':
      return summary.pinAttempts === 0
        ? 'The caller hung up before anything was decided, or before keying a PIN.'
        : `The caller hung up after ${counted(summary.pinAttempts, 'attempt')} at the PIN.`;
    case 'unanswered':
      return `The caller${who} was not connected: ${causeWords(summary.reason ?? '')}.`;
    case 'connected': {
      const by = summary.endedBy === null ? '' : `; ${ENDED_BY[summary.endedBy]}`;
      const talked = summary.talk === null ? '' : ` and they talked for ${seconds(summary.talk)}`;
      return `The caller${who} was connected${byPin(summary.pinAttempts)}${talked}${by}.`;
    }
    case null:
      return `The call is ${STAGE_WORDS[summary.stage]}.`;
  }
}

export function stepText(step: TraceStep): string {
  switch (step.step) {
    case 'received':
      if (step.caller === null) return 'The call begins.';
      return step.caller.kind === 'anonymous'
        ? 'A call comes in whose number is withheld.'
        : 'A call comes in.';
    case 'decided':
      return DECIDED[step.rule];
    case 'prompted':
      return promptText(step);
    case 'keyed':
      return KEYED[step.keyed][step.result];
    case 'claimed':
      return claimText(step);
    case 'dialed':
      return `${LEG[step.leg]} is dialed through ${step.trunks.join(', then ')}.`;
    case 'announced':
      return announcedSentence('hears', step.announcement);
    case 'refused':
      return refusedSentence('is', step.reason, '');
    case 'ringing':
      return `${LEG[step.leg]} rings.`;
    case 'answered':
      return `${LEG[step.leg]} answers.`;
    case 'joined':
      return 'The two are joined.';
    case 'ended':
      return endText(step);
  }
}

const LEG = { a: 'The caller’s leg', b: 'The other party’s phone' } as const;

const ENDED_BY = {
  a: 'the caller hung up',
  b: 'the other party hung up',
  system: 'the system ended it',
} as const;

const STAGE_WORDS = {
  received: 'being decided',
  prompting: 'at the PIN prompt',
  dialing: 'being dialed',
  ringing: 'ringing',
  whispering: 'answered, and a prompt plays',
  connected: 'up: the two are talking',
  ended: 'over',
} as const;

const KEYED: Readonly<Record<Step<'keyed'>['keyed'], Readonly<Record<Step<'keyed'>['result'], string>>>> = {
  pin: {
    matched: 'The PIN is right.',
    wrong: 'The PIN is wrong.',
    missing: 'No PIN was keyed.',
    asked: 'A PIN was keyed; the caller has to give digits of their own number as well.',
    refused: 'A PIN was keyed, after too many wrong ones: it does not count.',
    unplayable: 'The prompt could not be played.',
  },
  'own-digits': {
    matched: 'The digits of the own number are right, and so was the PIN.',
    wrong: 'The PIN or the digits of the own number are wrong.',
    missing: 'No digits of the own number were keyed.',
    asked: 'The digits of the own number are asked for again.',
    refused: 'Digits were keyed after too many wrong ones: they do not count.',
    unplayable: 'The prompt could not be played.',
  },
};

function promptText({ keyed, attempt, afterWrong }: Step<'prompted'>): string {
  if (keyed === 'own-digits') return 'The caller is asked for the last digits of their own number.';
  return `The caller is asked for ${afterWrong ? 'the PIN again' : 'a PIN'} (attempt ${attempt}).`;
}

function claimText({ result, party, why }: Step<'claimed'>): string {
  const who = `The caller is the ${partyWords(party)}`;
  if (result === 'begun') return `${who}: the session is free and every limit has room.`;
  if (result === 'gone') return `${who}; the session ended meanwhile.`;
  return `${who}. ${refusedSentence('is', result, why)}`;
}

function endText(end: Step<'ended'>): string {
  if (isUnavailable(end)) return 'No controller answered in time: the call ends.';
  const { leg, by, cause, sipStatus } = end;
  const status = sipStatus === null || sipStatus === 200 ? '' : `, SIP ${sipStatus}`;
  return `${LEG[leg]} ends: ${ENDED_BY[by]} (${cause}${status}).`;
}

/** Causes of calls that were dialled in vain, in words; others by their name. */
const CAUSES: Readonly<Record<string, string>> = {
  USER_BUSY: 'the other party was busy',
  NO_ANSWER: 'the other party did not answer in time',
  NO_USER_RESPONSE: 'the other party’s phone did not respond',
  ALLOTTED_TIMEOUT: 'the other party did not answer in time',
  CALL_REJECTED: 'the other party rejected the call',
  ORIGINATOR_CANCEL: 'the caller hung up first',
  UNALLOCATED_NUMBER: 'the carrier says that the number does not exist',
  USER_NOT_REGISTERED: 'the phone was not registered',
  DESTINATION_OUT_OF_ORDER: 'no trunk could be reached',
  NORMAL_TEMPORARY_FAILURE: 'no trunk took the call',
  GATEWAY_DOWN: 'the trunk is down',
  CRASH: 'FreeSWITCH ended',
  MEDIA_TIMEOUT: 'no audio came any more',
};

function causeWords(cause: string): string {
  return CAUSES[cause] ?? `it ended with ${cause}`;
}

function byPin(attempts: number): string {
  if (attempts === 0) return '';
  return attempts === 1 ? ' by the PIN' : ` by the PIN at the ${ordinal(attempts)} attempt`;
}

function ordinal(count: number): string {
  return ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'][count - 1] ?? `${count}th`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function seconds(ms: number): string {
  return counted(Math.round(ms / 1_000), 'second');
}
