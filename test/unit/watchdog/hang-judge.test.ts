import { describe, expect, it } from 'vitest';
import { HangJudge } from '../../../src/watchdog/hang-judge.js';

const LIMIT = 2_000;
const INTERVAL = 100;

/** Looks every interval from `from` to `to`, and answers when it first found the process hung. */
function hungAt(judge: HangJudge, from: number, to: number): number | null {
  for (let now = from; now <= to; now += INTERVAL) if (judge.look(now) === 'hung') return now;
  return null;
}

describe('a process that hangs', () => {
  it('is found at the first look past the limit', () => {
    const judge = new HangJudge(LIMIT, INTERVAL, 0);
    judge.beat(50);
    expect(hungAt(judge, 100, 10_000)).toBe(2_100);
  });

  it('is not one that beats', () => {
    const judge = new HangJudge(LIMIT, INTERVAL, 0);
    for (let now = 0; now < 60_000; now += 1_900) {
      judge.beat(now);
      expect(hungAt(judge, now + INTERVAL, now + 1_900)).toBeNull();
    }
  });

  it('has a whole limit after the watcher itself was held up', () => {
    const judge = new HangJudge(LIMIT, INTERVAL, 0);
    expect(judge.look(100)).toBe('alive');
    expect(hungAt(judge, 50_000, 60_000)).toBe(52_100);
  });
});
