import { expect } from 'vitest';
import type { Lane } from '../bed.js';
import { PIN, pinSession, SECOND_PIN, type Scenario } from '../scenario.js';

/** A session of the lane's first party alone. */
function alone(lane: Lane, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { create_session_with_single_party: true, second_party: '', ...more, first_party: lane.first };
}

const TALK = [{ wait: 500 }, { hangup: true }] as const;

export const singleParty: Scenario[] = [
  {
    name: 'any caller reaches the party, who calls the last one back',
    async run(lane) {
      const session = await lane.session(alone(lane));
      await lane.callee(lane.first, { kind: 'answer', afterMs: 100 });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
      for (const caller of [lane.stranger, lane.second, lane.first]) {
        expect((await lane.call({ from: caller, steps: TALK })).status).toBe(200);
        await lane.interactions(session.id, (await lane.invites()).length);
      }
      const seen = { callerNumber: lane.did, callerName: lane.did };
      expect(await lane.invites()).toMatchObject([
        { called: lane.first, ...seen },
        { called: lane.first, ...seen },
        { called: lane.second, ...seen },
      ]);
      const calls = await lane.interactions(session.id, 3);
      expect(calls.map(({ caller }) => caller)).toEqual(['second', 'second', 'first']);
    },
  },
  {
    name: 'the party who calls before anybody did hears the announcement for unknown callers',
    async run(lane) {
      await lane.session(alone(lane));
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status: 404, heard: ['unknown-caller'] });
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'a withheld caller reaches the party, and leaves nobody to call back',
    async run(lane) {
      const session = await lane.session(alone(lane, { unknown_caller_play: lane.audioUrl('unknown') }));
      await lane.callee(lane.first, { kind: 'answer', afterMs: 100 });
      const withheld = await lane.call({ from: 'anonymous', headers: { Privacy: 'id' }, steps: TALK });
      expect(withheld.status).toBe(200);
      await lane.interactions(session.id, 1);
      expect(await lane.invites()).toMatchObject([{ called: lane.first, callerNumber: lane.did }]);
      const back = await lane.call({ from: lane.first });
      expect(back).toMatchObject({ status: 404, heard: ['unknown'] });
    },
  },
  {
    name: 'with PINs, the missing party’s leads to the party, and the party’s own to who called last',
    async run(lane) {
      const session = await lane.session(pinSession(lane, alone(lane)));
      await lane.callee(lane.first, { kind: 'answer', afterMs: 100 });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
      const keys = (pin: string) =>
        [{ wait: 1000 }, { press: pin }, { wait: 2500 }, { hangup: true }] as const;
      expect((await lane.call({ from: lane.second, steps: keys(SECOND_PIN) })).status).toBe(200);
      await lane.interactions(session.id, 1);
      // The party from another phone of theirs.
      expect((await lane.call({ from: lane.stranger, steps: keys(PIN) })).status).toBe(200);
      await lane.interactions(session.id, 2);
      expect((await lane.invites()).map(({ called }) => called)).toEqual([lane.first, lane.second]);
    },
  },
];
