import { expect } from 'vitest';
import type { CallOutcome, InviteSeen, Lane } from '../bed.js';
import { formsOf, tellingHeaders } from '../../helpers/traces.js';
import { PIN, pinSession, type Scenario } from '../scenario.js';

function expectNoTrace(where: string, messages: string, number: string): void {
  for (const form of formsOf(number)) {
    const at = messages.indexOf(form);
    const line = at < 0 ? '' : (messages.slice(0, at).split('\n').length - 1).toString();
    expect(at, `${where}: a trace of the other party, line ${line} of:\n${messages}`).toBe(-1);
  }
}

function expectPrivate(
  lane: Lane,
  call: CallOutcome,
  invites: readonly InviteSeen[],
  a: string,
  b: string,
): void {
  expect(invites.length, lane.did).toBeGreaterThan(0);
  // The scan can only find what it was shown: both sides' messages must be there.
  expect(call.received).toMatch(/^SIP\/2\.0 /m);
  for (const invite of invites) {
    expect(invite.received).toMatch(/^INVITE /m);
    expectNoTrace('B', invite.received, a);
  }
  expectNoTrace('A', call.received, b);
}

export const privacy: Scenario[] = [
  {
    name: 'nothing of A reaches B, nothing of B reaches A, through a whole call that A ends',
    async run(lane) {
      const session = await lane.session({ record: true, record_file_format: 'wav' });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 500 });
      const call = await lane.call({
        from: lane.first,
        displayName: `Anna ${lane.first.slice(1)}`,
        headers: tellingHeaders(lane.first),
        steps: [{ wait: 1500 }, { hangup: true }],
      });
      expect(call.status).toBe(200);
      expectPrivate(lane, call, await lane.invites(), lane.first, lane.second);
      await lane.interactions(session.id, 1);
    },
  },
  {
    name: 'nothing leaks when B ends the call',
    async run(lane) {
      await lane.session();
      await lane.callee(lane.first, { kind: 'answer', afterMs: 300, talkMs: 1000 });
      const call = await lane.call({ from: lane.second, headers: tellingHeaders(lane.second) });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      expectPrivate(lane, call, await lane.invites(), lane.second, lane.first);
    },
  },
  ...([486, 603, 480, 503] as const).map((status): Scenario => ({
    name: `nothing of B reaches A in a failure after B's ${status}`,
    async run(lane) {
      await lane.session();
      await lane.callee(lane.second, { kind: 'refuse', status, afterMs: 200 });
      // After a 503 the next trunk is tried, which may have a phone that answers: then A hangs up.
      const call = await lane.call({
        from: lane.first,
        headers: tellingHeaders(lane.first),
        steps: [{ wait: 500 }, { hangup: true }],
      });
      expectPrivate(lane, call, await lane.invites(), lane.first, lane.second);
    },
  })),
  {
    name: 'nothing leaks when A gives up while B rings',
    async run(lane) {
      await lane.session();
      await lane.callee(lane.second, { kind: 'ring' });
      const call = await lane.call({
        from: lane.first,
        headers: tellingHeaders(lane.first),
        cancelAfterRingingMs: 500,
      });
      expect(call.status).toBe(487);
      expectPrivate(lane, call, await lane.invites(), lane.first, lane.second);
    },
  },
  {
    name: 'a call that we start shows neither party anything of the other',
    async run(lane) {
      await lane.callee(lane.first, { kind: 'answer', afterMs: 200 });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200, talkMs: 800 });
      const session = await lane.session({ initiate_call_to_first_party: true });
      await lane.interactions(session.id, 1);
      const invites = await lane.invites();
      expect(invites.map((invite) => invite.called)).toEqual([lane.first, lane.second]);
      for (const invite of invites) {
        expect(invite.received).toMatch(/^INVITE /m);
        expectNoTrace(
          invite.called,
          invite.received,
          invite.called === lane.first ? lane.second : lane.first,
        );
      }
    },
  },
  {
    name: 'a stranger with a PIN stays a stranger to B, and B to them',
    async run(lane) {
      await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 300 });
      const call = await lane.call({
        from: lane.stranger,
        headers: tellingHeaders(lane.stranger),
        steps: [{ wait: 1500 }, { press: PIN }, { wait: 2500 }, { hangup: true }],
      });
      const invites = await lane.invites();
      expectPrivate(lane, call, invites, lane.stranger, lane.second);
      for (const invite of invites) expectNoTrace('B', invite.received, lane.first);
    },
  },
];
