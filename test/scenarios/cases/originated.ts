import { expect } from 'vitest';
import type { Scenario } from '../scenario.js';

/** `initiate_call_to_first_party`: we call the first party, then the second. */
export const originated: Scenario[] = [
  {
    name: 'a new session calls the first party, then the second, and joins them',
    async run(lane) {
      await lane.callee(lane.first, { kind: 'answer', afterMs: 300 });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 300, talkMs: 1500 });
      const session = await lane.session({ initiate_call_to_first_party: true });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ caller: 'first', endedBy: 'b', stage: 'ended' });
      expect(interaction!.connectedAt).not.toBeNull();
      expect(await lane.invites()).toMatchObject([
        { called: lane.first, callerNumber: lane.did, callerName: lane.did },
        { called: lane.second, callerNumber: lane.did, callerName: lane.did },
      ]);
    },
  },
  {
    name: 'the first party is busy: the second is never called',
    async run(lane) {
      await lane.callee(lane.first, { kind: 'refuse', status: 486, afterMs: 200 });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 300 });
      const session = await lane.session({ initiate_call_to_first_party: true });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ connectedAt: null, cause: 'USER_BUSY' });
      expect(await lane.invites()).toMatchObject([{ called: lane.first }]);
    },
  },
  {
    name: 'the first trunk refuses: the first party is called through the next one',
    async run(lane) {
      await lane.callee(lane.first, { kind: 'answer', afterMs: 200 });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      await lane.trunkIs('refusing');
      const session = await lane.session({ initiate_call_to_first_party: true }, { callTimeLimit: 3 });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ caller: 'first', endedBy: 'system', cause: 'ALLOTTED_TIMEOUT' });
      const reached = (await lane.invites()).filter((invite) => invite.trunk !== lane.trunk);
      expect(reached).toMatchObject([{ called: lane.first }, { called: lane.second }]);
    },
  },
  {
    name: 'the second party does not answer: the first hears so and is hung up',
    async run(lane) {
      await lane.callee(lane.first, { kind: 'answer', afterMs: 200 });
      await lane.callee(lane.second, { kind: 'ring' });
      const session = await lane.session({ initiate_call_to_first_party: true, ring_timeout: 5 });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ connectedAt: null });
      const invites = await lane.invites();
      expect(invites).toMatchObject([
        { called: lane.first, heard: ['cannot-connect'] },
        { called: lane.second, heard: [] },
      ]);
    },
  },
  {
    name: 'the first party does not answer: the second is never called',
    async run(lane) {
      await lane.callee(lane.first, { kind: 'ring' });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const session = await lane.session({ initiate_call_to_first_party: true, ring_timeout: 5 });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ connectedAt: null, caller: 'first', stage: 'ended' });
      expect(await lane.invites()).toMatchObject([{ called: lane.first, heard: [] }]);
    },
  },
  {
    name: 'the first party hangs up while the second’s phone rings: that phone stops',
    async run(lane) {
      await lane.callee(lane.first, { kind: 'answer', afterMs: 200, talkMs: 1_500 });
      await lane.callee(lane.second, { kind: 'ring' });
      const session = await lane.session({ initiate_call_to_first_party: true });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ connectedAt: null, endedBy: 'a', cause: 'NORMAL_CLEARING' });
      expect(await lane.invites()).toMatchObject([{ called: lane.first }, { called: lane.second }]);
    },
  },
];
