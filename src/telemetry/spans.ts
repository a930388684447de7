import { createHash } from 'node:crypto';

import type { CallbackTried } from '../callbacks/courier.js';
import { isUnavailable } from '../calls/call-trace.js';
import type { UnmarkedLeg } from '../calls/node-link.js';
import type { LegAddress } from '../calls/ports.js';
import type { Question } from '../freeswitch/question.js';
import type { QuestionTaken } from '../freeswitch/question-exchange.js';
import { causeName } from '../masking/hangup-cause.js';
import type { LegRecord } from '../masking/interaction.js';
import type { AnsweredRequest } from './metrics.js';

/**
 * A span as OpenTelemetry has it, and nothing of its SDK. Not to be mixed up with a step of a call's trace
 * (calls/call-trace.ts), which is the product's own and holds more. No attribute ever holds a number, a digit that
 * was keyed, or a URL.
 */
export interface SpanFacts {
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  /** 32 hexadecimal digits; null for a trace of its own. */
  readonly traceId: string | null;
  /** 16 hexadecimal digits; null for any. */
  readonly id: string | null;
  readonly parent: SpanParent | null;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly { readonly name: string; readonly at: number }[];
  readonly isFailure: boolean;
}

export interface SpanParent {
  readonly id: string;
  /** Null where the sampler is to be asked, which says of one trace the same everywhere. */
  readonly isSampled: boolean | null;
}

