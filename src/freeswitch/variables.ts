/**
 * Every channel variable that Maskline reads or writes, in one place.
 *
 * The dialplan (dialplan/masking.xml) uses the same names. None holds what a CDR may not show once
 * its call has ended: PIN digits are unset as soon as they have been read, and the question secret is a
 * variable of the one application that asks.
 */
export const VAR = {
  /** Dialplan to controller: what is being asked, a QuestionKind. A scope variable of `socket`. */
  question: 'masking_question',
  /** Dialplan to controller: proof that the question comes from one of our nodes. A scope variable of `socket`. */
  secret: 'masking_secret',
  /** Dialplan to controller: what the node has of dialplan/legs.xml, see Kept. A scope variable of `socket`. */
  kept: 'masking_kept',
  /** Dialplan to controller: the digits keyed at a prompt. Lives for one question. */
  digits: 'masking_digits',
  /** Set by play_and_get_digits: success, timeout, failure; absent when the prompt could not be played. */
  readResult: 'read_result',

  /**
   * Controller to dialplan: the extension to go on with, an Answer's `next`. A leg that has none goes on with `ask-again`
   * (dialplan/legs.xml), then it has `unavailable`.
   */
  next: 'masking_next',
  /** Dialplan to controller: `true` once `ask-last` was gone on with. */
  last: 'masking_last',

  /** FreeSWITCH's own: the user part of the request URI. `prompt` puts the number that was dialled there. */
  requestUser: 'sip_req_user',
  /** FreeSWITCH's own: the host that a question went to, from the first attempt at one. */
  askedHost: 'socket_host',

  /** Role (a or b), party, virtual number, session and interaction of the leg, parted by `/`. On both legs. */
  marks: 'masking_marks',
  /** The same apart: on legs of a node of before, and on those that we originate. Where a leg has both, {@link VAR.marks} counts. */
  number: 'masking_number',
  session: 'masking_session',
  interaction: 'masking_interaction',
  party: 'masking_party',
  leg: 'masking_leg',
  /** On both legs of a call that was connected while the store was away: what is to be entered of it, sealed. */
  note: 'masking_note',
  /** Name of the trunk that the leg was dialled through, where {@link VAR.gateway} does not say it. */
  trunk: 'masking_trunk',
  /** FreeSWITCH's own: the name of the trunk, on legs that were dialled through one. */
  gateway: 'sip_gateway_name',

  /** `prompt`: what the caller is to key, a Keyed; it comes back with the digits. */
  keyed: 'masking_keyed',
  /** `prompt`: which attempt this is, from 1. */
  attempt: 'masking_attempt',
  /** `prompt`: how many prompts of this call could not be played. */
  promptFailures: 'masking_prompt_failures',
  /** `prompt`: file to play before the prompt itself, or a short silence. */
  before: 'masking_before',
  /** `prompt`: file that asks for the PIN. */
  prompt: 'masking_prompt',
  /** `prompt`: most digits to collect. */
  maxDigits: 'masking_max_digits',
  /** `prompt`: milliseconds to begin keying, from the end of the prompt. */
  wait: 'masking_wait',

  /** Where it was asked: the dial string of the B leg, which is dialled at once. */
  dial: 'masking_dial',
  /** `connect`: the dial string of the B leg, which is dialled once A has heard its file. */
  dialThen: 'masking_dial_then',
  /** `connect`: file that the A leg hears before the B leg is dialled. */
  playA: 'masking_play_a',
  /** `record`: path of the recording; unset when nothing is recorded. */
  record: 'masking_record',

  /** `announce`: the file. */
  announcement: 'masking_announcement',
  /** `announce`, `refuse`: the hangup cause that ends the call. */
  cause: 'masking_cause',
} as const;

/** Why the dialplan asks. */
export type QuestionKind = 'inbound' | 'digits' | 'first-party-answered';
