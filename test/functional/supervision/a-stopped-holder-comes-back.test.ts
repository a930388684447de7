import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../helpers/until.js';
import { SimBed } from '../../helpers/sim-bed.js';
import { figure } from '../../helpers/figure.js';
import { LeaseView } from './lease-view.js';

/** A job that was taken and not done is given out again after 15 s; the old holder comes back after that. */
const STOPPED_MS = 20_000;

let bed: SimBed;
let leases: LeaseView;
beforeAll(async () => {
  // Its watchdog would kill a controller that is stopped.
  bed = await SimBed.start({ controllers: 2, proxied: true, environment: { WATCHDOG_LIMIT_MS: '0' } });
  leases = new LeaseView(bed.stack);
}, 90_000);
afterAll(async () => {
  leases.close();
  await bed.close();
});

it('does nothing with what it had in hand: the next holder has it', { timeout: 90_000 }, async () => {
  const { stack } = bed;
  const proxy = stack.eventSocketProxy!;
  const lane = await bed.lane();
  // The holder is waiting for the answer to `originate` when it is stopped. It will be a fault of the trunk:
  // what comes next is another `originate` through another one.
  await lane.callee(lane.first, { kind: 'refuse', status: 503, afterMs: 2_500 });
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100, talkMs: 500 });
  const session = await lane.session({ initiate_call_to_first_party: true });
  await until('the call is placed', () => sentTo(proxy.conversations, 'originate'));
  const holder = (await leases.holder())!;
  const old = [...proxy.conversations];
  const pid = stack.controllers[holder]!.pid!;

  process.kill(pid, 'SIGSTOP');
  let freshAtReturn: number;
  let returnedAt: number;
  try {
    const stoppedAt = performance.now();
    await until('the other one has the node', async () => (await leases.holder()) === 1 - holder);
    await until('the next holder is connected', () => proxy.conversations.length >= old.length + 2);
    figure({ takeoverMs: Math.round(performance.now() - stoppedAt) });
    // The next holder's try rings when the old one comes back.
    await sleep(1_000);
    await lane.callee(lane.first, { kind: 'answer', afterMs: 12_000 });
    const fresh = proxy.conversations.slice(old.length);
    await until('the next holder dials anew', () => sentTo(fresh, 'originate'), 40_000);
    await sleep(Math.max(0, STOPPED_MS - (performance.now() - stoppedAt)));
    freshAtReturn = proxy.conversations.length;
    returnedAt = performance.now();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await sleep(3_000);
  const late = old.flatMap(({ sent }) => sent.filter(({ at }) => at >= returnedAt));
  expect(late.map(({ text }) => text)).toEqual([]);
  expect(proxy.conversations).toHaveLength(freshAtReturn);
  expect(await leases.holder()).toBe(1 - holder);

  // One call, not two; and nobody ended it before its time.
  const [interaction] = await lane.interactions(session.id, 1);
  expect(interaction).toMatchObject({ caller: 'first', endedBy: 'b', cause: 'NORMAL_CLEARING' });
  expect(interaction!.connectedAt).not.toBeNull();
});

function sentTo(conversations: readonly { sent: readonly { text: string }[] }[], what: string): boolean {
  return conversations.some(({ sent }) => sent.some(({ text }) => text.includes(what)));
}
