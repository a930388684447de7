import { expect } from 'vitest';
import type { Scenario } from '../scenario.js';

/** Parties that cannot be had, and trunks that fail. */
export const unreached: Scenario[] = [
  ...(
    [
      ['is busy', 486, 486, 'USER_BUSY'],
      ['rejects', 603, 603, 'CALL_REJECTED'],
      ['is temporarily unavailable', 480, 480, 'NO_USER_RESPONSE'],
    ] as const
  ).map(([what, given, status, cause]): Scenario => ({
    name: `B ${what}: A gets ${status} and no other trunk is tried`,
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.second, { kind: 'refuse', status: given, afterMs: 400 });
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status, endedByCaller: false });
      expect(await lane.invites()).toHaveLength(1);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ connectedAt: null, endedBy: 'b', caller: 'first' });
      expect(interaction!.legs.find((leg) => leg.role === 'b')).toMatchObject({ cause, sipStatus: given });
    },
  })),
  {
    name: 'B does not answer: the ring timeout ends it',
    async run(lane) {
      const session = await lane.session({ ring_timeout: 5 });
      await lane.callee(lane.second, { kind: 'ring' });
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status: 480, endedByCaller: false });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ connectedAt: null, endedBy: 'system' });
      const rang = interaction!.endedAt! - interaction!.startedAt;
      expect(rang).toBeGreaterThan(3500);
      expect(rang).toBeLessThan(9000);
      expect(await lane.invites()).toHaveLength(1);
    },
  },
  {
    name: 'B is never heard of: the ring timeout ends it too',
    async run(lane) {
      const session = await lane.session({ ring_timeout: 5 });
      await lane.callee(lane.second, { kind: 'silent' });
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status: 480, endedByCaller: false });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ connectedAt: null, endedBy: 'system' });
    },
  },
  {
    name: 'B was never assigned: A learns no more than that the call failed',
    async run(lane) {
      const session = await lane.session();
      await lane.callee(lane.second, { kind: 'refuse', status: 404, afterMs: 100 });
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status: 503 });
      expect(await lane.invites()).toHaveLength(1);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction!.legs.find((leg) => leg.role === 'b')).toMatchObject({
        cause: 'UNALLOCATED_NUMBER',
      });
    },
  },
  ...(['refusing', 'unreachable'] as const).map((state): Scenario => ({
    name: `the first trunk is ${state}: the next one carries the call`,
    async run(lane) {
      const session = await lane.session({ ring_timeout: 30 });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      await lane.trunkIs(state);
      const call = await lane.call({ from: lane.first, steps: [{ wait: 800 }, { hangup: true }] });
      expect(call.status).toBe(200);
      const invites = await lane.invites();
      expect(invites.at(-1)).toMatchObject({ called: lane.second, callerNumber: lane.did });
      expect(invites.at(-1)!.trunk).not.toBe(lane.trunk);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction!.connectedAt).not.toBeNull();
      const tried = interaction!.legs.filter((leg) => leg.role === 'b').map((leg) => leg.trunk);
      expect(tried).toHaveLength(2);
      expect(tried).toContain(lane.trunk);
    },
  })),
];
