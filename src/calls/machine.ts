import type { LimitRefusal } from '../masking/call-limits.js';
import type { Caller } from '../masking/caller.js';
import type { LegRole } from '../masking/interaction.js';
import type { Keyed } from '../masking/pin-guard.js';
import { connect, type Match, type PinGate, type Resolution } from '../masking/resolve.js';
import type { PinCheck } from './ports.js';

/**
 * Where a call is. `received` has no decision yet, `prompting` waits for digits, the four stages from
 * `dialing` to `connected` belong to an interaction, `ended` is final.
 */
export type CallState =
  | { readonly stage: 'received' }
  | {
      readonly stage: 'prompting';
      /** An attempt ends with a PIN, or goes on with digits of the caller's own number. */
      readonly keyed: Keyed;
      readonly attempt: number;
      /** Prompts that could not be played. */
      readonly failures: number;
      readonly gate: PinGate;
    }
  | { readonly stage: 'dialing' }
  | { readonly stage: 'ringing' }
  | { readonly stage: 'whispering' }
  | { readonly stage: 'connected' }
  | { readonly stage: 'ended' };

export type CallEvent =
  /** The number's routes were read and decided. */
  | { readonly type: 'resolved'; readonly resolution: Resolution }
  /** The digits of one attempt were looked up, those of the PIN or those asked for after it. */
  | { readonly type: 'pin-checked'; readonly check: PinCheck; readonly caller: Caller }
  /** The prompt could not be played, so that nobody had a chance to key anything. */
  | { readonly type: 'prompt-failed' }
  /** The leg that we dialled to the first party answered, and its session was read. */
  | { readonly type: 'first-party-answered'; readonly match: Match | null }
  /** What came of a claim. */
  | { readonly type: 'claimed'; readonly match: Match; readonly result: ClaimResult }
  | { readonly type: 'leg-ringing'; readonly role: LegRole }
  | { readonly type: 'leg-answered'; readonly role: LegRole }
  | { readonly type: 'legs-joined' }
  | { readonly type: 'leg-ended'; readonly role: LegRole };

/** `begun`, or why there will be no interaction. `destination`: the number may not be called. */
export type ClaimResult = 'begun' | 'busy' | 'gone' | 'loop' | 'destination' | LimitRefusal;

export type Announcement = 'not-in-service' | 'unknown-caller' | 'wrong-pin' | 'too-many-attempts';
export type Refusal =
  | 'not-ours'
  | 'loop'
  | 'too-many-pins'
  | 'busy'
  | 'session-over'
  | 'prompt-failed'
  | 'destination'
  | LimitRefusal;

/** What the runner has to do; `prompt`, `dial`, `announce` and `refuse` answer the open question. */
export type CallEffect =
  | { readonly type: 'claim'; readonly match: Match }
  | {
      readonly type: 'prompt';
      readonly keyed: Keyed;
      readonly attempt: number;
      readonly failures: number;
      readonly gate: PinGate;
      /** True when the last attempt was wrong or missing, so that the caller hears so first. */
      readonly afterWrong: boolean;
    }
  | { readonly type: 'dial'; readonly match: Match }
  | { readonly type: 'announce'; readonly announcement: Announcement; readonly url: string }
  | { readonly type: 'refuse'; readonly reason: Refusal }
  | { readonly type: 'note-stage'; readonly stage: 'ringing' | 'whispering' | 'connected' }
  | { readonly type: 'finish-leg'; readonly role: LegRole };

export interface Step {
  readonly state: CallState;
  readonly effects: readonly CallEffect[];
}

/** A prompt that cannot be played costs no attempt: the built-in one is played instead, if it can be. */
const PROMPT_FAILURES_TOLERATED = 1;

const PROGRESS_ORDER = ['received', 'prompting', 'dialing', 'ringing', 'whispering', 'connected', 'ended'];

/**
 * One step of a call. Pure and total: an event that does not fit the state changes nothing, since
 * events of a dying call, a second controller or a CDR come in any order and more than once.
 */
