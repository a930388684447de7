import { expect, it } from 'vitest';

import { isMachineFull, limitOf, oursOf } from '../../../bench/lib/limits.js';

const used = (controller: number, machine: number): Parameters<typeof limitOf>[0][number] => ({
  shares: { 'controller 1': controller, Redis: 0.2, 'node 1': 0.4 },
  machine,
});
const FREE = { cores: 2, share: null };
const SHARED = { cores: 2, share: 0.2 };

it('the share of a controller is the limit when it is used up and the machine is not', () => {
  expect(limitOf([used(0.196, 0.5)], SHARED)).toBe(
    'controller 1 took 98 % of its share of 0.2 of a core; all 2 cores were 50 % busy, 40 % with these processes',
  );
});

it('the machine is the limit when a tenth of it was not idle, used up as the shares may be', () => {
  expect(limitOf([used(0.2, 0.91)], { ...SHARED, cores: 1 })).toMatch(/^the machine, not the shares: all 1/);
  expect(limitOf([used(0.9, 0.95)], FREE)).toMatch(/^the machine: all 2 cores were 95 % busy/);
});

it('what else ran is the limit when it took more than half of a full machine', () => {
  expect(limitOf([used(0.2, 0.97)], SHARED)).toMatch(
    /^other things that ran here, not the shares: all 2 cores were 97 % busy, 40 % with these/,
  );
});

it('without shares a process is the limit that has a core for itself', () => {
  expect(limitOf([used(0.9, 0.8)], FREE)).toMatch(/^controller 1 took 90 % of a core; all 2/);
  expect(limitOf([used(0.3, 0.5)], FREE)).toMatch(
    /^no core and no process was full: node 1 took 40 % of a core/,
  );
});

it('goes by the median of several loads', () => {
  expect(isMachineFull([used(0.2, 0.5), used(0.2, 0.95), used(0.2, 0.96)])).toBe(true);
  expect(isMachineFull([used(0.2, 0.5), used(0.2, 0.6), used(0.2, 0.96)])).toBe(false);
  expect(oursOf(used(0.2, 0.5), 2)).toBeCloseTo(0.4);
});
