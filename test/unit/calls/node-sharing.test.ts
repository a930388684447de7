import { describe, expect, it, vi } from 'vitest';

import type { ControllerReport, NodeReport } from '../../../src/calls/node-report.js';
import { NodeSharing, toPass, wanted, type SharedNode } from '../../../src/calls/node-sharing.js';
import { createLogger } from '../../../src/telemetry/logger.js';

const log = createLogger({ level: 'silent' });

function node(endpoint: string, more: Partial<NodeReport> = {}): NodeReport {
  const report: NodeReport = {
    ...{ endpoint, name: endpoint, state: 'up', isHeld: true, isDraining: false, upSince: 0, trunks: [] },
    ...more,
  };
  return report.isHeld ? report : { ...report, state: 'standby' };
}

/** A controller that holds these nodes and stands by for those. */
function report(
  id: string,
  held: readonly string[],
  standby = '',
  wants?: readonly string[],
): ControllerReport {
  return {
    ...{ id, host: 'host', version: '1', startedAt: 0, at: 0 },
    nodes: [
      ...held.map((endpoint) => node(endpoint)),
      ...standby.split('').map((endpoint) => node(endpoint, { isHeld: false })),
    ],
    ...(wants === undefined ? {} : { wants }),
  };
}

const own = (held: string, standby: string): { endpoint: string; holding: boolean; state: string }[] => [
  ...held.split('').map((endpoint) => ({ endpoint, holding: true, state: 'up' })),
  ...standby.split('').map((endpoint) => ({ endpoint, holding: false, state: 'standby' })),
];

describe('what a controller wants', () => {
  it('is half of what another one has more', () => {
    expect(wanted(own('', 'abcd'), [report('two', 'abcd'.split(''))])).toEqual(['a', 'b']);
    expect(wanted(own('e', 'abcd'), [report('two', 'abcd'.split(''))])).toEqual(['a']);
    expect(wanted(own('', 'ab'), [report('two', 'ab'.split(''))])).toEqual(['a']);
  });

  it('is nothing when that would only change places', () => {
    expect(wanted(own('', 'a'), [report('two', ['a'])])).toEqual([]);
    expect(wanted(own('c', 'ab'), [report('two', ['a', 'b'])])).toEqual([]);
    expect(wanted(own('ab', ''), [])).toEqual([]);
  });

  it('comes from the one that has most, of what is on its own list', () => {
    const [few, many] = [report('two', 'ab'.split('')), report('three', 'cdef'.split(''))];
    expect(wanted(own('', 'abcdef'), [few, many])).toEqual(['c', 'd']);
    expect(wanted(own('', 'abf'), [few, many])).toEqual(['f']);
    expect(wanted(own('', 'ab'), [few, many])).toEqual(['a']);
  });

  it('is no node that is not up there, or drains', () => {
    const down = { ...report('two', []), nodes: [node('a', { state: 'waiting' }), node('b'), node('c')] };
    expect(wanted(own('', 'abc'), [down])).toEqual(['b']);
    const draining = { ...report('two', []), nodes: [node('a', { isDraining: true }), node('b')] };
    expect(wanted(own('', 'ab'), [draining])).toEqual(['b']);
  });
});

describe('what a controller passes on', () => {
  it('is what is wanted by one that holds fewer, as long as it does', () => {
    expect(toPass(own('abcd', ''), [report('two', [], 'abcd', ['a', 'b', 'c'])])).toEqual([
      { endpoint: 'a', to: 'two' },
      { endpoint: 'b', to: 'two' },
    ]);
    expect(toPass(own('ab', ''), [report('two', ['c'], 'ab', ['a'])])).toEqual([]);
  });

  it('goes to the one that holds fewest first, and to nobody twice', () => {
    const others = [report('two', ['x'], '', ['a', 'b']), report('three', [], '', ['a'])];
    expect(toPass(own('abcd', ''), others)).toEqual([
      { endpoint: 'a', to: 'three' },
      { endpoint: 'b', to: 'two' },
    ]);
  });

  it('is nothing that it does not hold, or that is not up', () => {
    expect(toPass(own('ab', 'c'), [report('two', [], '', ['c'])])).toEqual([]);
    const down = own('abc', '').map((each) => (each.endpoint === 'a' ? { ...each, state: 'waiting' } : each));
    expect(toPass(down, [report('two', [], '', ['a', 'b'])])).toEqual([{ endpoint: 'b', to: 'two' }]);
  });

  it('is nothing for a controller of a version that wants none', () => {
    expect(toPass(own('ab', ''), [report('two', [], 'ab')])).toEqual([]);
  });
});