/** A script of the store that ran for a question. */
export interface ScriptRun {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly isFailure: boolean;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Where the spans of a call belong; they meet there, whichever controllers they come from. Null for what is no UUID. */
function placeIn(call: string): { readonly traceId: string; readonly root: string } | null {
  const id = call.toLowerCase();
  return UUID.test(id) ? { traceId: id.replaceAll('-', ''), root: spanId('call', id) } : null;
}

function spanId(what: string, uuid: string): string {
  return createHash('sha256').update(`${what}\0${uuid}`).digest('hex').slice(0, 16);
}

/** A leg that was written, and with the A leg the call itself. */
export function legSpans(leg: LegRecord, { interactionId, sessionId, node }: LegAddress): SpanFacts[] {
  const outcome = leg.bridgedAt === null ? 'unanswered' : 'connected';
  const about = { call: interactionId, node, attributes: { 'maskline.session': sessionId } };
  const spans = legSpan(about, leg);
  return leg.role === 'a' ? [...callSpan({ ...about, outcome }, leg), ...spans] : spans;
}

/** A call that led to nobody. */
export function nowhereSpans(leg: LegRecord, unmarked: UnmarkedLeg): SpanFacts[] {
  const about = { call: unmarked.uuid, node: unmarked.node, attributes: {} };
  return [...callSpan({ ...about, outcome: outcomeOf(unmarked) }, leg), ...legSpan(about, leg)];
}

function outcomeOf(unmarked: UnmarkedLeg): string {
  if (unmarked.ledTo === 'refuse' || isUnavailable(unmarked)) return 'refused';
  return unmarked.ledTo === 'announce' ? 'announced' : 'abandoned';
}

interface About {
  readonly call: string;
  readonly node: string;
  readonly attributes: SpanFacts['attributes'];
}

function callSpan(
  { call, node, attributes, outcome }: About & { outcome: string },
  leg: LegRecord,
): SpanFacts[] {
  const place = placeIn(call);
  if (place === null) return [];
  return [
    {
      ...{ name: 'call', kind: 'server', traceId: place.traceId, id: place.root, parent: null },
      ...{ start: leg.startedAt, end: leg.endedAt, events: [], isFailure: false },
      attributes: {
        ...{ 'maskline.call': call, 'maskline.node': node, ...attributes, 'maskline.outcome': outcome },
        ...{ 'maskline.cause': causeName(leg.cause), 'maskline.ended_by': leg.endedBy, ...trunkOf(leg) },
      },
    },
  ];
}

function legSpan({ call, node, attributes }: About, leg: LegRecord): SpanFacts[] {
  const moments = [
    { name: 'ringing', at: leg.ringingAt },
    { name: 'answered', at: leg.answeredAt },
    { name: 'joined', at: leg.bridgedAt },
  ];
  return childOf(call, {
    ...{ name: `leg ${leg.role}`, kind: leg.role === 'a' && leg.trunk === '' ? 'internal' : 'client' },
    ...{ id: spanId('leg', leg.uuid), start: leg.startedAt, end: leg.endedAt, isFailure: false },
    events: moments.flatMap(({ name, at }) => (at === null ? [] : [{ name, at }])),
    attributes: {
      ...{ 'maskline.call': call, 'maskline.leg': leg.uuid, 'maskline.node': node, ...attributes },
      ...{ 'maskline.leg.role': leg.role, 'maskline.leg.party': leg.party, ...trunkOf(leg) },
      ...{ 'maskline.cause': causeName(leg.cause), 'maskline.ended_by': leg.endedBy },
      ...(leg.sipStatus === null ? {} : { 'sip.response.status_code': leg.sipStatus }),
    },
  });
}

function trunkOf({ trunk }: LegRecord): SpanFacts['attributes'] {
  return trunk === '' ? {} : { 'maskline.trunk': trunk };
}

/** A question whose connection has ended at `end` (milliseconds since the epoch), with the scripts that ran for it. */
export function questionSpans(
  { outcome, elapsedMs, next }: QuestionTaken,
  { uuid, kind, node, attempt }: Question,
  scripts: readonly ScriptRun[],
  end: number,
): SpanFacts[] {
  const start = end - elapsedMs;
  const id = spanId('question', `${uuid} ${kind} ${attempt} ${start}`);
  const [question] = childOf(uuid, {
    ...{ name: `question ${kind}`, kind: 'server', id, start, end, events: [] },
    isFailure: outcome === 'fallback',
    attributes: {
      'maskline.call': uuid,
      'maskline.node': node,
      'maskline.question.kind': kind,
      'maskline.question.outcome': outcome,
      ...(next === null ? {} : { 'maskline.question.next': next }),
    },
  });
  return question === undefined
    ? []
    : [question, ...scripts.map((script) => scriptSpan(script, question.traceId, id))];
}

function scriptSpan(run: ScriptRun, traceId: string | null, question: string): SpanFacts {
  const { name, start, end, isFailure } = run;
  return {
    ...{ name: `redis ${name}`, kind: 'client', id: null, start, end, events: [], isFailure },
    ...{ traceId, parent: { id: question, isSampled: null } },
    attributes: { 'db.system.name': 'redis', 'db.operation.name': name },
  };
}

/** An attempt to tell a receiver; in a trace of its own when what it tells is about a session alone. */
export function callbackSpans(tried: CallbackTried): SpanFacts[] {
  const { result, code, event, status, at, durationMs, call } = tried;
  const span: Child = {
    ...{ name: 'callback', kind: 'client', id: null, start: at, end: at + durationMs, events: [] },
    isFailure: result !== 'delivered',
    attributes: {
      ...(call === null ? {} : { 'maskline.call': call }),
      'maskline.callback.result': result,
      'maskline.callback.event': event,
      ...(status === null ? {} : { 'http.response.status_code': status }),
      ...(code === null ? {} : { 'error.type': code }),
    },
  };
  return call === null ? [{ ...span, traceId: null, parent: null }] : childOf(call, span);
}

/** A request to the API that was answered at `end`, in milliseconds since the epoch. */
export function requestSpan(
  { method, route, status, elapsedMs, traceparent }: AnsweredRequest,
  end: number,
): SpanFacts {
  const [, traceId = null, parent, flags = '00'] = TRACEPARENT.exec(traceparent) ?? [];
  return {
    ...{ name: `${method} ${route}`, kind: 'server', traceId, id: null },
    parent: parent === undefined ? null : { id: parent, isSampled: (Number.parseInt(flags, 16) & 1) === 1 },
    ...{ start: end - elapsedMs, end, events: [], isFailure: status >= 500 },
    attributes: { 'http.request.method': method, 'http.route': route, 'http.response.status_code': status },
  };
}

type Child = Omit<SpanFacts, 'traceId' | 'parent'>;

function childOf(call: string, span: Child): SpanFacts[] {
  const place = placeIn(call);
  if (place === null) return [];
  return [{ ...span, traceId: place.traceId, parent: { id: place.root, isSampled: null } }];
}
