import { expect } from 'vitest';
import type { CallPlan, Lane } from '../bed.js';
import { PIN, pinSession, type Scenario } from '../scenario.js';

/** What becomes of calls that were said to come to this. */
const BECOMES: Readonly<Record<string, readonly string[]>> = {
  connect: ['connected', 'unanswered'],
  announce: ['announced'],
  refuse: ['refused'],
};

/**
 * Asks what a call would come to, places it, and holds the one to the other; and to what is then said of it.
 * `calls`: how many calls of this caller there will be then.
 */
async function explainedCall(
  lane: Lane,
  plan: CallPlan,
  keyed: { readonly pin?: string } = {},
  calls = 1,
): Promise<Record<string, unknown>> {
  const before = (await lane.invites()).length;
  const told = await lane.explain({ from: plan.from, to: plan.to ?? lane.did, ...keyed });
  const call = await lane.call(plan);
  const rung = (await lane.invites()).slice(before).map(({ called }) => called.slice(1));
  expect(rung).toEqual(told['calls'] === null ? [] : [told['calls']]);
  // Whoever was asked for a PIN has been answered.
  const answered = told['outcome'] === 'connect' || told['pin'] !== null || told['outcome'] === 'ask_pin';
  expect(call.status).toBe(answered ? 200 : told['status']);
  const past = await lane.past(plan.from === 'anonymous' ? { to: lane.did } : { from: plan.from }, calls);
  expect(BECOMES[String(told['outcome'])]).toContain(past['outcome']);
  expect(past).toMatchObject({
    rules: told['rules'],
    session_uuid: told['session_uuid'],
    caller: told['caller'],
  });
  expect(JSON.stringify(past['steps'])).not.toContain(plan.from);
  return told;
}

function stepsOf(past: Record<string, unknown>): readonly Record<string, unknown>[] {
  return past['steps'] as readonly Record<string, unknown>[];
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
      expect(await explainedCall(lane, keying('0000'), { pin: '0000' }, 2)).toMatchObject({
        ...{ outcome: 'announce', pin: 'wrong', session_uuid: null },
      });
      const wrong = await lane.past({ from: lane.stranger }, 2);
      expect(wrong).toMatchObject({
        outcome: 'announced',
        reason: 'wrong-pin',
        pin_attempts: 1,
        stage: 'ended',
      });
      // When the leg answered is told by FreeSWITCH's clock, which may be some milliseconds behind.
      const steps = stepsOf(wrong).map(({ step }) => step);
      expect(steps).toContain('answered');
      expect(steps.filter((step) => step !== 'answered')).toEqual([
        ...['received', 'decided', 'prompted', 'keyed', 'announced', 'ended'],
      ]);
      expect(steps[0]).toBe('received');
      expect(JSON.stringify(wrong)).not.toMatch(/0000(?!Z)/);
    },
  },
  {
    name: 'a call is told step by step, and who ended it',
    async run(lane) {
      await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 300, talkMs: 700 });
      await lane.call({ from: lane.first, steps: [{ wait: 5_000 }, { hangup: true }] });
      const past = await lane.past({ from: lane.first }, 1);
      expect(past).toMatchObject({
        outcome: 'connected',
        ended_by: 'b',
        stage: 'ended',
        direction: 'inbound',
      });
      expect(Number(past['talk_ms'])).toBeGreaterThan(300);
      expect(Number(past['post_dial_delay_ms'])).toBeGreaterThanOrEqual(0);
      const steps = stepsOf(past).map(({ step, leg }) => `${String(step)} ${String(leg)}`);
      for (const one of [
        'received null',
        'decided null',
        'claimed null',
        'dialed b',
        'ringing b',
        'answered b',
      ]) {
        expect(steps).toContain(one);
      }
      expect(steps.filter((step) => step.startsWith('ended')).sort()).toEqual(['ended a', 'ended b']);
      const instants = stepsOf(past).map(({ at }) => Date.parse(String(at)));
      expect(instants).toEqual(instants.toSorted((one, other) => one - other));
    },
  },
  {
    name: 'a phone that is busy, and a caller who gives up at the prompt, are told so',
    async run(lane) {
      await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'refuse', status: 486, afterMs: 200 });
      await lane.call({ from: lane.first, cancelAfterMs: 15_000 });
      expect(await lane.past({ from: lane.first }, 1)).toMatchObject({
        outcome: 'unanswered',
        reason: 'USER_BUSY',
      });
      await lane.call({ from: lane.stranger, steps: [{ wait: 1_200 }, { hangup: true }] });
      expect(await lane.past({ from: lane.stranger }, 1)).toMatchObject({
        ...{ outcome: 'abandoned', pin_attempts: 0, ended_by: 'a', session_uuid: null },
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
      expect(await lane.past({ from: lane.second }, 1)).toMatchObject({
        ...{ outcome: 'refused', reason: 'busy', session_uuid: session.id, caller: 'second_party' },
      });
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
      // The stranger called the same number.
      expect(await explainedCall(lane, { from: 'anonymous' }, {}, 2)).toMatchObject({
        rules: expect.arrayContaining([
          expect.objectContaining({ rule: 'known-caller', decided: false }),
        ]) as unknown,
      });
      const nobodys = `${lane.did.slice(0, -2)}99`;
      expect(await explainedCall(lane, { from: lane.first, to: nobodys })).toMatchObject({
        ...{ outcome: 'refuse', rule: 'number-in-service', status: 404 },
      });
      // What was dialled may be anybody's number.
      expect(await lane.past({ from: lane.first }, 1)).toMatchObject({ virtual_number: null });
    },
  },
];
