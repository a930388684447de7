import { z } from 'zod';

import { inOrder, TRACE_OUTCOMES, type TraceStep } from '../../calls/call-trace.js';
import { digitsOf } from '../../masking/phone-number.js';
import { CALL_RULES } from '../../masking/resolve.js';
import type { CallTrace } from '../../store/index.js';
import { partyName, RULES, rulesObject } from './explanation.js';
import { sentenceOf, stepText } from './trace-texts.js';

const STEPS = [
  'received',
  'decided',
  'prompted',
  'keyed',
  'claimed',
  'dialed',
  'announced',
  'refused',
  'ringing',
  'answered',
  'joined',
  'ended',
] as const;

const STAGES = ['received', 'prompting', 'dialing', 'ringing', 'whispering', 'connected', 'ended'] as const;

/** With milliseconds, UTC: steps of a call lie close together. */
const INSTANT = z.iso.datetime({ precision: 3 });

export const TRACE_STEP = z
  .object({
    at: INSTANT,
    step: z.enum(STEPS),
    leg: z.enum(['a', 'b']).nullable().describe('`a`: who called, or was called first.'),
    text: z.string().describe('What happened, in a sentence.'),
    attempt: z.int().optional(),
    result: z.string().optional().describe('Of a `keyed` or `claimed` step.'),
    rule: z.enum(CALL_RULES).optional(),
    trunks: z.array(z.string()).optional(),
    trunk: z.string().optional(),
    cause: z.string().optional().describe('FreeSWITCH’s hangup cause.'),
    sip_status: z.int().nullable().optional(),
  })
  .meta({ id: 'TraceStep' });

export type TraceStepObject = z.infer<typeof TRACE_STEP>;

export const TRACE_SUMMARY = z
  .object({
    call_uuid: z.string(),
    virtual_number: z.string().nullable().describe('Digits; null when what was dialled is none of ours.'),
    node: z.string(),
    direction: z.enum(['inbound', 'outbound']).describe('`outbound`: the first party was called.'),
    from_number: z.string().nullable().describe('`anonymous` when withheld; null when not known.'),
    session_uuid: z.string().nullable(),
    caller: z.enum(['first_party', 'second_party']).nullable(),
    started_at: INSTANT,
    ended_at: INSTANT.nullable(),
    stage: z.enum(STAGES),
    outcome: z.enum(TRACE_OUTCOMES).nullable().describe('Null while it is open.'),
    reason: z.string().nullable(),
    explanation: z.string().describe('Why it went the way it did, in a sentence.'),
    post_dial_delay_ms: z.int().nullable(),
    talk_ms: z.int().nullable(),
    pin_attempts: z.int(),
    ended_by: z.enum(['a', 'b', 'system']).nullable(),
  })
  .meta({ id: 'CallTraceSummary' });

export const CALL_TRACE = z
  .object({
    ...TRACE_SUMMARY.shape,
    rules: RULES.describe(
      'The rules that were asked, in their order; the last one decided. Empty for a call of ours.',
    ),
    steps: z.array(TRACE_STEP),
  })
  .meta({ id: 'CallTrace' });

export function traceSummary(trace: CallTrace): z.infer<typeof TRACE_SUMMARY> {
  const { call, caller, steps, summary } = trace;
  // Only of a call that we began is the A leg dialed.
  const isOurs = steps.some((each) => each.step === 'dialed' && each.leg === 'a');
  return {
    call_uuid: call.id,
    virtual_number: call.number === null ? null : digitsOf(call.number),
    node: call.node,
    direction: isOurs ? 'outbound' : 'inbound',
    from_number: caller === null ? null : caller.kind === 'anonymous' ? 'anonymous' : caller.number,
    session_uuid: call.sessionId,
    caller: summary.party === null ? null : partyName(summary.party),
    started_at: instant(summary.startedAt),
    ended_at: summary.endedAt === null ? null : instant(summary.endedAt),
    stage: summary.stage,
    outcome: summary.outcome,
    reason: summary.reason,
    explanation: sentenceOf(trace),
    post_dial_delay_ms: summary.postDialDelay,
    talk_ms: summary.talk,
    pin_attempts: summary.pinAttempts,
    ended_by: summary.endedBy,
  };
}

export function traceObject(trace: CallTrace): z.infer<typeof CALL_TRACE> {
  const decided = trace.steps.findLast((each) => each.step === 'decided');
  return {
    ...traceSummary(trace),
    rules: decided === undefined ? [] : rulesObject(decided.rule, decided.passed),
    steps: withHeard(trace.steps).map(stepObject),
  };
}

export function stepObject(step: TraceStep): TraceStepObject {
  return {
    at: instant(step.at),
    step: step.step,
    leg: 'leg' in step ? step.leg : null,
    text: stepText(step),
    ...('attempt' in step ? { attempt: step.attempt } : {}),
    ...('result' in step ? { result: step.result } : {}),
    ...('rule' in step ? { rule: step.rule } : {}),
    ...('trunks' in step ? { trunks: [...step.trunks] } : {}),
    ...('trunk' in step && step.trunk !== '' ? { trunk: step.trunk } : {}),
    ...('cause' in step && step.cause !== '' ? { cause: step.cause } : {}),
    ...('sipStatus' in step ? { sip_status: step.sipStatus } : {}),
  };
}

/** What nobody was there to hear while a leg was up is known from its record. */
function withHeard(steps: readonly TraceStep[]): TraceStep[] {
  const heard = (step: 'ringing' | 'answered', leg: 'a' | 'b'): boolean =>
    steps.some((each) => each.step === step && each.leg === leg);
  const missing: TraceStep[] = [];
  for (const end of steps) {
    if (end.step !== 'ended') continue;
    const { leg, ringingAt, answeredAt, bridgedAt } = end;
    if (leg === 'b' && ringingAt !== null && !heard('ringing', leg)) {
      missing.push({ step: 'ringing', leg, at: ringingAt });
    }
    if (answeredAt !== null && !heard('answered', leg))
      missing.push({ step: 'answered', leg, at: answeredAt });
    if (leg === 'a' && bridgedAt !== null && !steps.some((each) => each.step === 'joined')) {
      missing.push({ step: 'joined', at: bridgedAt });
    }
  }
  return inOrder([...steps, ...missing]);
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
