import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Interaction } from '../../src/masking/interaction.js';
import { Receiver } from '../helpers/receiver.js';
import { RealBed, type RealLane } from './helpers/real-bed.js';
import { answerSipCall } from './helpers/sip-dialog.js';
import { until } from '../helpers/until.js';
import { withTwoPeople, type TwoPeople } from './helpers/two-people.js';

/** The node comes back, its controller finds it again, and looks twice. */
const ENDED_WITHIN_MS = 75_000;
const TALK_MS = 4_000;

async function ended(bed: RealBed, sessionId: string): Promise<Interaction> {
  let found: Interaction | undefined;
  await until(
    'the interaction has ended',
    async () => {
      [found] = await bed.store.interactions(sessionId);
      return found?.stage === 'ended';
    },
    ENDED_WITHIN_MS,
  );
  return found!;
}

interface RecordingSeen {
  readonly state: string;
  readonly problem: string;
  readonly recording_duration_ms: string;
  readonly recording_url: string;
}

async function recordingOf(bed: RealBed, interaction: Interaction): Promise<RecordingSeen> {
  let body: unknown;
  await until('the recording is entered', async () => {
    const answer = await bed.stack.api('GET', `/Recording/${interaction.id}/`);
    body = answer.body;
    return answer.status === 200;
  });
  return body as RecordingSeen;
}

describe('FreeSWITCH crashes (kill -9)', () => {
  let bed: RealBed;
  let receiver: Receiver;
  beforeAll(async () => {
    bed = await RealBed.start({
      controllers: 1,
      lanes: 4,
      controllerEnvironment: { CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8' },
    });
    receiver = await Receiver.start();
  });
  afterAll(async () => {
    await bed.close();
    await receiver.close();
  });

  /** Calls in the stages that a crash meets them in; `crash` is what happens then. */
  const withCalls = async (
    crash: (wav: Call, mp3: Call, ringing: { sessionId: string }) => Promise<void>,
  ): Promise<void> => {
    await withTwoPeople(bed, async (wavLane, wavPeople) => {
      await withTwoPeople(bed, async (mp3Lane, mp3People) => {
        await withTwoPeople(bed, async (ringLane, ringPeople) => {
          const wav = await talk(wavLane, wavPeople, 'wav');
          const mp3 = await talk(mp3Lane, mp3People, 'mp3');
          const { id } = await ringLane.session();
          // Neither call comes to anything: their phones are left without a word.
          void ringPeople.call(ringLane.first).catch(() => undefined);
          void answerSipCall(ringPeople.b.sip, {
            user: ringLane.second,
            rtpPort: ringPeople.b.rtp.port,
            whileRinging: () => sleep(120_000, undefined, { ref: false }),
          }).catch(() => undefined);
          await until('B rings', async () => {
            const [interaction] = await bed.store.interactions(id);
            return interaction?.stage === 'ringing';
          });
          await crash(wav, mp3, { sessionId: id });
        });
      });
    });
  };

  interface Call {
    readonly sessionId: string;
    readonly lane: RealLane;
    readonly people: TwoPeople;
  }

  const talk = async (lane: RealLane, people: TwoPeople, format: 'wav' | 'mp3'): Promise<Call> => {
    const { id } = await lane.session({
      record: true,
      record_file_format: format,
      recording_callback_url: receiver.url(`/${format}`),
      callback_url: receiver.url(`/${format}-session`),
    });
    await people.connect();
    return { sessionId: id, lane, people };
  };

  it(
    'ends its calls when they were last known, says so, and saves their recordings',
    { timeout: 180_000 },
    () =>
      withCalls(async (wav, mp3, ringing) => {
        await sleep(TALK_MS);
        const crashedAt = Date.now();
        await bed.freeswitch.end('SIGKILL');
        await sleep(2_000);
        await bed.freeswitch.launch();

        for (const { sessionId, lane } of [wav, mp3]) {
          const interaction = await ended(bed, sessionId);
          expect(interaction).toMatchObject({ cause: 'CRASH', endedBy: 'system' });
          // To the second, not to the last round of the reconciler.
          expect(Math.abs(interaction.endedAt! - crashedAt)).toBeLessThan(1_500);
          expect(interaction.endedAt! - interaction.connectedAt!).toBeGreaterThan(TALK_MS - 1_000);
          expect(interaction.legs.map((leg) => [leg.role, leg.cause])).toEqual([
            ['a', 'CRASH'],
            ['b', 'CRASH'],
          ]);
          expect((await lane.read(sessionId))['total_call_count']).toBe(2);
        }
        const rang = await ended(bed, ringing.sessionId);
        expect(rang).toMatchObject({ cause: 'CRASH', connectedAt: null });
        expect(rang.legs.every((leg) => leg.answeredAt === null)).toBe(true);

        for (const [call, format] of [
          [wav, 'wav'],
          [mp3, 'mp3'],
        ] as const) {
          const [interaction] = await bed.store.interactions(call.sessionId);
          const seen = await recordingOf(bed, interaction!);
          expect(seen).toMatchObject({ state: 'partial', problem: 'cut' });
          // What FreeSWITCH still had in its buffers is gone.
          expect(Number(seen.recording_duration_ms)).toBeGreaterThan(TALK_MS - 3_000);
          const audio = await fetch(seen.recording_url);
          expect(audio.status).toBe(200);
          const bytes = Buffer.from(await audio.arrayBuffer());
          if (format === 'wav') {
            expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
            const onDisk = await readFile(join(bed.stack.recordingsDir, interaction!.recording));
            expect(onDisk.equals(bytes)).toBe(true);
          }
          await until(`the callbacks of the ${format} call`, () =>
            receiver.told.some(({ target }) => target === `/${format}`),
          );
        }
        // Their session is free again.
        await wav.people.connect();
      }),
  );
});

describe('FreeSWITCH crashes and does not come back', () => {
  let bed: RealBed;
  beforeAll(async () => {
    bed = await RealBed.start({ controllers: 1, lanes: 1 });
  });
  afterAll(() => bed.close());

  it('ends its calls once its host has refused connections for a while', { timeout: 120_000 }, () =>
    withTwoPeople(bed, async (lane, people) => {
      const { id } = await lane.session();
      await people.connect();
      await sleep(TALK_MS);
      const crashedAt = Date.now();
      await bed.freeswitch.end('SIGKILL');
      const interaction = await ended(bed, id);
      expect(interaction).toMatchObject({ cause: 'CRASH', endedBy: 'system' });
      expect(Math.abs(interaction.endedAt! - crashedAt)).toBeLessThan(1_500);
      expect(interaction.legs.map((leg) => [leg.role, leg.cause])).toEqual([
        ['a', 'CRASH'],
        ['b', 'CRASH'],
      ]);
      expect((await lane.read(id))['status']).toBe('active');
    }),
  );
});
