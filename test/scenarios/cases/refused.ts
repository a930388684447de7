import { expect } from 'vitest';
import { PIN, pinSession, type Scenario } from '../scenario.js';

/** A number that nobody lets be called: premium rate, and no phone is behind it. */
const PREMIUM = '+19005550199';

/** What both beds configure: so many calls at a time on a number. */
export const MAX_CALLS_PER_NUMBER = 2;

/** Calls that fraud and floods are made of. */
export const refused: Scenario[] = [
  {
    name: 'a number that may not be called any more is not, and the session says why',
    async run(lane) {
      // Past the API, as one that was created before the number was blocked.
      const session = await lane.session({ second_party: PREMIUM }, { sessionExpiry: 300 });
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status: 603, heard: [] });
      expect(await lane.interactions(session.id, 0)).toEqual([]);
      expect(await lane.events(session.id)).toMatchObject([
        { event: 'call-refused', parameter: 'second_party', code: 'ERR_DESTINATION', count: 1 },
      ]);
    },
  },
  {
    name: 'a caller with a premium-rate number is connected, and never called back',
    async run(lane) {
      const session = await lane.session({
        second_party: '',
        create_session_with_single_party: true,
      });
      await lane.callee(lane.first, { kind: 'answer', afterMs: 100 });
      const inward = await lane.call({ from: PREMIUM, steps: [{ wait: 1000 }, { hangup: true }] });
      expect(inward.status).toBe(200);
      await lane.interactions(session.id, 1);
      const back = await lane.call({ from: lane.first });
      expect(back).toMatchObject({ status: 603, heard: [] });
      expect((await lane.invites()).map(({ called }) => called)).toEqual([lane.first]);
      await lane.interactions(session.id, 1);
    },
  },
  {
    name: 'a PIN that leads to a number that may not be called ends the call',
    async run(lane) {
      // Nobody fetches the audio of a session that was not created by the API: built-in prompts are heard.
      const unfetched = { pin_prompt_play: 'https://prompts.example/pin.wav', incorrect_pin_play: '' };
      const session = await lane.session(pinSession(lane, { second_party: PREMIUM, ...unfetched }), {
        sessionExpiry: 300,
      });
      const call = await lane.call({ from: lane.stranger, steps: [{ wait: 1500 }, { press: PIN }] });
      expect(call).toMatchObject({ status: 200, endedByCaller: false, heard: ['enter-pin'] });
      expect(await lane.interactions(session.id, 0)).toEqual([]);
    },
  },
  {
    name: 'one call more than a number may carry gets busy, and is let in once another has ended',
    async run(lane) {
      const pairs = Array.from({ length: MAX_CALLS_PER_NUMBER + 1 }, (_, index) => ({
        first_party: `${lane.first.slice(0, -1)}${String(index)}`,
        second_party: `${lane.second.slice(0, -1)}${String(index)}`,
      }));
      const sessions: { id: string }[] = [];
      for (const pair of pairs) await lane.callee(pair.second_party, { kind: 'answer', afterMs: 100 });
      for (const pair of pairs) sessions.push(await lane.session(pair));
      const [over, ...within] = pairs;
      const calls = within.map(({ first_party: from }) =>
        lane.call({ from, steps: [{ wait: 6000 }, { hangup: true }] }),
      );
      for (const session of sessions.slice(1)) await lane.running(session.id);
      const refusedCall = await lane.call({ from: over!.first_party });
      expect(refusedCall).toMatchObject({ status: 486, heard: [] });
      expect(await lane.events(sessions[0]!.id)).toMatchObject([
        { event: 'call-refused', parameter: 'MAX_CALLS_PER_NUMBER', code: 'ERR_CALL_LIMIT' },
      ]);
      expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(within.map(() => 200));
      for (const session of sessions.slice(1)) await lane.interactions(session.id, 1);
      const later = await lane.call({ from: over!.first_party, steps: [{ wait: 500 }, { hangup: true }] });
      expect(later.status).toBe(200);
      await lane.interactions(sessions[0]!.id, 1);
    },
  },
];
