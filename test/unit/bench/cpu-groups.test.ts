import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CpuGroups, cpuHierarchyIn, periodsIn } from '../../../bench/lib/cpu-groups.js';
import { BadOptionError } from '../../../bench/lib/options.js';

const mount = (root: string, point: string, type: string, options: string): string =>
  `33 31 0:30 ${root} ${point} rw,nosuid,relatime shared:9 - ${type} cgroup ${options}`;
const mounted = (...lines: string[]): string =>
  ['22 1 8:1 / / rw - ext4 /dev/root rw,cpu', ...lines, ''].join('\n');

const V2 = mount('/', '/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate');
const EMPTY_V2 = mount('/', '/sys/fs/cgroup/unified', 'cgroup2', 'rw');
const V1 = mount('/', '/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct');
const CPUSET = mount('/', '/sys/fs/cgroup/cpuset', 'cgroup', 'rw,cpuset');

describe('where CPU is limited', () => {
  it('is the second version, below the group of the process, where it is the only one', () => {
    expect(cpuHierarchyIn(mounted(V2), '0::/user.slice/run-7.scope\n')).toEqual({
      version: 2,
      groups: ['/sys/fs/cgroup/user.slice/run-7.scope', '/sys/fs/cgroup/user.slice', '/sys/fs/cgroup'],
    });
  });

  it('is the first one, where that has the controller', () => {
    const cgroup = '9:cpuset:/other\n4:cpu,cpuacct:/own\n1:name=systemd:/x\n0::/y\n';
    expect(cpuHierarchyIn(mounted(CPUSET, EMPTY_V2, V1), cgroup)).toEqual({
      version: 1,
      groups: ['/sys/fs/cgroup/cpu,cpuacct/own', '/sys/fs/cgroup/cpu,cpuacct'],
    });
    expect(cpuHierarchyIn(mounted(V1), '4:cpu,cpuacct:/\n')?.groups).toEqual(['/sys/fs/cgroup/cpu,cpuacct']);
  });

  it('is what a container sees of it', () => {
    const of = (root: string, path: string): unknown =>
      cpuHierarchyIn(mounted(mount(root, '/sys/fs/cgroup', 'cgroup2', 'rw')), `0::${path}\n`)?.groups;
    expect(of('/docker/abc', '/docker/abc')).toEqual(['/sys/fs/cgroup']);
    expect(of('/docker/abc', '/docker/abc/in')).toEqual(['/sys/fs/cgroup/in', '/sys/fs/cgroup']);
    // The process is not below what is mounted.
    expect(of('/docker/abc', '/')).toEqual(['/sys/fs/cgroup']);
    expect(of('/', '/../other')).toEqual(['/sys/fs/cgroup']);
  });

  it('is nowhere without such a mount', () => {
    expect(cpuHierarchyIn(mounted(CPUSET), '9:cpuset:/\n')).toBeNull();
    expect(cpuHierarchyIn('', '')).toBeNull();
  });
});

it('reads in how many periods a group was held back', () => {
  const stat = 'usage_usec 1\nnr_periods 207\nnr_throttled 205\nthrottled_usec 9\n';
  expect(periodsIn(stat)).toEqual({ all: 207, throttled: 205 });
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'groups-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

describe('without the right to limit CPU', () => {
  /** What is said, of folders that are no groups of the kernel's. */
  function said(version: 1 | 2, groups: readonly string[]): string {
    try {
      CpuGroups.find({ version, groups });
    } catch (error) {
      if (error instanceof BadOptionError) return error.message;
      throw error;
    }
    throw new Error('groups were found');
  }

  it('the cure is named, and nothing is left', async () => {
    const own = join(folder, 'own');
    await mkdir(own);
    await writeFile(join(folder, 'cgroup.subtree_control'), 'cpuset cpu io\n');
    for (const version of [1, 2] as const) {
      expect(said(version, [own, folder])).toMatch(
        /^--share needs control groups .*ENOENT.*: run it as root/,
      );
    }
    expect(await readdir(own)).toEqual([]);
    expect((await readdir(folder)).toSorted()).toEqual(['cgroup.subtree_control', 'own']);
  });

  it('so it is where no group has the controller for others', async () => {
    await writeFile(join(folder, 'cgroup.subtree_control'), 'cpuset io\n');
    expect(said(2, [folder])).toMatch(/no group above has the cpu controller.*run it as root/);
  });

  it('so it is without control groups', () => {
    expect(() => CpuGroups.find(null)).toThrow(/^--share needs the cpu controller/);
  });
});

/** Whether the kernel lets us. */
function found(): CpuGroups | null {
  try {
    return CpuGroups.find();
  } catch {
    return null;
  }
}
const groups = found();

it.runIf(groups !== null)('a group has its process and its limit, and goes when it is empty', async () => {
  const opened: (() => Promise<unknown>)[] = [];
  const group = groups!.make(opened);
  try {
    group.limit(0.25);
    group.limit(null);
    expect(group.periods.throttled).toBe(0);
    expect(existsSync(group.folder)).toBe(true);
  } finally {
    for (const end of opened) await end();
  }
  expect(existsSync(group.folder)).toBe(false);
});
