import type { Explanation } from '../../../src/api/explain/explanation.js';

export type CallStage =
  'received' | 'prompting' | 'dialing' | 'ringing' | 'whispering' | 'connected' | 'ended';
export type CallOutcome = 'connected' | 'unanswered' | 'announced' | 'refused' | 'abandoned';
export type Leg = 'a' | 'b';

/** One call as `Masking/Explain/Call/` lists it. Times ISO 8601. */
export interface CallTraceSummary {
  readonly call_uuid: string;
  readonly virtual_number: string;
  readonly node: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly direction: 'inbound' | 'outbound';
  readonly from_number: string | null;
  readonly session_uuid: string | null;
  readonly caller: 'first_party' | 'second_party' | null;
  readonly stage: CallStage;
  readonly outcome: CallOutcome | null;
  readonly reason: string | null;
  readonly explanation: string;
  readonly post_dial_delay_ms: number | null;
  readonly talk_ms: number | null;
  readonly pin_attempts: number;
  readonly ended_by: 'a' | 'b' | 'system' | null;
}

export type StepName =
  | 'received'
  | 'decided'
  | 'prompted'
  | 'keyed'
  | 'claimed'
  | 'dialed'
  | 'announced'
  | 'refused'
  | 'ringing'
  | 'answered'
  | 'joined'
  | 'ended';

export interface TraceStep {
  readonly at: string;
  readonly step: StepName;
  readonly leg: Leg | null;
  readonly text: string;
  readonly attempt?: number;
  readonly result?: string;
  readonly trunk?: string;
  readonly cause?: string;
  readonly sip_status?: number | null;
  readonly rule?: string;
}

export type Rules = Explanation['rules'];

export interface CallTrace extends CallTraceSummary {
  readonly steps: readonly TraceStep[];
  readonly rules: Rules;
}

/** What the live feed tells of a call: a step, and whose it is. */
export interface FeedStep extends TraceStep {
  readonly call_uuid: string;
  readonly virtual_number: string;
  readonly session_uuid: string | null;
  readonly node: string;
}
