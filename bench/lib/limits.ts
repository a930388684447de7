import { NO_CPU, percent } from './machine.js';
import { percentile } from './statistics.js';

/** What was used while calls came in: of one core by each process, by name, and of all of the machine by anybody. */
export interface Used {
  readonly shares: Readonly<Record<string, number>>;
  readonly machine: number;
}

export interface Setting {
  readonly cores: number;
  /** What each controller may use of a core; null: all of it. */
  readonly share: number | null;
}

/** Share of what a process may use from which on that is what held it back. */
const FULL = 0.85;

/** Whose name begins so is a controller. */
export const CONTROLLER = 'controller';

/** Whether the machine had nothing left to give, whoever took it. */
export function isMachineFull(used: readonly Used[]): boolean {
  return 1 - median(used, ({ machine }) => machine) < NO_CPU;
}

/** Share of the machine that the processes took. */
export function oursOf({ shares }: Used, cores: number): number {
  return Object.values(shares).reduce((sum, each) => sum + each, 0) / cores;
}

/** In words, what was full, of one load or several of the same rate. */
export function limitOf(used: readonly Used[], { cores, share }: Setting): string {
  const machine = median(used, (each) => each.machine);
  const ours = median(used, (each) => oursOf(each, cores));
  const may = (name: string): number => (share !== null && name.startsWith(CONTROLLER) ? share : 1);
  const [busiest = '', most = 0] =
    Object.keys(used[0]?.shares ?? {})
      .map((name): [string, number] => [name, median(used, ({ shares }) => shares[name] ?? 0) / may(name)])
      .toSorted(([, one], [, other]) => other - one)[0] ?? [];
  const all = `all ${cores} cores were ${percent(machine)} busy, ${percent(ours)} with these processes`;
  const its = may(busiest) < 1 ? `its share of ${may(busiest)} of a core` : 'a core';
  const one = `${busiest} took ${percent(most)} of ${its}`;
  const notShares = share === null ? '' : ', not the shares';
  if (isMachineFull(used) && ours < machine / 2) return `other things that ran here${notShares}: ${all}`;
  if (isMachineFull(used)) return `the machine${notShares}: ${all}; of them ${one}`;
  if (most >= FULL) return `${one}; ${all}`;
  return `no core and no process was full: ${one}, ${all}`;
}

function median(used: readonly Used[], of: (each: Used) => number): number {
  return percentile(used.map(of), 0.5);
}
