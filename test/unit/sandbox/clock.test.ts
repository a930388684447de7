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

it('is moved on, and what was to happen meanwhile happens in its order and at its time', async () => {
  const clock = new Clock();
  const begun = clock.now();
  const happened: [string, number][] = [];
  const note = (what: string) => (): void => {
    happened.push([what, Math.round((clock.now() - begun) / 1_000)]);
  };
  clock.schedule(3_600_000, note('an hour'));
  clock.schedule(45_000, () => {
    note('ring timeout')();
    clock.schedule(10_000, note('ten seconds later'));
  });
  clock.schedule(86_400_000, note('too late'));
  await clock.advance(7_200_000);
  expect(happened).toEqual([
    ['ring timeout', 45],
    ['ten seconds later', 55],
    ['an hour', 3_600],
  ]);
  expect(clock.now() - begun).toBeGreaterThanOrEqual(7_200_000);
  expect(clock.pending).toBe(1);
  clock.close();
});

it('waits, while it is moved on, for what takes real time', async () => {
  const clock = new Clock();
  const begun = clock.now();
  let answeredAt = 0;
  clock.schedule(1_000, () => {
    const release = clock.hold();
    setTimeout(() => {
      answeredAt = clock.now() - begun;
      release();
    }, 100);
  });
  clock.schedule(60_000, () => undefined);
  await clock.advance(120_000);
  expect(answeredAt).toBeGreaterThan(1_000);
  expect(answeredAt).toBeLessThan(60_000);
});

it('moves on by a day with something to do in each second, in seconds', async () => {
  const clock = new Clock();
  let ticks = 0;
  const tick = (): void => {
    ticks += 1;
    clock.schedule(1_000, tick);
  };
  tick();
  const begun = clock.now();
  await clock.advance(86_400_000);
  expect(clock.now() - begun).toBeGreaterThanOrEqual(86_400_000);
  expect(ticks).toBeGreaterThan(200);
  clock.close();
}, 60_000);

it('goes at another speed from now on, and never back', async () => {
  const clock = new Clock({ speed: 1_000 });
  await clock.sleep(2_000);
  const before = clock.now();
  clock.speed = 1;
  expect(clock.now() - before).toBeLessThan(1_000);
  const slept = clock.sleep(30_000);
  clock.speed = 10_000;
  expect(await slept).toBe(true);
  await expect(clock.advance(-1)).rejects.toThrow('time does not go back');
  expect(() => (clock.speed = 0)).toThrow('the clock speed must be positive');
});
