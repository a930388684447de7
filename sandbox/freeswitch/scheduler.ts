import type { Clock, ClockTimer } from '../clock.js';

/** FreeSWITCH's scheduler: tasks at whole epoch seconds, grouped by the channel that they are about. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #groups = new Map<string, Set<ClockTimer>>();
  #taskId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs a task at an epoch second. Returns its number. */
  at(second: number, group: string, task: () => void): number {
    const timers = this.#groups.get(group) ?? new Set<ClockTimer>();
    this.#groups.set(group, timers);
    const timer = this.#clock.schedule(second * 1000 - this.#clock.now(), () => {
      timers.delete(timer);
      if (timers.size === 0) this.#groups.delete(group);
      task();
    });
    timers.add(timer);
    this.#taskId += 1;
    return this.#taskId;
  }

  /** Deletes everything. */
  clear(): void {
    for (const group of [...this.#groups.keys()]) this.delete(group);
  }

  /** Deletes a channel's tasks. Returns how many there were. */
  delete(group: string): number {
    const timers = this.#groups.get(group);
    this.#groups.delete(group);
    for (const timer of timers ?? []) timer.cancel();
    return timers?.size ?? 0;
  }
}

/** The epoch second that `+N`, or an absolute time, stands for (mod_dptools.c, sched_hangup_function). */
export function whenOf(text: string, now: number): number {
  return text.startsWith('+') ? now + Math.trunc(Number(text.slice(1)) || 0) : Math.trunc(Number(text) || 0);
}
