import type { CallStage, CallTraceSummary, FeedStep, StepName } from '../api/trace.js';

/** The stage that a step begins; others change none. */
const STAGES: Partial<Record<StepName, CallStage>> = {
  received: 'received',
  prompted: 'prompting',
  dialed: 'dialing',
  ringing: 'ringing',
  joined: 'connected',
};

/**
 * The calls after `step`, so that a stage is seen before the list comes. A step of a call that is not there, or an end, is
 * left to the list: only that tells who called, and what became of it.
 */
export function advanced(calls: readonly CallTraceSummary[], step: FeedStep): readonly CallTraceSummary[] {
  return calls.map((call) => (call.call_uuid === step.call_uuid ? after(call, step) : call));
}

function after(call: CallTraceSummary, { step, leg, at }: FeedStep): CallTraceSummary {
  if (call.stage === 'ended') return call;
  // A B leg that ends may be followed by one through another trunk.
  if (step === 'ended' && leg !== 'b') return { ...call, stage: 'ended', ended_at: at };
  const stage = STAGES[step];
  return stage === undefined ? call : { ...call, stage };
}
