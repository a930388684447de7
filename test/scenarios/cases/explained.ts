import { expect } from 'vitest';
import type { CallPlan, Lane } from '../bed.js';
import { PIN, pinSession, type Scenario } from '../scenario.js';

/** Asks what a call would come to, places it, and holds the one to the other. */
async function explainedCall(
  lane: Lane,
  plan: CallPlan,
  keyed: { readonly pin?: string } = {},
): Promise<Record<string, unknown>> {
  const before = (await lane.invites()).length;
  const told = await lane.explain({ from: plan.from, to: plan.to ?? lane.did, ...keyed });
  const call = await lane.call(plan);
  const rung = (await lane.invites()).slice(before).map(({ called }) => called.slice(1));
  expect(rung).toEqual(told['calls'] === null ? [] : [told['calls']]);
  // Whoever was asked for a PIN has been answered.
  const answered = told['outcome'] === 'connect' || told['pin'] !== null || told['outcome'] === 'ask_pin';
  expect(call.status).toBe(answered ? 200 : told['status']);
  return told;
}

/** What the API says would happen to a call is what happens to it. */
export const explained: Scenario[] = [
  {
    name: 'a party is connected, and said to be',
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const plan = { from: lane.first, steps: [{ wait: 600 }, { hangup: true }] } as const;
      expect(await explainedCall(lane, plan)).toMatchObject({
        ...{ outcome: 'connect', rule: 'known-caller', session_uuid: session.id, caller: 'first_party' },
      });
    },
  },
  {
    name: 'a right and a wrong PIN, neither of which is counted by the question',
    async run(lane) {
      const session = await lane.session(pinSession(lane, { pin_retry: 0 }));
      const asked = { from: lane.stranger, to: lane.did };
      for (let times = 0; times < 25; times += 1) await lane.explain({ ...asked, pin: '0000' });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200, talkMs: 500 });
      const keying = (pin: string): CallPlan => ({
        from: lane.stranger,
        steps: [{ wait: 1_500 }, { press: pin }],
      });
      expect(await lane.explain(asked)).toMatchObject({ outcome: 'ask_pin', rule: 'pin', pin: null });
      expect(await explainedCall(lane, keying(PIN), { pin: PIN })).toMatchObject({
        ...{ outcome: 'connect', pin: 'right', session_uuid: session.id, caller: 'first_party' },
      });
      expect(await explainedCall(lane, keying('0000'), { pin: '0000' })).toMatchObject({
        ...{ outcome: 'announce', pin: 'wrong', session_uuid: null },
      });
    },
  },
  {
    name: 'a session that is in a call is busy for both',
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const running = lane.call({ from: lane.first, steps: [{ wait: 4_000 }, { hangup: true }] });
      await lane.running(session.id);
      const told = await lane.explain({ from: lane.second, to: lane.did });
      expect(told).toMatchObject({ outcome: 'refuse', status: 486, session_uuid: session.id });
      expect((await lane.call({ from: lane.second })).status).toBe(told['status']);
      await running;
    },
  },
  {
    name: 'strangers, withheld callers and numbers that are not ours are told why',
    async run(lane) {
      await lane.session();
      expect(await explainedCall(lane, { from: lane.stranger })).toMatchObject({
        ...{ outcome: 'announce', rule: 'not-in-service', status: 404 },
      });
      expect(await explainedCall(lane, { from: 'anonymous' })).toMatchObject({
        rules: expect.arrayContaining([
          expect.objectContaining({ rule: 'known-caller', decided: false }),
        ]) as unknown,
      });
      const nobodys = `${lane.did.slice(0, -2)}99`;
      expect(await explainedCall(lane, { from: lane.first, to: nobodys })).toMatchObject({
        ...{ outcome: 'refuse', rule: 'number-in-service', status: 404 },
      });
    },
  },
];
