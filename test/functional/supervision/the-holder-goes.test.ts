import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../helpers/until.js';
import { SimBed } from '../../helpers/sim-bed.js';
import { figure } from '../../helpers/figure.js';
import { LeaseView } from './lease-view.js';

/** Controllers start in these tests, and a busy machine takes its time over that. */
const PATIENCE = { timeout: 90_000 };

/** What is promised is 5 s; twice that, for a busy machine. */
const BOUND_MS = 10_000;
/** Younger interactions are not looked at. */
const OLD_ENOUGH_MS = 11_000;

let bed: SimBed;
let leases: LeaseView;
beforeAll(async () => {
  bed = await SimBed.start({
    ...{ controllers: 2, proxied: true, cdrs: false },
    environment: { WATCHDOG_LIMIT_MS: '0' },
  });
  leases = new LeaseView(bed.stack);
}, 90_000);
afterEach(async () => {
  for (const controller of bed.stack.controllers) if (controller.pid === null) await controller.start();
}, 90_000);
afterAll(async () => {
  leases.close();
  await bed.close();
});

/** Milliseconds until the other controller has connected to the node. */
async function takeover(holder: number): Promise<number> {
  const { conversations } = bed.stack.eventSocketProxy!;
  const before = conversations.length;
  const startedAt = performance.now();
  await until('the other one has the node', async () => (await leases.holder()) === 1 - holder);
  await until('it is connected', () => conversations.length >= before + 2);
  return Math.round(performance.now() - startedAt);
}

describe('another controller takes the node over', PATIENCE, () => {
  it('within 5 s of the death of its holder', async () => {
    const holder = (await leases.holder())!;
    await bed.killController(holder);
    const ms = await takeover(holder);
    figure({ killed: ms });
    expect(ms).toBeLessThan(BOUND_MS);
  });

  it('within 5 s when its holder hangs', async () => {
    const holder = (await leases.holder())!;
    process.kill(bed.stack.controllers[holder]!.pid!, 'SIGSTOP');
    const ms = await takeover(holder).finally(() => bed.killController(holder));
    figure({ stopped: ms });
    expect(ms).toBeLessThan(BOUND_MS);
  });

  it('at once when its holder is told to end', async () => {
    const holder = (await leases.holder())!;
    const ended = bed.stack.controllers[holder]!.end('SIGTERM');
    const ms = await takeover(holder);
    figure({ told: ms });
    expect(await ended).toBe(0);
    // A lease that was not given up would have taken longer.
    expect(ms).toBeLessThan(2_600);
  });
});

it('keeps its node over a pause of 1.5 s of its whole process', PATIENCE, async () => {
  const holder = (await leases.holder())!;
  const { conversations } = bed.stack.eventSocketProxy!;
  const before = conversations.length;
  const { pid } = bed.stack.controllers[holder]!;
  for (let pause = 0; pause < 4; pause += 1) {
    process.kill(pid!, 'SIGSTOP');
    await sleep(1_500);
    process.kill(pid!, 'SIGCONT');
    await sleep(900 + pause * 200);
    expect(await leases.holder()).toBe(holder);
  }
  expect(conversations).toHaveLength(before);
});

it(
  'ends a call that ended in between, without event and CDR, seconds after the takeover',
  PATIENCE,
  async () => {
    const lane = await bed.lane();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    const session = await lane.session();
    const call = bed.freeswitch.place({ from: lane.first, to: lane.did });
    expect(await call.answered).toBe(true);
    await sleep(OLD_ENOUGH_MS);
    const holder = (await leases.holder())!;
    await bed.killController(holder);
    call.hangup();
    const startedAt = performance.now();
    const [interaction] = await lane.interactions(session.id, 1, { everyLeg: false });
    const ms = Math.round(performance.now() - startedAt);
    figure({ endedAfter: ms });
    // What the lease lasts, and three seconds until the second look; the interval between two rounds alone is 15.
    expect(ms).toBeLessThan(14_500);
    expect(interaction).toMatchObject({ cause: 'CRASH', endedBy: 'system' });
  },
);
