import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { PIN, pinSession, type Scenario } from '../scenario.js';

/** Callers that lead to no session: they hear an announcement, or nothing at all. */
export const unrouted: Scenario[] = [
  {
    name: 'a number that is not ours gets 404 and is never answered',
    async run(lane) {
      const call = await lane.call({ from: lane.first, to: '+15559990000' });
      expect(call).toMatchObject({ status: 404, heard: [] });
      expect(call.provisional).not.toContain(183);
    },
  },
  {
    name: 'a number without a session announces that it is not in service, unanswered',
    async run(lane) {
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status: 404, heard: ['not-in-service'] });
      expect(call.provisional).toContain(183);
    },
  },
  {
    name: 'an unknown caller on a number whose session asks no PIN is not connected',
    async run(lane) {
      await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
      const call = await lane.call({ from: lane.stranger });
      expect(call).toMatchObject({ status: 404, heard: ['not-in-service'] });
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'a withheld caller without a PIN session is not connected, whatever number the carrier adds',
    async run(lane) {
      await lane.session();
      await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
      const call = await lane.call({
        from: 'anonymous',
        headers: { Privacy: 'id', 'P-Asserted-Identity': `<sip:${lane.first}@carrier.example>` },
      });
      expect(call).toMatchObject({ status: 404, heard: ['not-in-service'] });
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'unknown_caller_play is heard where no PIN is asked',
    async run(lane) {
      await lane.session({ unknown_caller_play: lane.audioUrl('unknown') });
      const call = await lane.call({ from: lane.stranger });
      expect(call).toMatchObject({ status: 404, heard: ['unknown'] });
    },
  },
  {
    name: 'a session that has expired connects nobody',
    async run(lane) {
      await lane.session({}, { sessionExpiry: 1 });
      await sleep(1200);
      await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status: 404, heard: ['not-in-service'] });
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'the PIN of a session that has expired is worth nothing',
    async run(lane) {
      await lane.session(pinSession(lane), { sessionExpiry: 1 });
      await sleep(1200);
      const call = await lane.call({ from: lane.stranger, steps: [{ wait: 1000 }, { press: PIN }] });
      expect(call).toMatchObject({ status: 404, heard: ['not-in-service'] });
    },
  },
  {
    name: 'one of our own numbers as caller is refused as a loop',
    async run(lane) {
      await lane.session(pinSession(lane));
      const call = await lane.call({ from: lane.did });
      expect(call).toMatchObject({ status: 603, heard: [] });
    },
  },
];

/** What a display name would make, if it were run. */
const INJECTED = join(tmpdir(), `maskline-injected-${process.pid}`);

const MALFORMED: readonly (readonly [string, { from: string; displayName?: string }])[] = [
  ['an empty number', { from: '' }],
  ['40 digits', { from: '1'.repeat(40) }],
  ['letters', { from: 'alice' }],
  ['a semicolon in it', { from: '%3Btag=1%3B' }],
  ['an API call in it', { from: '$%7Buuid_kill(all)%7D' }],
  ['dial string syntax in it', { from: '%5Ba=b%5D,%7Cc' }],
  ['a Latin-1 display name', { from: 'unknown', displayName: 'Andr\u00e9' }],
  ['an emoji display name', { from: 'unknown', displayName: '\u{1F600}' }],
  [
    'an API call as display name',
    { from: 'unknown', displayName: '${system(touch /tmp/maskline-injected)}' },
  ],
];

/** Callers that no standard allows are unknown callers: asked for a PIN, never a crash or an injection. */
export const malformed: Scenario[] = MALFORMED.map(([what, caller]) => ({
  name: `a caller with ${what} is treated as unknown`,
  async run(lane) {
    const session = await lane.session(pinSession(lane));
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    const call = await lane.call({
      ...caller,
      steps: [{ wait: 1500 }, { press: PIN }, { wait: 2000 }, { hangup: true }],
    });
    expect(call).toMatchObject({ status: 200, heard: ['pin-prompt'] });
    const invites = await lane.invites();
    expect(invites).toMatchObject([{ callerNumber: lane.did, callerName: lane.did }]);
    await lane.interactions(session.id, 1);
    expect(existsSync(INJECTED)).toBe(false);
  },
}));
