import type { Caller } from '../masking/caller.js';
import type { EndedBy, LegRecord, LegRole } from '../masking/interaction.js';
import type { Keyed } from '../masking/pin-guard.js';
import type { E164 } from '../masking/phone-number.js';
import type { CallRule, PassedRule } from '../masking/resolve.js';
import type { Party } from '../masking/session.js';
import type { Announcement, ClaimResult, Refusal } from './machine.js';
import type { PinCheck } from './ports.js';

/** What belongs to a call beside what happened to it. */
export interface TracedCall {
  /** The A leg's channel UUID. */
  readonly id: string;
  readonly node: string;
  /** Null while it is not known to be one of ours: what was dialled may be anybody's number. */
  readonly number: E164 | null;
  readonly sessionId: string | null;
  /** Who may see it: the session's owner, or the number's; "" for the main account alone. */
  readonly accountId: string;
}

/** One thing that happened to a call. It holds no digits that were keyed; a number of a person only in `received`. */
export type TraceEvent =
  /** `caller` null for a call that we began. */
  | { readonly step: 'received'; readonly caller: Caller | null }
  | {
      readonly step: 'decided';
      readonly rule: CallRule;
      readonly passed: readonly PassedRule[];
      /** Who the caller is in the session that the rule found. */
      readonly party: Party | null;
    }
  | {
      readonly step: 'prompted';
      readonly keyed: Keyed;
      readonly attempt: number;
      readonly afterWrong: boolean;
    }
  | {
      readonly step: 'keyed';
      readonly keyed: Keyed;
      readonly attempt: number;
      /** `missing`: nothing was keyed; `unplayable`: the prompt could not be played. */
      readonly result: PinCheck['result'] | 'missing' | 'unplayable';
      readonly party: Party | null;
    }
  | {
      readonly step: 'claimed';
      readonly result: ClaimResult;
      readonly party: Party;
      /** What stood in the way, in words; "" for what the result says by itself. */
      readonly why: string;
    }
  | { readonly step: 'dialed'; readonly leg: LegRole; readonly trunks: readonly string[] }
  | { readonly step: 'announced'; readonly announcement: Announcement; readonly cause: string }
  | { readonly step: 'refused'; readonly reason: Refusal; readonly cause: string }
  | { readonly step: 'ringing' | 'answered'; readonly leg: LegRole }
  | { readonly step: 'joined' }
  | ({ readonly step: 'ended' } & LegEnd);

/** What is told of a leg that has ended. Instants in milliseconds since the epoch. */
export interface LegEnd extends Pick<
  LegRecord,
  'uuid' | 'cause' | 'sipStatus' | 'trunk' | 'startedAt' | 'ringingAt' | 'answeredAt' | 'bridgedAt'
> {
  readonly leg: LegRole;
  readonly by: EndedBy;
  /** Of a leg that led nowhere, as UnmarkedLeg.ledTo; else "". */
  readonly ledTo: string;
}

/** A step with its instant, in milliseconds since the epoch. */
export type TraceStep = TraceEvent & { readonly at: number };

/** Where steps are noted. Never waits, never throws: a call is not held up for the sake of its trace. */
export interface CallTracer {
  /** `at` in milliseconds since the epoch. */
  note(call: TracedCall, event: TraceEvent, at: number): void;
}

export const NO_TRACER: CallTracer = { note: () => undefined };

export function legEnd(leg: LegRecord, ledTo = ''): TraceEvent {
  const { uuid, role, cause, sipStatus, endedBy, trunk } = leg;
  const { startedAt, ringingAt, answeredAt, bridgedAt } = leg;
  return {
    step: 'ended',
    ...{ uuid, leg: role, by: endedBy, cause, sipStatus, trunk, ledTo },
    ...{ startedAt, ringingAt, answeredAt, bridgedAt },
  };
}

export const TRACE_OUTCOMES = ['connected', 'unanswered', 'announced', 'refused', 'abandoned'] as const;

export type TraceOutcome = (typeof TRACE_OUTCOMES)[number];

/** Where a traced call is; as the call machine's states. */
export type TraceStage =
  'received' | 'prompting' | 'dialing' | 'ringing' | 'whispering' | 'connected' | 'ended';

/** What a trace comes to. */
export interface TraceSummary {
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly stage: TraceStage;
  /** Null while nothing is decided for good. */
  readonly outcome: TraceOutcome | null;
  /** The refusal's reason, the announcement, or the hangup cause of the leg that decided. */
  readonly reason: string | null;
  readonly party: Party | null;
  /** Attempts at the PIN that were looked up. */
  readonly pinAttempts: number;
  /** From the INVITE to B until its phone rang, milliseconds. */
  readonly postDialDelay: number | null;
  /** How long the two were joined, milliseconds. */
  readonly talk: number | null;
  readonly endedBy: EndedBy | null;
}

