import { LoadCall, type CallScript, type Timeline } from '../../faults/lib/call.js';
import type { LoadLane } from '../../faults/lib/lanes.js';

const SCRIPT: CallScript = {
  from: '+447000000071',
  to: '+4915000000052',
  pin: '',
  dialMs: 100,
  ringMs: 1_000,
  talkMs: 5_000,
  hangUpBy: 'a',
};

const LANE: LoadLane = {
  index: 0,
  kind: 'registered',
  did: '+15552000000',
  first: SCRIPT.from,
  second: SCRIPT.to,
  stranger: '+33600000003',
  firstPin: '',
  secondPin: '',
  record: '',
  sessionId: 'session',
  current: null,
};

/** A call whose INVITE was at 0, unless said otherwise. */
export function aCall(timeline: Partial<Timeline>, id = 1): LoadCall {
  const call = new LoadCall(id, LANE, SCRIPT);
  Object.assign(call.timeline, { invited: 0 }, timeline);
  return call;
}