export function step(state: CallState, event: CallEvent): Step {
  switch (event.type) {
    case 'resolved':
      return state.stage === 'received' ? resolved(event.resolution) : stay(state);
    case 'first-party-answered':
      if (state.stage !== 'received') return stay(state);
      return event.match === null ? end({ type: 'refuse', reason: 'session-over' }) : claim(event.match);
    case 'pin-checked':
      return state.stage === 'prompting' ? pinChecked(state, event.check, event.caller) : stay(state);
    case 'prompt-failed':
      return state.stage === 'prompting' ? promptFailed(state) : stay(state);
    case 'claimed':
      return state.stage === 'received' || state.stage === 'prompting'
        ? claimed(event.match, event.result)
        : stay(state);
    case 'leg-ringing':
      return event.role === 'b' ? progress(state, 'ringing') : stay(state);
    case 'leg-answered':
      return event.role === 'b' ? progress(state, 'whispering') : stay(state);
    case 'legs-joined':
      return progress(state, 'connected');
    case 'leg-ended':
      return {
        state: event.role === 'a' ? { stage: 'ended' } : state,
        effects: [{ type: 'finish-leg', role: event.role }],
      };
  }
}

function resolved(resolution: Resolution): Step {
  switch (resolution.outcome) {
    case 'connect':
      return claim(resolution.match);
    case 'pin':
      return ask({ stage: 'prompting', keyed: 'pin', attempt: 1, failures: 0, gate: resolution.gate }, false);
    case 'announce':
      return end({
        type: 'announce',
        announcement: resolution.announcement,
        url: resolution.announcement === 'unknown-caller' ? resolution.url : '',
      });
    case 'refuse':
      return end({ type: 'refuse', reason: resolution.reason });
  }
}

type Prompting = Extract<CallState, { stage: 'prompting' }>;

function pinChecked(state: Prompting, check: PinCheck, caller: Caller): Step {
  switch (check.result) {
    case 'matched': {
      const resolution = connect(check.match, caller);
      return resolution.outcome === 'connect'
        ? { state, effects: [{ type: 'claim', match: check.match }] }
        : resolved(resolution);
    }
    case 'asked':
      // An attempt asks once. A right PIN goes on as a wrong one does.
      return state.keyed === 'pin' ? ask({ ...state, keyed: 'own-digits' }, false) : stay(state);
    case 'refused':
      return end({ type: 'announce', announcement: 'too-many-attempts', url: '' });
    case 'wrong':
      return state.attempt > state.gate.retry
        ? end({ type: 'announce', announcement: 'wrong-pin', url: state.gate.incorrectPlay })
        : ask({ ...state, keyed: 'pin', attempt: state.attempt + 1 }, true);
  }
}

function promptFailed(state: Prompting): Step {
  return state.failures >= PROMPT_FAILURES_TOLERATED
    ? end({ type: 'refuse', reason: 'prompt-failed' })
    : ask({ ...state, failures: state.failures + 1 }, false);
}

function claim(match: Match): Step {
  return { state: { stage: 'received' }, effects: [{ type: 'claim', match }] };
}

function claimed(match: Match, result: ClaimResult): Step {
  switch (result) {
    case 'begun':
      return { state: { stage: 'dialing' }, effects: [{ type: 'dial', match }] };
    case 'gone':
      return end({ type: 'announce', announcement: 'not-in-service', url: '' });
    case 'busy':
    case 'loop':
    case 'destination':
    case 'limit':
    case 'overloaded':
    case 'minutes':
      return end({ type: 'refuse', reason: result });
  }
}

function progress(state: CallState, stage: 'ringing' | 'whispering' | 'connected'): Step {
  const forward = PROGRESS_ORDER.indexOf(stage) > PROGRESS_ORDER.indexOf(state.stage);
  const inInteraction = PROGRESS_ORDER.indexOf(state.stage) >= PROGRESS_ORDER.indexOf('dialing');
  if (!forward || !inInteraction) return stay(state);
  return { state: { stage }, effects: [{ type: 'note-stage', stage }] };
}

function ask(state: Prompting, afterWrong: boolean): Step {
  const { keyed, attempt, failures, gate } = state;
  return { state, effects: [{ type: 'prompt', keyed, attempt, failures, gate, afterWrong }] };
}

function end(effect: CallEffect): Step {
  return { state: { stage: 'ended' }, effects: [effect] };
}

function stay(state: CallState): Step {
  return { state, effects: [] };
}