it('whoever holds what at first, no controller holds two more than another in the end, and then all is quiet', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const count = { controllers: 2 + (seed % 4), nodes: 1 + (seed % 11) };
    const ids = Array.from({ length: count.controllers }, (_, index) => `c${index}`);
    const holder = new Map(
      Array.from({ length: count.nodes }, (_, index) => [
        `n${index}`,
        ids[(index * index * seed) % (seed % 3 === 0 ? 1 : ids.length)]!,
      ]),
    );
    const ownOf = (id: string): ReturnType<typeof own> =>
      [...holder].map(([endpoint, by]) => ({
        endpoint,
        holding: by === id,
        state: by === id ? 'up' : 'standby',
      }));
    let board: ControllerReport[] = [];
    let moves = 0;
    for (let round = 0; round < 40; round += 1) {
      moves = 0;
      // Every other round on reports of the one before.
      const reports = ids.map((id) => {
        const others = board.filter((each) => each.id !== id);
        const held = [...holder].filter(([, by]) => by === id).map(([endpoint]) => endpoint);
        return report(id, held, '', wanted(ownOf(id), others));
      });
      if (round % 2 === 0 || board.length === 0) board = reports;
      for (const id of ids) {
        for (const { endpoint, to } of toPass(
          ownOf(id),
          board.filter((each) => each.id !== id),
        )) {
          holder.set(endpoint, to);
          moves += 1;
        }
      }
    }
    const held = ids.map((id) => [...holder.values()].filter((by) => by === id).length);
    expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
    expect(moves).toBe(0);
  }
});

describe('a controller', () => {
  /** One with these nodes, and what it passes. */
  function sharing(
    nodes: ReturnType<typeof own>,
    read: () => Promise<readonly ControllerReport[]>,
    reachable = 'abcd',
  ): { sharing: NodeSharing; passed: string[] } {
    const passed: string[] = [];
    const shared = nodes.map((each): SharedNode => ({
      ...each,
      passTo: (to) => {
        passed.push(`${each.endpoint} to ${to}`);
        return Promise.resolve(true);
      },
    }));
    const reach = (endpoint: string): Promise<boolean> => Promise.resolve(reachable.includes(endpoint));
    return {
      sharing: new NodeSharing({ controllerId: 'one', nodes: shared, board: { read }, reach, log }),
      passed,
    };
  }

  it('wants only what it reaches, and nothing any more when it stops', async () => {
    const read = (): Promise<ControllerReport[]> =>
      Promise.resolve([report('two', 'abcd'.split('')), report('one', [])]);
    const { sharing: one } = sharing(own('', 'abcd'), read, 'bcd');
    one.start();
    await vi.waitFor(() => expect(one.wants).toEqual(['b']));
    await one.stop();
    expect(one.wants).toEqual([]);
  });

  it('passes on what is wanted, and takes its own report for no other', async () => {
    const read = (): Promise<ControllerReport[]> =>
      Promise.resolve([report('one', [], '', ['b']), report('two', [], 'ab', ['a'])]);
    const { sharing: one, passed } = sharing(own('ab', ''), read);
    one.start();
    await vi.waitFor(() => expect(passed).toEqual(['a to two']));
    await one.stop();
  });

  it('passes nothing more to one that has told nothing new since: it may have died', async () => {
    let [at, looks] = [1, 0];
    const read = (): Promise<ControllerReport[]> => {
      looks += 1;
      return Promise.resolve([{ ...report('two', [], 'abcd', ['a', 'b']), at }]);
    };
    // The nodes are held all the time: both came back, as their leases lapsed.
    const { sharing: one, passed } = sharing(own('abcd', ''), read);
    const oneRound = async (): Promise<void> => {
      const before = looks;
      one.start();
      await vi.waitFor(() => expect(looks).toBe(before + 1));
      await one.stop();
    };
    one.start();
    await vi.waitFor(() => expect(passed).toEqual(['a to two', 'b to two']));
    await one.stop();
    await oneRound();
    expect(passed).toHaveLength(2);
    at = 2;
    one.start();
    await vi.waitFor(() => expect(passed).toHaveLength(4));
    await one.stop();
  });

  it('does without the others while it does not see what they hold', async () => {
    let isAway = true;
    let asked = 0;
    const read = (): Promise<ControllerReport[]> => {
      asked += 1;
      return isAway ? Promise.reject(new Error('no redis')) : Promise.resolve([report('two', ['a', 'b'])]);
    };
    const { sharing: one } = sharing(own('', 'ab'), read);
    one.start();
    await vi.waitFor(() => expect(asked).toBe(1));
    await one.stop();
    expect(one.wants).toEqual([]);
    isAway = false;
    one.start();
    await vi.waitFor(() => expect(one.wants).toEqual(['a']));
    await one.stop();
  });
});
