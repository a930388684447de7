import { afterAll, beforeAll, expect, it } from 'vitest';

import { until } from '../../helpers/until.js';
import { figure } from '../../helpers/figure.js';
import { Receiver } from '../../helpers/receiver.js';
import { RedisCluster } from '../../helpers/redis-cluster.js';
import { SimBed } from '../../helpers/sim-bed.js';
import { DAY_ENVIRONMENT, TALK } from './one-day.js';

const LANES = 4;
/** Of each lane while slots move. */
const CALLS = 3;
/** What is told of a call that both parties answer and the caller ends. */
const EVENTS = 6;
/** A delivery whose worker was cut short is taken up again after 15 s. */
const PATIENCE_MS = 90_000;

let cluster: RedisCluster;
let bed: SimBed;
let receiver: Receiver;
beforeAll(async () => {
  cluster = await RedisCluster.start();
  receiver = await Receiver.start();
  bed = await SimBed.start({ controllers: 2, environment: DAY_ENVIRONMENT, storage: cluster });
}, 120_000);
afterAll(async () => {
  await bed.close();
  await receiver.close();
});

it('every slot in use moves to another master while people call: no call and no word of it is lost', async () => {
  const lanes = await Promise.all(Array.from({ length: LANES }, () => bed.lane()));
  const stopped = new AbortController();
  const made = new Map(lanes.map((lane) => [lane, 0]));
  const fewest = (of: ReadonlyMap<unknown, number>): number => Math.min(...of.values());
  const calling = lanes.map(async (lane) => {
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    const { id } = await lane.session({ callback_url: receiver.url(`/${lane.did}`) });
    let calls = 0;
    do {
      const call = await lane.call({ from: lane.first, steps: TALK });
      expect(call).toMatchObject({ status: 200, endedByCaller: true });
      calls += 1;
      made.set(lane, calls);
      // The claim of a call that is not over yet would make the next one busy.
      expect(await lane.interactions(id, calls)).toHaveLength(calls);
    } while (!stopped.signal.aborted);
    return { lane, calls };
  });
  const everyCall = Promise.all(calling);
  // A call that fails is told at the end, after the slots have come to rest.
  everyCall.catch(() => stopped.abort());

  let moved = 0;
  while (fewest(made) < CALLS && !stopped.signal.aborted) {
    const slots = new Set(await Promise.all((await cluster.keys()).map((key) => cluster.slotOf(key))));
    for (const slot of slots) {
      const from = cluster.masters.indexOf(await cluster.masterOf(slot));
      await cluster.move(slot, cluster.masters[(from + 1) % cluster.masters.length]!);
      moved += 1;
    }
  }
  stopped.abort();
  const results = await everyCall;

  let total = 0;
  for (const { lane, calls } of results) {
    total += calls;
    const sequences = (): Set<string> =>
      new Set(
        receiver.told
          .filter(({ target }) => target === `/${lane.did}`)
          .map(({ fields }) => fields['SequenceNumber'] ?? ''),
      );
    await until('everything is told', () => sequences().size >= EVENTS * calls, PATIENCE_MS);
    expect(sequences().size).toBe(EVENTS * calls);
  }
  figure({ moved, calls: total });
  expect(moved).toBeGreaterThan(40);
  expect(total).toBeGreaterThanOrEqual(LANES * CALLS);
}, 240_000);
