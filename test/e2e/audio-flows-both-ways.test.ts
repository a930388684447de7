import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealBed } from './helpers/real-bed.js';
import { channelsOf, toneShare } from './helpers/tone.js';
import { TONE_OF_A, TONE_OF_B, withTwoPeople } from './helpers/two-people.js';

const TALK_MS = 1500;
/** A square wave has 81 % of its energy in its fundamental; what is lost or mixed in takes from it. */
const MOST = 0.5;
const HARDLY = 0.05;

/** The samples hold the one tone and next to nothing of the other. */
function expectOnly(samples: readonly number[], tone: number, other: number): void {
  expect(toneShare(samples, tone)).toBeGreaterThan(MOST);
  expect(toneShare(samples, other)).toBeLessThan(HARDLY);
}

describe('audio', () => {
  let bed: RealBed;
  beforeAll(async () => {
    bed = await RealBed.start({ controllers: 1, lanes: 2 });
  });
  afterAll(() => bed.close());

  it('of each party reaches the other one and not itself', () =>
    withTwoPeople(bed, async (lane, people) => {
      await lane.session();
      const call = await people.connect();
      await sleep(TALK_MS);
      await call.dialogA.hangUp();
      const [a, b] = [people.a.rtp.heard, people.b.rtp.heard];
      expectOnly(a, TONE_OF_B, TONE_OF_A);
      expectOnly(b, TONE_OF_A, TONE_OF_B);
      // 8 samples a millisecond: the better part of what was said arrived.
      expect(a.length).toBeGreaterThan(TALK_MS * 4);
      expect(b.length).toBeGreaterThan(TALK_MS * 4);
    }));

  it('is recorded with A on the left and B on the right', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session({ record: true, record_file_format: 'wav' });
      const call = await people.connect();
      await sleep(TALK_MS);
      await call.dialogA.hangUp();
      const [interaction] = await lane.interactions(session.id, 1);
      const [left, right] = await channelsOf(join(bed.stack.recordingsDir, interaction!.recording));
      expectOnly(left!, TONE_OF_A, TONE_OF_B);
      expectOnly(right!, TONE_OF_B, TONE_OF_A);
    }));
});
