import { expect, it } from 'vitest';

import { cpuRate, hasRoom, heldFigures, type Level, type Sample } from '../../../bench/lib/held-calls.js';

const sample = (at: number, cpuMs: number, kib = 0): Sample => ({ at, cpuMs, kib });

/**
 * A process with 5 ms of CPU a second of its own, 0.4 ms a second for each held call and 12 ms for each that is set up,
 * and 700 KiB a call. Evenly, 100 calls and then 300 more come in within 10 s each.
 */
function level(heldBefore: number, held: number): Level {
  const rate = (calls: number): number => 5 + 0.4 * calls;
  const begun = sample(60_000, 1_000, 50_000 + 700 * heldBefore);
  const seconds = 10;
  const coming = seconds * ((rate(heldBefore) + rate(held)) / 2) + 12 * (held - heldBefore);
  const up = sample(begun.at + seconds * 1_000, begun.cpuMs + coming);
  const from = sample(up.at + 3_000, up.cpuMs + 3 * rate(held), 50_000 + 700 * held);
  const to = sample(from.at + 15_000, from.cpuMs + 15 * rate(held), 50_000 + 700 * held);
  return {
    ...{ emptyRate: rate(0), begun, up },
    ...{ rateBefore: rate(heldBefore), heldBefore, held },
    still: [from, to],
  };
}

it.each([
  [0, 100],
  [100, 400],
])('tells what a call costs at its set-up and while it is held, from %i to %i calls', (heldBefore, held) => {
  const { kibPerCall, setUpMs, heldMsPer100 } = heldFigures(level(heldBefore, held));
  expect(kibPerCall).toBeCloseTo(700);
  expect(setUpMs).toBeCloseTo(12);
  expect(heldMsPer100).toBeCloseTo(40);
});

it('has no figures where no call came up', () => {
  const figures = heldFigures(level(0, 0));
  expect([figures.kibPerCall, figures.setUpMs, figures.heldMsPer100]).toEqual([NaN, NaN, NaN]);
  // The calls before it are held all the same.
  const none = heldFigures(level(100, 100));
  expect([none.kibPerCall, none.setUpMs]).toEqual([NaN, NaN]);
  expect(none.heldMsPer100).toBeCloseTo(40);
});

it('is a rate a second, however long the looks are apart', () => {
  expect(cpuRate(sample(1_000, 10), sample(1_500, 60))).toBeCloseTo(100);
});

it('leaves a tenth of the memory alone', () => {
  expect(hasRoom(100, 9, 1_000)).toBe(true);
  expect(hasRoom(101, 9, 1_000)).toBe(false);
  // Nothing is known of the first level.
  expect(hasRoom(100, 0, 1_000)).toBe(true);
});
