import { describe, expect, it, vi } from 'vitest';
import { PollLoop } from '../../src/poll-loop.js';

/** Longer than any test: a loop that pauses so long has to be woken to end. */
const FOR_EVER = 3_600_000;

describe('a poll loop', () => {
  it('goes on at once while there is more to do, and pauses then', async () => {
    let rounds = 0;
    const loop = new PollLoop(() => Promise.resolve((rounds += 1) < 5), FOR_EVER);
    loop.start();
    await vi.waitFor(() => expect(rounds).toBe(5));
    await loop.stop();
    expect(rounds).toBe(5);
  });

  it('waits for the round in progress, and tells it to end', async () => {
    let ended = false;
    const loop = new PollLoop(async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await Promise.resolve();
      ended = true;
      return true;
    }, FOR_EVER);
    loop.start();
    await loop.stop();
    expect(ended).toBe(true);
  });

  it('runs once however often it is started, and again after a stop', async () => {
    let rounds = 0;
    const loop = new PollLoop(() => {
      rounds += 1;
      return Promise.resolve(false);
    }, FOR_EVER);
    expect(loop.isStopped).toBe(false);
    loop.start();
    loop.start();
    await loop.stop();
    expect([rounds, loop.isStopped]).toEqual([1, true]);
    loop.start();
    expect(loop.isStopped).toBe(false);
    await loop.stop();
    expect(rounds).toBe(2);
  });
});
