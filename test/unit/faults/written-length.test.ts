import { describe, expect, it } from 'vitest';
import { hasItsLength } from '../../faults/lib/audit.js';
import type { WrittenInteraction } from '../../faults/lib/evidence.js';
import { aCall } from './calls.js';

const written = (seconds: number, endedAt = 9_000): WrittenInteraction => ({
  startedAt: 0,
  endedAt,
  seconds,
  legs: 2,
  recorded: false,
});

describe('the written length of a call', () => {
  const talked = { answered: 3_000, bAnswered: 3_000, ended: 9_000 };
  const call = aCall({ ...talked, bConfirmed: 3_000, released: 9_000 });

  it.each([
    [7, false],
    [8, true],
    [16, true],
    [17, false],
  ])('of six seconds on both legs may be %i seconds: %s', (seconds, holds) => {
    expect(hasItsLength(call, written(seconds), null)).toBe(holds);
  });

  it.each([
    [26, true],
    [27, false],
  ])('may go on until FreeSWITCH knew of the hang-up, 5 s later: %i seconds are %s', (seconds, holds) => {
    const late = aCall({ ...talked, bConfirmed: 3_000, released: 14_000 });
    expect(hasItsLength(late, written(seconds), null)).toBe(holds);
  });

  it.each([
    [4, false],
    [5, true],
  ])('may begin when FreeSWITCH knew of the answer, 3 s later: %i seconds are %s', (seconds, holds) => {
    const late = aCall({ ...talked, bConfirmed: 6_000, released: 9_000 });
    expect(hasItsLength(late, written(seconds), null)).toBe(holds);
  });

  it('ends with the FreeSWITCH that died', () => {
    expect(hasItsLength(call, written(0, 6_900), 5_000)).toBe(true);
    expect(hasItsLength(call, written(0, 7_100), 5_000)).toBe(false);
  });
});
