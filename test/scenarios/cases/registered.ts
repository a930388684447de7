import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Scenario } from '../scenario.js';

export const registered: Scenario[] = [
  {
    name: 'the first party reaches the second, who sees the virtual number only',
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 300 });
      const call = await lane.call({ from: lane.first, steps: [{ wait: 1500 }, { hangup: true }] });
      expect(call).toMatchObject({ status: 200, endedByCaller: true });
      const invites = await lane.invites();
      expect(invites).toHaveLength(1);
      expect(invites[0]).toMatchObject({
        called: lane.second,
        callerNumber: lane.did,
        callerName: lane.did,
        trunk: lane.trunk,
      });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({
        caller: 'first',
        endedBy: 'a',
        cause: 'NORMAL_CLEARING',
        stage: 'ended',
      });
      expect(interaction!.connectedAt).toBeGreaterThan(interaction!.startedAt);
      expect(interaction!.endedAt! - interaction!.connectedAt!).toBeGreaterThan(1000);
      expect(interaction!.legs.map((leg) => leg.role).toSorted()).toEqual(['a', 'b']);
    },
  },
  {
    name: 'the second party reaches the first',
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.first, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({ from: lane.second, steps: [{ wait: 800 }, { hangup: true }] });
      expect(call.status).toBe(200);
      expect(await lane.invites()).toMatchObject([{ called: lane.first, callerNumber: lane.did }]);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ caller: 'second', endedBy: 'a' });
    },
  },
  {
    name: 'the caller is answered only when the other party answers',
    async run(lane) {
      await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 1500 });
      const call = await lane.call({ from: lane.first, cancelAfterRingingMs: 300 });
      expect(call).toMatchObject({ status: 487, endedByCaller: true });
      expect(call.provisional).toContain(180);
      expect(call.provisional).not.toContain(183);
    },
  },
  {
    name: 'B hangs up, and A is hung up with it',
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200, talkMs: 1200 });
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'b', cause: 'NORMAL_CLEARING' });
    },
  },
  {
    name: 'A hangs up while B rings, and B is cancelled',
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.second, { kind: 'ring' });
      const call = await lane.call({ from: lane.first, cancelAfterRingingMs: 500 });
      expect(call).toMatchObject({ status: 487, endedByCaller: true });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a', cause: 'ORIGINATOR_CANCEL', connectedAt: null });
      expect((await lane.invites())[0]!.received).toMatch(/^CANCEL /m);
    },
  },
  {
    name: 'two calls one after the other are two interactions, and totals add up',
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
      for (let calls = 1; calls <= 2; calls += 1) {
        const call = await lane.call({ from: lane.first, steps: [{ wait: 1100 }, { hangup: true }] });
        expect(call.status).toBe(200);
        await lane.interactions(session.id, calls);
      }
      const interactions = await lane.interactions(session.id, 2);
      expect(new Set(interactions.map((interaction) => interaction.id)).size).toBe(2);
      // Talk of 1.1 s or a little more: both legs of both calls are billed, in whole seconds.
      const legs = interactions.flatMap((interaction) => interaction.legs);
      const billed = legs.map((leg) => Math.ceil((leg.endedAt - leg.answeredAt!) / 1000));
      const shown = await lane.read(session.id);
      expect(shown).toMatchObject({
        status: 'active',
        total_call_count: 4,
        total_call_billed_duration: billed.reduce((sum, seconds) => sum + seconds, 0),
      });
      expect(shown['interaction']).toHaveLength(2);
    },
  },
  {
    name: 'a second caller gets busy while the session is in a call',
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
      const running = lane.call({ from: lane.first, steps: [{ wait: 3000 }, { hangup: true }] });
      await sleep(1500);
      expect(await lane.read(session.id)).toMatchObject({ status: 'in-progress' });
      const late = await lane.call({ from: lane.second });
      expect(late.status).toBe(486);
      expect((await running).status).toBe(200);
      await lane.interactions(session.id, 1);
    },
  },
];
