import { expect, it } from 'vitest';

import { exhausted, machineMemoryIn, machineTimesIn, shareIdle } from '../../../bench/lib/machine.js';

/** As a Linux has it, with a guest whose time is in `user` already. */
const stat = (user: number, idle: number, waiting: number, guest = 0): string =>
  `cpu  ${user} 10 20 ${idle} ${waiting} 0 5 7 ${guest} 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nctxt 5\n`;

it('counts each tick of the machine once, and a core that waits for a disk as idle', () => {
  expect(machineTimesIn(stat(100, 800, 50, 40))).toEqual({ idle: 850, total: 992 });
});

it('says which share of the CPU nobody had between two looks', () => {
  const from = machineTimesIn(stat(100, 800, 0));
  expect(shareIdle(from, machineTimesIn(stat(175, 825, 0)))).toBeCloseTo(0.25);
  expect(shareIdle(from, machineTimesIn(stat(100, 850, 50)))).toBe(1);
  expect(shareIdle(from, from)).toBeNaN();
});

it('reads how much memory there is and how much is left', () => {
  const meminfo = 'MemTotal:       8000000 kB\nMemFree:         100 kB\nMemAvailable:    6000000 kB\n';
  expect(machineMemoryIn(meminfo)).toEqual({ total: 8_000_000, available: 6_000_000 });
});

const ROOMY = { idle: 0.5, memory: { total: 8_192_000, available: 4_096_000 }, refusals: new Map() };

it('names what was used up', () => {
  expect(exhausted({ ...ROOMY, idle: 0.03 })).toBe('CPU 3 % idle');
  expect(exhausted({ ...ROOMY, memory: { total: 8_192_000, available: 102_400 } })).toBe(
    '100 MiB of memory left',
  );
  const refusals = new Map([['503 Maximum Calls In Progress', 12]]);
  expect(exhausted({ ...ROOMY, idle: 0.03, refusals })).toBe(
    'CPU 3 % idle, 12 refused with 503 Maximum Calls In Progress',
  );
});

it('does not make a cause up where it found none', () => {
  expect(exhausted(ROOMY)).toBe('nothing that was looked at: CPU 50 % idle, 4000 MiB of memory left');
});
