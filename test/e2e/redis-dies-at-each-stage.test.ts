import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Receiver } from '../helpers/receiver.js';
import { RealBed, type RealLane } from './helpers/real-bed.js';
import { until } from '../helpers/until.js';
import { withTwoPeople, type TwoPeople } from './helpers/two-people.js';

/** Longer than anything that is tried against Redis goes on: what failed by then comes from the disk. */
const AWAY_MS = 6_000;

const AWAYS = [
  {
    how: 'is killed',
    goAway: (bed: RealBed) => bed.stack.redis.kill(),
    comeBack: (bed: RealBed) => bed.stack.redis.restart(),
  },
  {
    how: 'hangs',
    goAway: (bed: RealBed) => {
      bed.stack.redis.pause();
      return Promise.resolve();
    },
    comeBack: (bed: RealBed) => {
      bed.stack.redis.resume();
      return Promise.resolve();
    },
  },
];

/** Everything that a client is told of a call that two people had, and then of its recording. */
const TOLD = ['ring', 'answer', 'hangup'];

/** What a controller had taken to do when Redis' answer was lost is given out again after 30 s (recording-repository.ts). */
const GIVEN_OUT_AGAIN_MS = 45_000;

describe.each(AWAYS)('Redis $how', ({ goAway, comeBack }) => {
  let bed: RealBed;
  let receiver: Receiver;
  beforeAll(async () => {
    bed = await RealBed.start({
      controllers: 2,
      lanes: 6,
      controllerEnvironment: { CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8' },
    });
    receiver = await Receiver.start();
  });
  afterEach(async () => {
    // After a test that failed half-way: the next one finds a Redis.
    const { redis } = bed.stack;
    if (redis.pid === null) await redis.restart();
    else redis.resume();
  });
  afterAll(async () => {
    await bed.close();
    await receiver.close();
  });

  const recorded = (lane: RealLane): Promise<{ id: string }> =>
    lane.session({
      record: true,
      record_file_format: 'wav',
      callback_url: receiver.url(`/${lane.trunk}`),
      recording_callback_url: receiver.url(`/${lane.trunk}/recording`),
    });

  /** One interaction with both legs, right totals, its recording and its callbacks, each once. */
  const expectComplete = async (lane: RealLane, sessionId: string): Promise<void> => {
    // A connection that was given up takes a moment to be made again; until then the API cannot read.
    await until('the first controller is ready', async () => {
      const response = await fetch(`${bed.stack.controllers[0]!.url}/readyz`);
      await response.body?.cancel();
      return response.status === 200;
    });
    const [interaction] = await lane.interactions(sessionId, 1);
    expect(interaction).toMatchObject({ cause: 'NORMAL_CLEARING', caller: 'first' });
    expect(interaction!.connectedAt).not.toBeNull();
    expect(interaction!.legs.map((leg) => leg.role)).toEqual(['a', 'b']);
    const session = await lane.read(sessionId);
    const billed = interaction!.legs.reduce((sum, leg) => sum + (leg.bill?.seconds ?? 0), 0);
    expect(session).toMatchObject({ total_call_count: 2, total_call_billed_duration: billed });
    expect(billed).toBeGreaterThan(0);
    const recording = await completeRecording(interaction!.id);
    expect(recording).toMatchObject({ state: 'completed', problem: '' });
    await until('the client is told', () => isTold(`/${lane.trunk}`));
    await until('the client is told of the recording', () =>
      receiver.told.some(
        ({ target, fields }) =>
          target === `/${lane.trunk}/recording` && fields['EventName'] === 'SessionRecordingCompleted',
      ),
    );
  };

  const isTold = (target: string): boolean => {
    const names = receiver.told
      .filter((told) => told.target === target)
      .map(({ fields }) => (fields['EventName'] ?? '').toLowerCase());
    return TOLD.every((word) => names.some((name) => name.includes(word)));
  };

  const completeRecording = async (id: string): Promise<unknown> => {
    let body: unknown;
    await until(
      'the recording is entered',
      async () => {
        const answer = await bed.stack.api('GET', `/Recording/${id}/`);
        body = answer.body;
        return answer.status === 200;
      },
      GIVEN_OUT_AGAIN_MS,
    );
    return body;
  };

  const end = async (people: TwoPeople, call: Awaited<ReturnType<TwoPeople['connect']>>): Promise<void> => {
    await call.dialogB.hangUp();
    await people.a.sip.request('BYE');
  };

  it('while B rings, and is back before the end: the record is complete', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await recorded(lane);
      const call = await people.connect(() => goAway(bed));
      await sleep(AWAY_MS);
      await comeBack(bed);
      await end(people, call);
      await expectComplete(lane, session.id);
    }));

  it('while B rings, and stays away over the end: the record is complete', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await recorded(lane);
      const call = await people.connect(() => goAway(bed));
      await end(people, call);
      await sleep(AWAY_MS);
      await comeBack(bed);
      await expectComplete(lane, session.id);
    }));

  it('while people talk, and stays away over the end: the record is complete', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await recorded(lane);
      const call = await people.connect();
      await goAway(bed);
      await end(people, call);
      await sleep(AWAY_MS);
      await comeBack(bed);
      await expectComplete(lane, session.id);
    }));

  it('in the moment of the end: the record is complete', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await recorded(lane);
      const call = await people.connect();
      await Promise.all([end(people, call), goAway(bed)]);
      await sleep(AWAY_MS);
      await comeBack(bed);
      await expectComplete(lane, session.id);
    }));

  it('and the controllers are started again before it is back: the record is complete', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await recorded(lane);
      const call = await people.connect();
      await goAway(bed);
      await end(people, call);
      await Promise.all([bed.killController(0), bed.killController(1)]);
      const started = Promise.all([bed.startController(0), bed.startController(1)]);
      await sleep(AWAY_MS);
      await comeBack(bed);
      await started;
      await expectComplete(lane, session.id);
    }));
});
