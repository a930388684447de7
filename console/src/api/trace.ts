import type { z } from 'zod';

import type { Explanation } from '../../../src/api/explain/explanation.js';
import type { CALL_TRACE, TRACE_SUMMARY, TraceStepObject } from '../../../src/api/explain/trace-object.js';

/** One call as `Masking/Explain/Call/` lists it. Times ISO 8601. */
export type CallTraceSummary = Readonly<z.infer<typeof TRACE_SUMMARY>>;
export type CallTrace = Readonly<z.infer<typeof CALL_TRACE>>;
export type TraceStep = Readonly<TraceStepObject>;
export type CallStage = CallTraceSummary['stage'];
export type CallOutcome = NonNullable<CallTraceSummary['outcome']>;
export type StepName = TraceStep['step'];
export type Leg = NonNullable<TraceStep['leg']>;
export type Rules = Explanation['rules'];

/** What the live feed tells of a call: a step, and whose it is. */
export interface FeedStep extends TraceStep {
  readonly call_uuid: string;
  readonly virtual_number: string | null;
  readonly session_uuid: string | null;
  readonly node: string;
}
