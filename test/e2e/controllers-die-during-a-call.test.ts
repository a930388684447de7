import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PIN, pinSession } from '../scenarios/scenario.js';
import { RealBed } from './helpers/real-bed.js';
import { isConnected } from './helpers/tcp-table.js';
import { withTwoPeople } from './helpers/two-people.js';
import { until } from '../helpers/until.js';

/** A caller must not be left without an answer; much longer than an announcement, much shorter than a timer. */
const WITHIN_SECONDS_MS = 15_000;

async function startTheDead(bed: RealBed): Promise<void> {
  for (const [index, controller] of bed.stack.controllers.entries()) {
    if (controller.pid === null) await bed.startController(index);
  }
}

describe('with one controller', () => {
  let bed: RealBed;
  beforeAll(async () => {
    bed = await RealBed.start({ controllers: 1, lanes: 3 });
  });
  afterEach(() => startTheDead(bed));
  afterAll(() => bed.close());

  it('killed while B rings: the call connects, its time limit ends it, its record is complete', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session({}, { callTimeLimit: 3 });
      await people.connect(() => bed.killController(0));
      await Promise.all([people.a.sip.request('BYE'), people.b.sip.request('BYE')]);
      await bed.startController(0);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'system', cause: 'ALLOTTED_TIMEOUT', caller: 'first' });
      expect(interaction!.endedAt! - interaction!.connectedAt!).toBeGreaterThan(1000);
      expect(interaction!.legs.map((leg) => leg.role)).toEqual(['a', 'b']);
    }));

  it('killed while people talk: the call goes on, B hangs up, its record is complete', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session();
      const call = await people.connect();
      await bed.killController(0);
      await call.dialogB.hangUp();
      await people.a.sip.request('BYE');
      await bed.startController(0);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'b', cause: 'NORMAL_CLEARING', caller: 'first' });
      expect(interaction!.connectedAt).not.toBeNull();
      expect(interaction!.legs.map((leg) => leg.role)).toEqual(['a', 'b']);
    }));

  it('none runs: a new call hears that the service is unavailable and ends with 503', async () => {
    const lane = await bed.lane();
    await lane.session();
    await bed.killController(0);
    const startedAt = performance.now();
    const call = await lane.call({ from: lane.first });
    expect(performance.now() - startedAt).toBeLessThan(WITHIN_SECONDS_MS);
    expect(call).toMatchObject({ status: 503, heard: ['unavailable'] });
  });
});

describe('with two controllers', () => {
  let bed: RealBed;
  beforeAll(async () => {
    bed = await RealBed.start({ controllers: 2, lanes: 3 });
  });
  afterEach(() => startTheDead(bed));
  afterAll(() => bed.close());

  it.each([
    { killed: 0, which: 'the one that was asked' },
    { killed: 1, which: 'the other one' },
  ])('killed while the PIN prompt plays ($which): the PIN still connects', ({ killed }) =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session(pinSession(lane));
      const { dialog, mediaPort } = await people.call(lane.stranger);
      await until('the prompt plays', () => bed.log.toCaller(lane.did, 0).length === 1);
      await bed.killController(killed);
      await people.a.press(PIN, mediaPort);
      const b = await people.answer();
      await people.talk({ a: mediaPort, b: b.mediaPort });
      await dialog.hangUp();
      await people.b.sip.request('BYE');
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a', caller: 'first' });
      expect(interaction!.connectedAt).not.toBeNull();
    }),
  );

  it('killed in the middle of a question: the other one answers it', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session();
      // Stopped, it takes the connection of the question and says nothing.
      process.kill(bed.stack.controllers[0]!.pid!, 'SIGSTOP');
      const questionPort = Number(/:(\d+)/.exec(bed.stack.questionHosts)![1]);
      const kill = async (): Promise<void> => {
        await until('the question is open', () => isConnected(questionPort));
        await bed.killController(0);
      };
      const [call] = await Promise.all([people.connect(), kill()]);
      await call.dialogA.hangUp();
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a' });
    }));
});