type Ended = Extract<TraceStep, { step: 'ended' }>;

/** Pure. `steps` in any order, at least one; the same one may be there twice (a question was asked again). */
export function summaryOf(steps: readonly TraceStep[]): TraceSummary {
  const ordered = inOrder(steps);
  const first = ordered[0];
  if (first === undefined) throw new TypeError('a trace without steps was to be summed up');
  const last = <S extends TraceStep['step']>(step: S): Extract<TraceStep, { step: S }> | undefined =>
    ordered.findLast((each): each is Extract<TraceStep, { step: S }> => each.step === step);
  const ends = ordered.filter((each): each is Ended => each.step === 'ended');
  const a = ends.find(({ leg }) => leg === 'a');
  const b = ends.findLast(({ leg }) => leg === 'b');
  const joinedAt = a?.bridgedAt ?? last('joined')?.at ?? null;
  const [outcome, reason] = outcomeOf(ordered, joinedAt !== null, a, b);
  const rangAt = b?.ringingAt ?? ordered.find((each) => each.step === 'ringing' && each.leg === 'b')?.at;
  const dialedAt = b?.startedAt ?? ordered.find((each) => each.step === 'dialed' && each.leg === 'b')?.at;
  return {
    startedAt: Math.min(first.at, a?.startedAt ?? first.at),
    endedAt: a?.at ?? (outcome === 'refused' ? (last('refused')?.at ?? null) : null),
    stage: stageOf(ordered, a !== undefined || outcome === 'refused'),
    outcome,
    reason,
    party:
      ordered.flatMap((each) => ('party' in each && each.party !== null ? [each.party] : [])).at(-1) ?? null,
    pinAttempts: new Set(ordered.flatMap((each) => (isAttempt(each) ? [each.attempt] : []))).size,
    postDialDelay: rangAt == null || dialedAt === undefined ? null : Math.max(0, rangAt - dialedAt),
    talk: joinedAt === null || a === undefined ? null : Math.max(0, a.at - joinedAt),
    endedBy: a?.by ?? null,
  };
}

/**
 * By time, each once. Of what has one instant, what has to come before stays before; and nothing comes before the call
 * itself: a node's clock may be some milliseconds behind ours.
 */
export function inOrder(steps: readonly TraceStep[]): TraceStep[] {
  const once = new Map<string, TraceStep>();
  const begun = Math.min(...steps.flatMap(({ step, at }) => (step === 'received' ? [at] : [])));
  for (const each of steps) {
    const step = Number.isFinite(begun) && each.at < begun ? { ...each, at: begun } : each;
    const key = step.step === 'ended' ? `ended ${step.uuid}` : JSON.stringify(step);
    if (!once.has(key)) once.set(key, step);
  }
  return [...once.values()].sort((one, other) => one.at - other.at || RANK[one.step] - RANK[other.step]);
}

const RANK: Readonly<Record<TraceStep['step'], number>> = {
  received: 0,
  keyed: 1,
  decided: 2,
  claimed: 3,
  prompted: 4,
  dialed: 4,
  announced: 4,
  refused: 4,
  ringing: 5,
  answered: 6,
  joined: 7,
  ended: 8,
};

function isAttempt(step: TraceStep): step is Extract<TraceStep, { step: 'keyed' }> {
  return step.step === 'keyed' && step.result !== 'unplayable';
}

function outcomeOf(
  ordered: readonly TraceStep[],
  isJoined: boolean,
  a: Ended | undefined,
  b: Ended | undefined,
): [TraceOutcome | null, string | null] {
  if (isJoined) return ['connected', a?.cause ?? null];
  const led = ordered.findLast((each) => ['dialed', 'announced', 'refused'].includes(each.step));
  if (led?.step === 'refused') return ['refused', led.reason];
  if (led?.step === 'announced') return ['announced', led.announcement];
  if (a === undefined) return [null, null];
  // What befell B tells more than what we then told A.
  if (led !== undefined) return ['unanswered', b?.cause ?? a.cause];
  return isUnavailable(a) ? ['refused', 'unavailable'] : ['abandoned', a.cause];
}

/** No controller answered in time, and the caller heard so. */
export function isUnavailable({ ledTo }: Pick<LegEnd, 'ledTo'>): boolean {
  return ledTo === 'unavailable';
}

function stageOf(ordered: readonly TraceStep[], isOver: boolean): TraceStage {
  if (isOver) return 'ended';
  let stage: TraceStage = 'received';
  for (const each of ordered) {
    if (each.step === 'prompted' || each.step === 'keyed') stage = 'prompting';
    if (each.step === 'dialed') stage = 'dialing';
    if (each.step === 'joined') stage = 'connected';
    if (each.step === 'ringing' && each.leg === 'b') stage = 'ringing';
    if (each.step === 'answered' && each.leg === 'b') stage = 'whispering';
  }
  return stage;
}
