import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RealBed } from './helpers/real-bed.js';

/** The dialplan's dead-man is so far away that a call which is released sooner was released by the watchdog. */
const DEAD_MAN_SECONDS = 59;
const BOUND_MS = 30_000;

const PINS = {
  is_pin_authentication_required: true,
  first_party_pin: '1111',
  second_party_pin: '2222',
  pin_retry: 2,
};

let bed: RealBed;
afterEach(() => bed.close());

async function start(controllers: number): Promise<void> {
  bed = await RealBed.start({
    controllers,
    lanes: 1,
    environment: { QUESTION_TIMEOUT: String(DEAD_MAN_SECONDS) },
  });
}

/** Stops a controller with its sockets open, as a machine that swaps does. */
function hang(index: number): void {
  const pid = bed.stack.controllers[index]?.pid;
  if (pid === undefined || pid === null) throw new Error(`controller ${index} does not run`);
  process.kill(pid, 'SIGSTOP');
}

describe('a controller that hangs', () => {
  it('costs a caller moments and not the call, when there is another', async () => {
    await start(2);
    const lane = await bed.lane();
    const session = await lane.session();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    // FreeSWITCH asks this one first.
    hang(0);
    const startedAt = performance.now();
    const call = await lane.call({ from: lane.first, steps: [{ wait: 500 }, { hangup: true }] });
    expect(call.status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
    await lane.interactions(session.id, 1);
    await bed.stack.controllers[0]!.end('SIGKILL');
  });

  it('costs a caller no attempt in the middle of a PIN', async () => {
    await start(2);
    const lane = await bed.lane();
    const session = await lane.session({ ...PINS, pin_prompt_play: lane.audioUrl('pin-prompt') });
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    const call = lane.call({
      from: lane.stranger,
      steps: [{ wait: 1500 }, { press: '1111' }, { wait: 8000 }, { hangup: true }],
    });
    // The prompt plays: the first question was answered, the next one finds nobody in.
    await sleep(1000);
    hang(0);
    expect((await call).status).toBe(200);
    expect(await lane.invites()).toHaveLength(1);
    await lane.interactions(session.id, 1);
    await bed.stack.controllers[0]!.end('SIGKILL');
  });

  it('leaves the caller with the announcement, when it is the only one; calls go on once it is back', async () => {
    await start(1);
    const lane = await bed.lane();
    const session = await lane.session();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
    hang(0);
    const startedAt = performance.now();
    const call = await lane.call({ from: lane.first });
    expect(call).toMatchObject({ status: 503, heard: ['unavailable'] });
    expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
    await bed.stack.controllers[0]!.end('SIGKILL');
    await bed.stack.controllers[0]!.start();
    const next = await lane.call({ from: lane.first, steps: [{ wait: 500 }, { hangup: true }] });
    expect(next.status).toBe(200);
    await lane.interactions(session.id, 1);
  });
});
