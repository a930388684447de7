import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealBed } from './helpers/real-bed.js';
import { withTwoPeople } from './helpers/two-people.js';

/** The dialplan's dead-man is set to 5 s (QUESTION_TIMEOUT). Twice that, for a busy machine. */
const BOUND_MS = 10_000;

/** Stops a controller with its sockets open, as a machine that swaps does, while `run` runs. */
async function whileHanging(bed: RealBed, index: number, run: () => Promise<void>): Promise<void> {
  const pid = bed.stack.controllers[index]?.pid;
  if (pid === undefined || pid === null) throw new Error(`controller ${index} does not run`);
  process.kill(pid, 'SIGSTOP');
  try {
    await run();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

const WITHOUT_WATCHDOG = { controllerEnvironment: { WATCHDOG_LIMIT_MS: '0' } };

describe('the only controller hangs and has no watchdog', () => {
  let bed: RealBed;
  beforeAll(async () => {
    bed = await RealBed.start({ controllers: 1, lanes: 2, ...WITHOUT_WATCHDOG });
  });
  afterAll(() => bed.close());

  it('a caller is released with 503, and the next one gets through when it is back', async () => {
    const lane = await bed.lane();
    const session = await lane.session();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    await whileHanging(bed, 0, async () => {
      const startedAt = performance.now();
      const call = await lane.call({ from: lane.first });
      expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
      expect(call).toMatchObject({ status: 503, heard: [] });
    });
    const call = await lane.call({ from: lane.first, steps: [{ wait: 500 }, { hangup: true }] });
    expect(call.status).toBe(200);
    // The call of which the question came too late must not hold the session, nor count as a call.
    await lane.interactions(session.id, 1);
  });

  it('a call that is up goes on, and its record is complete', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session();
      const { dialogA } = await people.connect();
      await whileHanging(bed, 0, async () => {
        await dialogA.hangUp();
        await people.b.sip.request('BYE');
      });
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a', cause: 'NORMAL_CLEARING' });
      expect(interaction!.connectedAt).not.toBeNull();
    }));
});

describe('one of two controllers hangs and has no watchdog', () => {
  let bed: RealBed;
  beforeAll(async () => {
    bed = await RealBed.start({ controllers: 2, lanes: 1, ...WITHOUT_WATCHDOG });
  });
  afterAll(() => bed.close());

  it('one caller is released with 503, and every later one gets through by the other controller', async () => {
    const lane = await bed.lane();
    const session = await lane.session();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    await whileHanging(bed, 0, async () => {
      // Who hangs up does not turn the order of controllers: the next caller meets the same one.
      expect((await lane.call({ from: lane.first, cancelAfterMs: 300 })).status).toBe(487);
      const startedAt = performance.now();
      const unlucky = await lane.call({ from: lane.first });
      expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
      expect(unlucky.status).toBe(503);
      for (let call = 1; call <= 2; call += 1) {
        const later = await lane.call({ from: lane.first, steps: [{ wait: 500 }, { hangup: true }] });
        expect(later.status).toBe(200);
        // The end frees the session for the next call, whichever controller records it.
        await lane.interactions(session.id, call);
      }
    });
  });
});
