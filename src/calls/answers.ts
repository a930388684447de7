import type { Answer, HangupCause } from '../freeswitch/question.js';
import { OWN_DIGITS } from '../masking/pin-guard.js';
import { targetOf, type Match } from '../masking/resolve.js';
import { otherParty, playUrlFor } from '../masking/session.js';
import type { CallEffect, Refusal } from './machine.js';

/** Where a URL's audio lies once it has been fetched; null while it is not there. */
export interface PromptFiles {
  fileFor(url: string): string | null;
}

export interface AnswerOptions {
  readonly prompts: PromptFiles;
  /** Trunk names in order of preference. */
  readonly trunks: readonly string[];
  /** Absolute path of a recording by its file name. */
  readonly recordingPath: (fileName: string) => string;
}

/** How a caller learns of a refusal: the cause that FreeSWITCH turns into a SIP status. */
const REFUSAL_CAUSES: Record<Refusal, HangupCause> = {
  'not-ours': 'UNALLOCATED_NUMBER',
  loop: 'CALL_REJECTED',
  'too-many-pins': 'CALL_REJECTED',
  busy: 'USER_BUSY',
  'session-over': 'NORMAL_CLEARING',
  'prompt-failed': 'NORMAL_TEMPORARY_FAILURE',
  destination: 'CALL_REJECTED',
  limit: 'USER_BUSY',
  overloaded: 'NORMAL_TEMPORARY_FAILURE',
  minutes: 'CALL_REJECTED',
};

/** Digits that a prompt collects at most when live PINs have several lengths: `#` or a pause ends it. */
const LONGEST_PIN = 15;

/** Effects that answer the open question. */
export type AnsweringEffect = Extract<CallEffect, { type: 'prompt' | 'dial' | 'announce' | 'refuse' }>;

export function isAnswering(effect: CallEffect): effect is AnsweringEffect {
  return ['prompt', 'dial', 'announce', 'refuse'].includes(effect.type);
}

/** Identity of the call that an answer is for. */
export interface AnswerContext {
  readonly interactionId: string;
  readonly recording: string;
  /** The trunk that the virtual number prefers, or "". */
  readonly preferredTrunk: string;
  /** Seconds that the call may last whatever its session says; null for no such limit. */
  readonly secondsLeft: number | null;
  /** What the leg carries for the store, or "". */
  readonly note: string;
}

/** The answer that carries out an effect of the call machine. */
export function answerFor(effect: AnsweringEffect, context: AnswerContext, options: AnswerOptions): Answer {
  switch (effect.type) {
    case 'prompt':
      return promptAnswer(effect, options.prompts);
    case 'dial':
      return dialAnswer(effect.match, context, options);
    case 'announce':
      return {
        next: 'announce',
        announcement: fileOr(options.prompts, effect.url, `${effect.announcement}.wav`),
        cause: causeOf(effect),
      };
    case 'refuse':
      return { next: 'refuse', cause: causeOf(effect) };
  }
}

/** The cause with which a call ends that reaches nobody. */
export function causeOf(effect: Extract<AnsweringEffect, { type: 'announce' | 'refuse' }>): HangupCause {
  if (effect.type === 'refuse') return REFUSAL_CAUSES[effect.reason];
  return effect.announcement === 'wrong-pin' ? 'NORMAL_CLEARING' : 'UNALLOCATED_NUMBER';
}

/**
 * The digits that a prompt collects: exactly the length of the live PINs when they all have one, so
 * that the last digit ends it at once, else up to the longest and one more, so that no longer
 * number is cut to a valid PIN.
 */
export function digitsToCollect(lengths: readonly number[]): number {
  const [only] = lengths;
  if (lengths.length === 1 && only !== undefined) return only;
  return Math.min(LONGEST_PIN, Math.max(...lengths, 0)) + 1;
}

function promptAnswer(effect: Extract<CallEffect, { type: 'prompt' }>, prompts: PromptFiles): Answer {
  const { gate, keyed, attempt, failures, afterWrong } = effect;
  const waitMs = gate.retryWait * 1000;
  if (keyed === 'own-digits') {
    const prompt = 'own-digits.wav';
    return { next: 'prompt', keyed, attempt, failures, before: '', prompt, maxDigits: OWN_DIGITS, waitMs };
  }
  return {
    next: 'prompt',
    keyed,
    attempt,
    failures,
    before: afterWrong ? fileOr(prompts, gate.incorrectPlay, 'wrong-pin.wav') : '',
    // What could not be played once is not tried again in this call.
    prompt: failures > 0 ? 'enter-pin.wav' : fileOr(prompts, gate.promptPlay, 'enter-pin.wav'),
    maxDigits: digitsToCollect(gate.lengths),
    waitMs,
  };
}

function dialAnswer(match: Match, context: AnswerContext, options: AnswerOptions): Answer {
  const { session, party } = match;
  const target = targetOf(match);
  if (target === null) throw new TypeError('A call was claimed that reaches nobody.');
  return {
    next: 'connect',
    marks: {
      number: session.virtualNumber,
      sessionId: session.id,
      interactionId: context.interactionId,
      party,
    },
    target,
    trunks: trunksInOrder(context.preferredTrunk, options.trunks),
    ringTimeout: session.settings.ringTimeout,
    callTimeLimit: Math.min(session.settings.callTimeLimit, context.secondsLeft ?? Infinity),
    playA: options.prompts.fileFor(playUrlFor(session, party)) ?? '',
    playB: options.prompts.fileFor(playUrlFor(session, otherParty(party))) ?? '',
    record: context.recording === '' ? '' : options.recordingPath(context.recording),
    note: context.note,
  };
}

/** The preferred trunk first, then the configured ones, each once. */
export function trunksInOrder(preferred: string, configured: readonly string[]): string[] {
  return [...new Set([preferred, ...configured])].filter((name) => name !== '');
}

function fileOr(prompts: PromptFiles, url: string, builtIn: string): string {
  return (url === '' ? null : prompts.fileFor(url)) ?? builtIn;
}
