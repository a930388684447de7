import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealBed } from './helpers/real-bed.js';
import { until } from '../helpers/until.js';

describe('a caller hangs up while the question about the call is being decided', () => {
  let bed: RealBed;
  beforeAll(async () => {
    bed = await RealBed.start({ controllers: 1, lanes: 1 });
  });
  afterAll(() => bed.close());

  it('the session is free for the next call', async () => {
    const lane = await bed.lane();
    const session = await lane.session();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    // Redis is slow, so that the decision takes longer than the caller waits.
    bed.stack.redis.pause();
    try {
      const gone = await lane.call({ from: lane.first, cancelAfterMs: 300 });
      expect(gone.status).toBe(487);
      // Long enough for its CDR to be looked at, short of Redis's command deadline of 2 s.
      await sleep(1100);
    } finally {
      bed.stack.redis.resume();
    }
    const [first] = await lane.interactions(session.id, 1);
    expect(first).toMatchObject({ connectedAt: null, endedBy: 'a', cause: 'ORIGINATOR_CANCEL' });
    // On a busy machine the pause was long enough for the controller to close its port.
    await until('questions are taken', async () => {
      const response = await fetch(`${bed.stack.controllers[0]!.url}/readyz`);
      await response.body?.cancel();
      return response.status === 200;
    });
    const next = await lane.call({ from: lane.first, steps: [{ wait: 500 }, { hangup: true }] });
    expect(next.status).toBe(200);
  });
});
