import { describe, expect, it } from 'vitest';

import { timeline } from '../../../sandbox/timeline.js';

const AT = Date.UTC(2026, 10, 23, 1, 2, 3);

function step(ms: number, text: string): { at: string; text: string } {
  return { at: new Date(AT + ms).toISOString(), text };
}

describe('the timeline in the terminal', () => {
  it('puts each step where it lies in time', () => {
    const lines = timeline([step(0, 'in'), step(5_000, 'half'), step(10_000, 'over')])
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => line.indexOf('●') - lines[0]!.indexOf('●'))).toEqual([0, 18, 35]);
    expect(lines.map((line) => line.slice(0, 9))).toEqual(['   0.00 s', '   5.00 s', '  10.00 s']);
    expect(lines.map((line) => line.split(' ').at(-1))).toEqual(['in', 'half', 'over']);
  });

  it('draws what happened all at once', () => {
    expect(timeline([step(0, 'in'), step(0, 'over')])).not.toContain('─');
  });
});
