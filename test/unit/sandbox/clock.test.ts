import { expect, it } from 'vitest';
import { Clock } from '../../../sandbox/clock.js';

it('runs as fast as it is told', async () => {
  const fast = new Clock({ speed: 200 });
  const slow = new Clock({ speed: 1 });
  const [fastBefore, slowBefore] = [fast.now(), slow.now()];
  expect(await fast.sleep(10_000)).toBe(true);
  expect(fast.now() - fastBefore).toBeGreaterThanOrEqual(10_000);
  expect(slow.now() - slowBefore).toBeLessThan(fast.now() - fastBefore);
});

it('never fires before the simulated time is up', async () => {
  const clock = new Clock({ speed: 7 });
  for (let round = 0; round < 20; round += 1) {
    const wait = clock.untilNextSecond() % 100;
    const due = clock.now() + wait;
    await clock.sleep(wait);
    expect(clock.now()).toBeGreaterThanOrEqual(due);
  }
});

it('wakes a sleeper that is aborted, and forgets its timer', async () => {
  const clock = new Clock();
  const stop = new AbortController();
  const sleeping = clock.sleep(60_000, stop.signal);
  expect(clock.pending).toBe(1);
  stop.abort();
  expect(await sleeping).toBe(false);
  expect(clock.pending).toBe(0);
});

it('leaves no timer when it is closed', () => {
  const clock = new Clock();
  clock.schedule(1000, () => undefined);
  clock.close();
  clock.schedule(1000, () => undefined);
  expect(clock.pending).toBe(0);
});

it.each([0, -1, Number.NaN, Infinity])('refuses the speed %d', (speed) => {
  expect(() => new Clock({ speed })).toThrow(RangeError);
});
