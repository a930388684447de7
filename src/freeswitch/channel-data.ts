import { QuestionInvalidError } from './errors.js';
import { marksRead } from './leg-marks.js';
import type { Kept, Question } from './question.js';
import { VAR, type QuestionKind } from './variables.js';
import { decodeHeader, type WireHeaders } from './wire.js';

const KINDS: ReadonlySet<string> = new Set<QuestionKind>(['inbound', 'digits', 'first-party-answered']);

/** Longest value that is handed on; what is longer than any number, PIN or id can only be noise. */
const MAX_VALUE = 256;

/**
 * The question in the reply to `connect`: a CHANNEL_DATA event in plain, percent-encoded headers.
 *
 * Whatever the caller's phone put into its own headers, a value that cannot be used is "" or raw,
 * never an exception.
 * @throws QuestionInvalidError when the channel has no UUID or asks nothing that we know.
 */
export function questionOf(headers: WireHeaders): Question {
  const variable = (name: string): string => valueOf(headers, `variable_${name}`);
  // A node of before has it on the channel.
  const kind = valueOf(headers, `scope_variable_${VAR.question}`) || variable(VAR.question);
  const uuid = valueOf(headers, 'Unique-ID');
  if (!isQuestionKind(kind)) throw new QuestionInvalidError('the channel asks nothing that we know');
  if (uuid === '') throw new QuestionInvalidError('the channel has no UUID');
  const marks = marksRead(variable);
  const originated = valueOf(headers, 'Call-Direction') === 'outbound';
  return {
    kind,
    uuid,
    node: valueOf(headers, 'FreeSWITCH-Switchname'),
    dialled: originated
      ? ''
      : dialledBy(valueOf(headers, 'Caller-Destination-Number'), variable(VAR.requestUser)),
    callerNumber: originated ? '' : valueOf(headers, 'Caller-Caller-ID-Number'),
    fromUser: originated ? '' : variable('sip_from_user'),
    privacy: originated ? '' : variable('sip_Privacy'),
    hidden: !originated && valueOf(headers, 'Caller-Privacy-Hide-Number') === 'true',
    attempt: countOf(variable(VAR.attempt)),
    promptFailures: countOf(variable(VAR.promptFailures)),
    // Whatever is said here, the store decides what an attempt has come to.
    keyed: variable(VAR.keyed) === 'own-digits' ? 'own-digits' : 'pin',
    digits: variable(VAR.digits),
    // play_and_get_digits leaves no result when its file could not be played (switch_ivr_play_say.c).
    promptFailed: kind === 'digits' && variable(VAR.readResult) === '',
    round: roundOf(variable(VAR.next), variable(VAR.last)),
    keeps: keptBy(valueOf(headers, `scope_variable_${VAR.kept}`)),
    sessionId: marks.sessionId,
    number: marks.number,
  };
}

/**
 * What was dialled. A transfer in the dialplan puts an extension's name in the place of the destination number; then it is the
 * user part of the request URI, which on a trunk that we registered with names our account until an answer puts it right.
 */
function dialledBy(destination: string, requestUser: string): string {
  return isDialledNumber(destination) ? destination : requestUser || destination;
}

/** A number as carriers dial them, with or without `+`: the trunk's context asks about it where it came in (dialplan/masking.xml). */
export function isDialledNumber(text: string): boolean {
  return /^\+?[0-9]{1,32}$/.test(text);
}

/** The secret that came with the question, "" when none did. */
export function secretOf(headers: WireHeaders): string {
  return valueOf(headers, `scope_variable_${VAR.secret}`);
}

function valueOf(headers: WireHeaders, name: string): string {
  const value = decodeHeader(headers[name] ?? '');
  return value.length > MAX_VALUE ? '' : value;
}

function isQuestionKind(text: string): text is QuestionKind {
  return KINDS.has(text);
}

/** `legs_kept` of dialplan/legs.xml; "" where the node has no such file. */
function keptBy(text: string): Kept {
  if (text === 'all') return 'all';
  return text === 'true' ? 'defaults' : 'nothing';
}

function roundOf(next: string, last: string): Question['round'] {
  if (next !== 'unavailable') return 'first';
  return last === 'true' ? 'last' : 'second';
}

function countOf(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : 0;
}
