import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { BadOptionError } from './options.js';

/** Control groups (cgroups(7)) that limit CPU, of the first version or the second. */
export interface CpuHierarchy {
  readonly version: 1 | 2;
  /** Folders of the group that a process is in and of those above it, the nearest first. */
  readonly groups: readonly string[];
}

/** In how many periods a group had something to do, and in how many of them it used up what it may. */
export interface Periods {
  readonly all: number;
  readonly throttled: number;
}

/**
 * Milliseconds after which a group has its share anew. With the kernel's own 100 a process would stand still for most of
 * them at a time.
 */
export const PERIOD_MS = 10;
const PERIOD_US = PERIOD_MS * 1_000;
/** Least share of a core: the kernel takes no less than 1 ms a period. */
export const LEAST_SHARE = 0.1;
/** Milliseconds for which a group is waited for whose last process ends. */
const EMPTY_MS = 3_000;
const AGAIN_MS = 50;

const CURE =
  'run it as root or where the cpu controller is delegated to you, as in `systemd-run --user --scope ' +
  '--property=CPUWeight=100 npm run …`; in a container, with --privileged and --cgroupns=host';

/**
 * From the texts of /proc/self/mountinfo (proc(5)) and /proc/self/cgroup; null where no group can limit CPU. Where the
 * first version has the cpu controller, the second has not.
 */
export function cpuHierarchyIn(mountinfo: string, cgroup: string): CpuHierarchy | null {
  const mounts = mountinfo.split('\n').map((line) => {
    const [mount = '', filesystem = ''] = line.split(' - ');
    const [, , , root = '', point = ''] = mount.split(' ');
    const [type = '', , options = ''] = filesystem.split(' ');
    return { root, point, type, options: options.split(',') };
  });
  const first = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('cpu'));
  const mount = first ?? mounts.find(({ type }) => type === 'cgroup2');
  if (mount === undefined) return null;
  const path = cgroup
    .split('\n')
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? [])
    .find(([, controllers = '-']) =>
      first === undefined ? controllers === '' : controllers.split(',').includes('cpu'),
    )?.[2];
  if (path === undefined) return null;
  const groups = [mount.point];
  for (const name of below(path, mount.root)) groups.unshift(join(groups[0] ?? '', name));
  return { version: first === undefined ? 2 : 1, groups };
}

/** Names that lead from the group that is mounted to that of a path; none where that is not below it. */
function below(path: string, root: string): readonly string[] {
  const names = (of: string): string[] => of.split('/').filter((name) => name !== '');
  const [own, above] = [names(path), names(root)];
  const isBelow = above.every((name, index) => own[index] === name);
  return isBelow && !own.includes('..') ? own.slice(above.length) : [];
}

/** From the text of a group's cpu.stat. */
export function periodsIn(stat: string): Periods {
  const of = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1]);
  return { all: of('nr_periods'), throttled: of('nr_throttled') };
}

/** Makes groups of processes that may use a share of one core each. */
export class CpuGroups {
  readonly #version: 1 | 2;
  readonly #parent: string;
  #made = 0;

  private constructor(version: 1 | 2, parent: string) {
    this.#version = version;
    this.#parent = parent;
  }

  /** Tries it out. Throws BadOptionError, which names the cure, where this process may not limit any. */
  static find(hierarchy = hierarchyHere()): CpuGroups {
    if (hierarchy === null) {
      throw new BadOptionError('--share needs the cpu controller of control groups, which is not mounted');
    }
    const { version, groups } = hierarchy;
    let cause: unknown = new Error('no group above has the cpu controller for those below it');
    for (const parent of groups) {
      if (version === 2 && !handsCpuOn(parent)) continue;
      try {
        const made = new CpuGroups(version, parent);
        const trial = made.#make();
        try {
          trial.limit(LEAST_SHARE);
        } finally {
          rmdirSync(trial.folder);
        }
        return made;
      } catch (error) {
        cause = error;
        // With the first version any group may have groups below it: another one would not help.
        if (version === 1) break;
      }
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadOptionError(`--share needs control groups that may limit CPU (${why}): ${CURE}`, { cause });
  }

  /** Without a limit. `opened`: see openWatched; it removes the group once no process is in it. */
  make(opened: (() => Promise<unknown>)[]): CpuGroup {
    const group = this.#make();
    opened.push(() => removed(group.folder));
    return group;
  }

  #make(): CpuGroup {
    this.#made += 1;
    const folder = join(this.#parent, `maskline-bench-${process.pid}-${this.#made}`);
    mkdirSync(folder);
    return new CpuGroup(this.#version, folder);
  }
}

/** Processes that share what they may use. */
export class CpuGroup {
  readonly #version: 1 | 2;

  constructor(
    version: 1 | 2,
    readonly folder: string,
  ) {
    this.#version = version;
  }

  /** The process with its threads. What it starts from now on is in the group too, what it has started is not. */
  add(pid: number): void {
    this.#write('cgroup.procs', String(pid));
  }

  /** `share` of one core, for all of them together; null: no limit. */
  limit(share: number | null): void {
    const quota = share === null ? null : Math.round(share * PERIOD_US);
    if (this.#version === 2) {
      this.#write('cpu.max', `${quota ?? 'max'} ${PERIOD_US}`);
      return;
    }
    this.#write('cpu.cfs_period_us', String(PERIOD_US));
    this.#write('cpu.cfs_quota_us', String(quota ?? -1));
  }

  get periods(): Periods {
    return periodsIn(readFileSync(join(this.folder, 'cpu.stat'), 'latin1'));
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text, { flag: 'r+' });
  }
}

function hierarchyHere(): CpuHierarchy | null {
  try {
    const [mountinfo, cgroup] = ['mountinfo', 'cgroup'].map((name) =>
      readFileSync(`/proc/self/${name}`, 'utf8'),
    ) as [string, string];
    return cpuHierarchyIn(mountinfo, cgroup);
  } catch {
    // No Linux.
    return null;
  }
}

/** Whether groups below this one may limit CPU, in the second version. */
function handsCpuOn(group: string): boolean {
  try {
    return readFileSync(join(group, 'cgroup.subtree_control'), 'latin1').trim().split(' ').includes('cpu');
  } catch {
    return false;
  }
}

/** The kernel keeps a group until the last process in it is gone. */
async function removed(folder: string): Promise<void> {
  for (const until = Date.now() + EMPTY_MS; ;) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || Date.now() > until) throw error;
    }
    await sleep(AGAIN_MS);
  }
}
