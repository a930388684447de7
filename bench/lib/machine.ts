import { readFileSync } from 'node:fs';

/** What all cores of the machine have done since it began, in clock ticks. */
export interface MachineTimes {
  readonly idle: number;
  readonly total: number;
}

/** Memory of the machine, KiB. */
export interface MachineMemory {
  readonly total: number;
  /** What processes can still have without swapping. */
  readonly available: number;
}

/** Share of the machine's CPU, 0 to 1, below which it is the machine that a figure tells of. */
export const NO_CPU = 0.1;
/** The same of its memory. */
export const NO_MEMORY = 0.05;

/** Fields of the first line of /proc/stat that add up; what guests had is in the first two already (proc(5)). */
const STATES = 8;

/** From the text of /proc/stat. A core that waits for a disk is idle. */
export function machineTimesIn(stat: string): MachineTimes {
  const [, fields = ''] = /^cpu +(.*)$/m.exec(stat) ?? [];
  const ticks = fields.split(' ').slice(0, STATES).map(Number);
  const [, , , idle = 0, waiting = 0] = ticks;
  return { idle: idle + waiting, total: ticks.reduce((sum, each) => sum + each, 0) };
}

export function machineTimes(): MachineTimes {
  return machineTimesIn(readFileSync('/proc/stat', 'latin1'));
}

/** Share of the machine's CPU that nobody had between two looks, 0 to 1; NaN when no time has passed. */
export function shareIdle(from: MachineTimes, to: MachineTimes): number {
  return (to.idle - from.idle) / (to.total - from.total);
}

/** From the text of /proc/meminfo. */
export function machineMemoryIn(meminfo: string): MachineMemory {
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? Number.NaN);
  return { total: kib('MemTotal'), available: kib('MemAvailable') };
}

export function machineMemory(): MachineMemory {
  return machineMemoryIn(readFileSync('/proc/meminfo', 'latin1'));
}

/** What was looked at when calls were missing. */
export interface Circumstances {
  /** Share of the machine's CPU that nobody had, 0 to 1. */
  readonly idle: number;
  readonly memory: MachineMemory;
  /** Answers with which calls were refused, and how many were. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** In words, what kept calls from being set up. */
export function exhausted({ idle, memory, refusals }: Circumstances): string {
  const cpu = `CPU ${percent(idle)} idle`;
  const left = `${Math.round(memory.available / 1024)} MiB of memory left`;
  const found = [
    ...(idle < NO_CPU ? [cpu] : []),
    ...(memory.available < memory.total * NO_MEMORY ? [left] : []),
    ...[...refusals].map(([answer, count]) => `${count} refused with ${answer}`),
  ];
  return found.length > 0 ? found.join(', ') : `nothing that was looked at: ${cpu}, ${left}`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
