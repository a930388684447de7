import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RealBed } from './helpers/real-bed.js';
import { withTwoPeople } from './helpers/two-people.js';
import { until } from '../helpers/until.js';

/** A caller must not be left without an answer; much longer than an announcement, much shorter than a timer. */
const WITHIN_SECONDS_MS = 20_000;

describe('Redis is away', () => {
  let bed: RealBed;
  beforeAll(async () => {
    bed = await RealBed.start({ controllers: 1, lanes: 4 });
  });
  afterEach(async () => {
    // After a test that failed half-way: the next one finds a Redis.
    const { redis } = bed.stack;
    if (redis.pid === null) await redis.restart();
    else redis.resume();
  });
  afterAll(() => bed.close());

  const readiness = async (): Promise<number> => {
    const response = await fetch(`${bed.stack.controllers[0]!.url}/readyz`);
    await response.body?.cancel();
    return response.status;
  };

  it.each([
    {
      how: 'it died',
      goAway: () => bed.stack.redis.kill(),
      comeBack: () => bed.stack.redis.restart(),
    },
    {
      how: 'it hangs',
      goAway: () => {
        bed.stack.redis.pause();
        return Promise.resolve();
      },
      comeBack: () => {
        bed.stack.redis.resume();
        return Promise.resolve();
      },
    },
  ])(
    '$how: new calls are told so, a call that is up goes on, its record is complete',
    ({ goAway, comeBack }) =>
      withTwoPeople(bed, async (lane, people) => {
        const session = await lane.session();
        const other = await bed.lane();
        const call = await people.connect();
        expect(await readiness()).toBe(200);
        await goAway();

        const startedAt = performance.now();
        const refused = await other.call({ from: other.first });
        expect(performance.now() - startedAt).toBeLessThan(WITHIN_SECONDS_MS);
        expect(refused).toMatchObject({ status: 503, heard: ['unavailable'] });
        expect(await readiness()).toBe(503);

        await call.dialogB.hangUp();
        await people.a.sip.request('BYE');
        await comeBack();
        await until('the controller is ready again', async () => (await readiness()) === 200);
        const [interaction] = await lane.interactions(session.id, 1);
        expect(interaction).toMatchObject({ endedBy: 'b', cause: 'NORMAL_CLEARING' });
        expect(interaction!.connectedAt).not.toBeNull();
        expect(interaction!.legs.map((leg) => leg.role)).toEqual(['a', 'b']);

        await other.callee(other.second, { kind: 'answer', afterMs: 100 });
        await other.session();
        const next = await other.call({ from: other.first, steps: [{ wait: 500 }, { hangup: true }] });
        expect(next.status).toBe(200);
      }),
  );
});
