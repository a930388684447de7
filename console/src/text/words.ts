import type { CallOutcome, CallStage, StepName } from '../api/trace.js';
import { phone } from './format.js';
import type { NodeState, TrunkState } from '../api/resources.js';

/** How something stands, beyond its colour. */
export type Tone = 'good' | 'warn' | 'bad' | 'active' | 'quiet';
type Words<Key extends string> = Readonly<Record<Key, readonly [text: string, tone: Tone]>>;

export const STAGE_WORDS: Words<CallStage> = {
  received: ['received', 'active'],
  prompting: ['asking for PIN', 'active'],
  dialing: ['dialing', 'active'],
  ringing: ['ringing', 'active'],
  whispering: ['hears an announcement', 'active'],
  connected: ['talking', 'good'],
  ended: ['ended', 'quiet'],
};

export const OUTCOME_WORDS: Words<CallOutcome> = {
  connected: ['connected', 'good'],
  unanswered: ['not answered', 'warn'],
  announced: ['heard an announcement', 'quiet'],
  refused: ['refused', 'bad'],
  abandoned: ['caller gave up', 'quiet'],
};

export const SESSION_WORDS: Words<'active' | 'in-progress' | 'expired'> = {
  active: ['active', 'good'],
  'in-progress': ['in a call', 'active'],
  expired: ['over', 'quiet'],
};

export const CALLBACK_WORDS: Words<'queued' | 'delivered' | 'failed'> = {
  queued: ['waiting', 'active'],
  delivered: ['delivered', 'good'],
  failed: ['failed', 'bad'],
};

export const RECORDING_WORDS: Words<'completed' | 'partial' | 'failed'> = {
  completed: ['complete', 'good'],
  partial: ['partial', 'warn'],
  failed: ['failed', 'bad'],
};

export const RECORDING_PROBLEMS: Readonly<Record<string, string>> = {
  missing: 'There was no file 10 s after the call: is RECORDINGS_DIR the folder that FreeSWITCH writes?',
  empty: 'The file holds no audio.',
  unreadable: 'The file holds no audio that can be read.',
  short: 'More than 2 s of the talk are missing.',
  cut: 'The file was not closed: some seconds of the end may be missing.',
};

export const NODE_WORDS: Words<NodeState['state']> = {
  up: ['up', 'good'],
  connecting: ['connecting', 'warn'],
  waiting: ['not reached', 'bad'],
  standby: ['standby', 'quiet'],
  stopped: ['stopped', 'bad'],
  unknown: ['not known', 'warn'],
};

export const TRUNK_WORDS: Words<TrunkState['state']> = {
  up: ['up', 'good'],
  down: ['down', 'bad'],
  unknown: ['not known', 'warn'],
};

export const EXPLAINED_WORDS: Words<'connect' | 'ask_pin' | 'ask_own_digits' | 'announce' | 'refuse'> = {
  connect: ['would be connected', 'good'],
  ask_pin: ['would be asked for a PIN', 'active'],
  ask_own_digits: ['would be asked for own digits', 'active'],
  announce: ['would hear an announcement', 'quiet'],
  refuse: ['would be refused', 'bad'],
};

export const AUDIT_WORDS: Words<'done' | 'failed' | 'unknown'> = {
  done: ['done', 'good'],
  failed: ['failed', 'bad'],
  unknown: ['not known', 'warn'],
};

export const STEP_WORDS: Readonly<Record<StepName, string>> = {
  received: 'Received',
  decided: 'Decided',
  prompted: 'Asked for PIN',
  keyed: 'Keyed',
  claimed: 'Session found',
  dialed: 'Dialed',
  announced: 'Announcement',
  refused: 'Refused',
  ringing: 'Ringing',
  answered: 'Answered',
  joined: 'Joined',
  ended: 'Ended',
};

const PARTIES = { first_party: 'first party', second_party: 'second party' } as const;

export function partyWords(party: keyof typeof PARTIES | null): string {
  return party === null ? 'no party' : PARTIES[party];
}

/** What was called; null stands for what is none of our numbers. */
export function calledWords(number: string | null): string {
  return number === null ? 'none of ours' : phone(number);
}

/** Who ended a call. */
export function enderWords(by: 'a' | 'b' | 'system' | null): string {
  switch (by) {
    case 'a':
      return 'caller';
    case 'b':
      return 'called party';
    case 'system':
      return 'Maskline';
    case null:
      return '–';
  }
}

/** Where a call that is up is; what became of one that is over. */
export function standingOf(call: {
  readonly stage: CallStage;
  readonly outcome: CallOutcome | null;
  readonly ended_at: string | null;
}): readonly [text: string, tone: Tone] {
  const isUp = call.ended_at === null || call.outcome === null;
  return isUp ? STAGE_WORDS[call.stage] : OUTCOME_WORDS[call.outcome];
}
