import { describe, expect, it } from 'vitest';
import type { Audit, AuditedCall } from '../../faults/lib/audit.js';
import { failuresOf, groupOf, judge, type Bounds } from '../../faults/lib/verdict.js';
import { aCall } from './calls.js';

const TIMES = { struckAt: 10_000, healedAt: 18_000 };
const BOUNDS: Bounds = {
  received: 'told',
  prompting: 'told',
  dialing: 'kept',
  ringing: 'kept',
  connected: 'kept',
  ending: 'kept',
  during: 'lost',
};

function audited(call: AuditedCall['call'], changes: Partial<AuditedCall> = {}): AuditedCall {
  return {
    call,
    expected: call.timeline.bInvited !== null,
    written: true,
    twice: false,
    wrongLength: false,
    callbacksExpected: 3,
    callbacksDelivered: 3,
    untold: [],
    ...changes,
  };
}

function anAudit(calls: readonly AuditedCall[], changes: Partial<Audit> = {}): Audit {
  return {
    calls,
    strangers: 0,
    callbackGaps: 0,
    events: {},
    wrong: 0,
    channels: 0,
    live: 0,
    stuckSessions: 0,
    completeAfterMs: 0,
    ...changes,
  };
}

function refused(invited: number): AuditedCall['call'] {
  const call = aCall({ invited, ended: invited + 5_000 });
  call.endedBy = 'freeswitch';
  return call;
}

describe('which group a call is in', () => {
  it.each([
    ['before', { invited: 0, ended: 5_000 }],
    ['received', { invited: 9_999 }],
    ['connected', { invited: 0, bInvited: 1, bRinging: 2, answered: 3, bAnswered: 3 }],
    ['during', { invited: 10_001 }],
    // What is broken may take a moment to be as before.
    ['during', { invited: 23_000 }],
    ['after', { invited: 23_001 }],
  ] as const)('%s', (group, timeline) => {
    expect(groupOf(aCall(timeline), TIMES)).toBe(group);
  });
});

describe('what fails a run', () => {
  const failures = (calls: readonly AuditedCall[], changes: Partial<Audit> = {}): string[] => {
    const audit = anAudit(calls, changes);
    return failuresOf(judge(audit, TIMES, BOUNDS), audit);
  };

  it('nothing, when a call fared no worse than its stage allows', () => {
    expect(failures([audited(refused(9_999)), audited(aCall({ invited: 12_000 }))])).toEqual([]);
  });

  it('a call of after the repair that was refused', () => {
    expect(failures([audited(refused(30_000))])).toEqual(['1 calls (after) were not kept']);
  });

  it('a call that rang and was lost', () => {
    const call = aCall({ bInvited: 100, bRinging: 9_000 });
    expect(failures([audited(call)])).toEqual(['1 calls (ringing) were not kept']);
  });

  it.each<[string, Partial<AuditedCall>]>([
    ['1 interactions were not written', { expected: true, written: false }],
    ['2 callbacks were not delivered', { callbacksDelivered: 1 }],
    ['1 calls were written twice', { twice: true }],
    ['1 calls were written with a wrong length', { wrongLength: true }],
  ])('%s', (failure, changes) => {
    expect(failures([audited(aCall({ invited: 12_000 }), changes)])).toEqual([failure]);
  });

  it.each<[string, Partial<Audit>]>([
    ['1 wrong connections', { wrong: 1 }],
    ['1 interactions belong to no call', { strangers: 1 }],
    ['1 numbers are missing in the sequences of callbacks', { callbackGaps: 1 }],
    ['2 channels are stuck on FreeSWITCH', { channels: 2 }],
    ['1 interactions are still said to run', { live: 1 }],
    ['1 sessions are stuck in progress', { stuckSessions: 1 }],
  ])('%s', (failure, changes) => {
    expect(failures([], changes)).toEqual([failure]);
  });
});
