import { expect } from 'vitest';
import { PIN, pinSession, type Scenario } from '../scenario.js';

/** Milliseconds of a whisper in whose middle somebody hangs up: a slow machine must not come after its end. */
const LONG_MS = 4_000;

/** What FreeSWITCH enforces on its own once it has been told. */
export const enforced: Scenario[] = [
  {
    name: 'the call time limit cuts both legs',
    async run(lane) {
      const session = await lane.session({}, { callTimeLimit: 3 });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({ from: lane.first });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'system', cause: 'ALLOTTED_TIMEOUT' });
      const talked = interaction!.endedAt! - interaction!.connectedAt!;
      // FreeSWITCH compares whole seconds: a second early, half a second late, and the machine's own delay.
      expect(talked).toBeGreaterThan(1900);
      expect(talked).toBeLessThan(5000);
    },
  },
  ...(['wav', 'mp3'] as const).map((format): Scenario => ({
    name: `a recording to ${format} starts when both have answered`,
    async run(lane) {
      const session = await lane.session({ record: true, record_file_format: format });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 2000 });
      const call = await lane.call({ from: lane.first, steps: [{ wait: 2500 }, { hangup: true }] });
      expect(call).toMatchObject({ status: 200 });
      // Recording must not open early media: A hears ringing until B answers.
      expect(call.provisional).not.toContain(183);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction!.recording).toBe(`${interaction!.id}.${format}`);
      const recording = await lane.recording(interaction!);
      expect(recording.format).toBe(format);
      // Talk lasted 2.5 s after 2 s of ringing: a recording that began earlier would be longer than this.
      expect(recording.ms).toBeGreaterThan(1500);
      expect(recording.ms).toBeLessThan(4000);
    },
  })),
  {
    name: 'a recording after a PIN leaves out the prompt and the ringing',
    async run(lane) {
      const session = await lane.session(pinSession(lane, { record: true, record_file_format: 'wav' }));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 1500 });
      await lane.call({
        from: lane.stranger,
        steps: [{ wait: 1500 }, { press: PIN }, { wait: 5000 }, { hangup: true }],
      });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction!.connectedAt).not.toBeNull();
      const talked = interaction!.endedAt! - interaction!.connectedAt!;
      const recording = await lane.recording(interaction!);
      expect(Math.abs(recording.ms - talked)).toBeLessThan(1000);
    },
  },
  {
    name: 'each party hears its own play URL, before the two are joined',
    async run(lane) {
      const session = await lane.session({
        first_party_play_url: lane.audioUrl('for-first'),
        second_party_play_url: lane.audioUrl('for-second'),
      });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 300 });
      const call = await lane.call({ from: lane.first, steps: [{ wait: 1000 }, { hangup: true }] });
      expect(call).toMatchObject({ status: 200, heard: ['for-first'] });
      expect(await lane.invites()).toMatchObject([{ heard: ['for-second'] }]);
      const [interaction] = await lane.interactions(session.id, 1);
      const b = interaction!.legs.find((leg) => leg.role === 'b');
      // The whisper lies between B's answer and the joining.
      expect(interaction!.connectedAt! - b!.answeredAt!).toBeGreaterThan(300);
    },
  },
  {
    name: 'play URLs follow the party, not the direction',
    async run(lane) {
      await lane.session({ first_party_play_url: lane.audioUrl('for-first') });
      await lane.callee(lane.first, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({ from: lane.second, steps: [{ wait: 1500 }, { hangup: true }] });
      expect(call).toMatchObject({ status: 200, heard: [] });
      expect(await lane.invites()).toMatchObject([{ called: lane.first, heard: ['for-first'] }]);
    },
  },
  {
    name: 'A gives up while it hears its own play URL, and nobody is dialled',
    async run(lane) {
      const session = await lane.session({ first_party_play_url: lane.audioUrl('for-first', LONG_MS) });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({ from: lane.first, cancelAfterMs: 1_000 });
      expect(call).toMatchObject({ status: 487, endedByCaller: true });
      expect(await lane.invites()).toEqual([]);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a', connectedAt: null });
    },
  },
  {
    name: 'B hangs up while it hears its play URL: A is not joined, and nobody else is tried',
    async run(lane) {
      const session = await lane.session({ second_party_play_url: lane.audioUrl('for-second', LONG_MS) });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200, talkMs: 1_000 });
      const call = await lane.call({ from: lane.first });
      expect(call.status).toBeGreaterThanOrEqual(480);
      expect(await lane.invites()).toHaveLength(1);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ connectedAt: null });
    },
  },
  {
    name: 'A gives up while B hears its play URL: B is hung up, and the two are not joined',
    async run(lane) {
      const session = await lane.session({ second_party_play_url: lane.audioUrl('for-second', LONG_MS) });
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({ from: lane.first, cancelAfterRingingMs: 1_200 });
      expect(call).toMatchObject({ status: 487, endedByCaller: true });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a', connectedAt: null });
      expect(await lane.invites()).toMatchObject([{ called: lane.second, heard: ['for-second'] }]);
      // The session is free again.
      await lane.callee(lane.second, { kind: 'refuse', status: 486, afterMs: 100 });
      expect(await lane.call({ from: lane.first })).toMatchObject({ status: 486 });
    },
  },
  {
    name: 'the time limit counts from the joining, not from the whisper',
    async run(lane) {
      const session = await lane.session(
        { second_party_play_url: lane.audioUrl('for-second') },
        { callTimeLimit: 3 },
      );
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({ from: lane.first });
      expect(call.endedByCaller).toBe(false);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'system', cause: 'ALLOTTED_TIMEOUT' });
      expect(interaction!.endedAt! - interaction!.connectedAt!).toBeGreaterThan(1900);
    },
  },
];
