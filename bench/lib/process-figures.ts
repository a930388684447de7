import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants, cpus, getPriority, setPriority } from 'node:os';
import { promisify } from 'node:util';

import { MasklineError } from '../../src/errors.js';

/** A process that is measured has ended. */
export class ProcessGoneError extends MasklineError {
  readonly code = 'ERR_BENCH_PROCESS_GONE';
}

/** Clock ticks of /proc in a second (sysconf(_SC_CLK_TCK)): 100 on every Linux that Node runs on. */
const TICKS = 100;

/** Steps of niceness. */
const PREFERRED_BY = 10;

/** Milliseconds of CPU, in user space and in the kernel, that a process has used since it began. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold anything (proc(5)); utime and stime are the 14th and 15th fields.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS;
}

/** Milliseconds for which all cores together have been busy, whoever kept them so, since the machine began. */
export function busyMsOfMachine(): number {
  const [, ...fields] = (readFileSync('/proc/stat', 'latin1').split('\n')[0] ?? '').split(/\s+/);
  // user, nice, system, idle, iowait, irq, softirq, steal; what follows is in the first two already (proc(5)).
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields.map(Number);
  return ((user + nice + system + irq + softirq + steal) * 1_000) / TICKS;
}

/** Resident memory of a process, KiB. */
export function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

/**
 * Keeps a process with all its threads on some cores, so that what is measured has one of its own; false where there are
 * not enough of them, or no `taskset`.
 */
export async function pin(pid: number, cores: readonly number[]): Promise<boolean> {
  if (cores.length === 0 || cores.some((core) => core >= cpus().length)) return false;
  try {
    await promisify(execFile)('taskset', [
      '--all-tasks',
      '--pid',
      '--cpu-list',
      cores.join(','),
      String(pid),
    ]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Has a process's first thread come before others on its core: what shares a core with a simulated node waits for the
 * node's turn to end otherwise, milliseconds each time, as it would not on a core of its own. False where that is not allowed.
 */
export function prefer(pid: number): boolean {
  try {
    setPriority(pid, Math.max(constants.priority.PRIORITY_HIGHEST, getPriority(pid) - PREFERRED_BY));
    return true;
  } catch (error) {
    const { code } = (error as { info?: { code?: string } }).info ?? {};
    if (code === 'EPERM' || code === 'EACCES') return false;
    throw error;
  }
}
