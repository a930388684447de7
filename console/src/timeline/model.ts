import type { CallTrace, Leg, TraceStep } from '../api/trace.js';

export type Lane = 'a' | 'system' | 'b';
export type SpanKind =
  'waiting' | 'prompt' | 'announcement' | 'dialing' | 'ringing' | 'answered' | 'talk' | 'failed';

/** Something that lasted. Milliseconds since the beginning of the call. */
export interface Span {
  readonly lane: Lane;
  readonly kind: SpanKind;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  /** It still goes on. */
  readonly isOpen: boolean;
}

/** Something that happened at a moment. */
export interface Mark {
  readonly lane: Lane;
  readonly at: number;
  readonly label: string;
  readonly isBad: boolean;
}

export interface Timeline {
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
  /** Milliseconds from the beginning to the end, or to now. */
  readonly length: number;
  /** Until the two were joined, or until the end where they were not. */
  readonly setup: number;
}

interface Draft {
  readonly lane: Lane;
  readonly kind: SpanKind;
  readonly from: number;
  readonly label: string;
}

/** What the lanes of a call's timeline show. `now`: where a call that runs ends, milliseconds since the epoch. */
export function timelineOf(trace: CallTrace, now: number): Timeline {
  const begin = Date.parse(trace.started_at);
  const last = trace.steps.reduce((latest, { at }) => Math.max(latest, Date.parse(at)), begin);
  const isOver = trace.ended_at !== null;
  const end = Math.max(last, isOver ? Date.parse(trace.ended_at) : now);
  const open = new Map<Lane, Draft>();
  const spans: Span[] = [];
  const marks: Mark[] = [];

  const close = (lane: Lane, at: number, kind?: SpanKind): void => {
    const draft = open.get(lane);
    open.delete(lane);
    // What lasted no time is told by its mark.
    if (draft === undefined || at <= draft.from) return;
    spans.push({ ...draft, kind: kind ?? draft.kind, to: at, isOpen: false });
  };
  const begins = (lane: Lane, kind: SpanKind, from: number, label: string): void => {
    const before = open.get(lane);
    if (before?.kind === kind && before.label === label) return;
    close(lane, from);
    open.set(lane, { lane, kind, from, label });
  };

  for (const step of trace.steps) {
    const at = Date.parse(step.at) - begin;
    const lane = laneOf(step, trace.direction);
    marks.push({ lane, at, label: step.text, isBad: isBad(step) });
    switch (step.step) {
      case 'received':
        begins('a', 'waiting', at, 'waits, not answered');
        break;
      case 'prompted':
        // Nobody hears a prompt before the answer, which may be told only with the leg's end.
        if (open.get('a')?.kind === 'waiting') begins('a', 'answered', at, 'answered');
        begins('system', 'prompt', at, step.attempt === undefined ? 'PIN' : `PIN, attempt ${step.attempt}`);
        break;
      case 'keyed':
        close('system', at, isBad(step) ? 'failed' : undefined);
        break;
      case 'announced':
        begins('system', 'announcement', at, 'announcement');
        break;
      case 'dialed':
        begins(lane, 'dialing', at, `dialing, ${(step.trunks ?? []).join(', then ')}`);
        break;
      case 'ringing':
        begins(lane, 'ringing', at, 'ringing');
        break;
      case 'answered':
        begins(lane, 'answered', at, lane === 'a' ? 'answered' : 'hears an announcement');
        break;
      case 'joined':
        close('system', at);
        begins('a', 'talk', at, 'talk');
        begins('b', 'talk', at, 'talk');
        break;
      case 'ended':
        // What was dialed and never rang failed; a B leg may be followed by another one.
        if (step.leg === 'b') close('b', at, open.get('b')?.kind === 'dialing' ? 'failed' : undefined);
        else for (const each of ['a', 'system'] as const) close(each, at);
        break;
      case 'decided':
      case 'claimed':
      case 'refused':
        break;
    }
  }
  const length = Math.max(1, end - begin);
  for (const draft of open.values()) {
    if (length > draft.from) spans.push({ ...draft, to: length, isOpen: !isOver });
  }
  const joined = trace.steps.find(({ step }) => step === 'joined');
  const setup = joined === undefined ? length : Math.max(1, Date.parse(joined.at) - begin);
  return { spans, marks, length, setup };
}

/** The post-dial delay that led to the ringing: from the last dialing before it. Null when nothing rang. */
export function postDialDelay(trace: CallTrace): { readonly from: number; readonly to: number } | null {
  const ringing = trace.steps.findIndex(({ step, leg }) => step === 'ringing' && leg !== 'a');
  const dialed = trace.steps.slice(0, Math.max(0, ringing)).findLast(({ step }) => step === 'dialed');
  const rings = trace.steps[ringing];
  if (dialed === undefined || rings === undefined) return null;
  const begin = Date.parse(trace.started_at);
  return { from: Date.parse(dialed.at) - begin, to: Date.parse(rings.at) - begin };
}

function laneOf({ step, leg }: TraceStep, direction: CallTrace['direction']): Lane {
  if (step === 'prompted' || step === 'announced') return 'system';
  const natural: Partial<Record<TraceStep['step'], Leg>> = {
    received: 'a',
    keyed: 'a',
    dialed: direction === 'outbound' ? 'a' : 'b',
    ringing: 'b',
    answered: 'b',
  };
  return leg ?? natural[step] ?? 'system';
}

/** Causes of legs that ended as legs do. */
const USUAL_ENDS = new Set(['NORMAL_CLEARING', 'ORIGINATOR_CANCEL', 'MANAGER_REQUEST', 'LOSE_RACE']);

/** Whether a step is why the call did not come about. */
function isBad({ step, result, cause }: TraceStep): boolean {
  if (step === 'refused') return true;
  if (step === 'keyed') return result !== 'matched' && result !== 'asked';
  if (step === 'claimed') return result !== 'begun';
  return step === 'ended' && cause !== undefined && !USUAL_ENDS.has(cause);
}
