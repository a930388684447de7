/** The very first calls load code and open connections; many at once would only wait for that. */
const FIRST = { count: 20, rate: 5 } as const;
/** Calls in 1037 ms of all the others, which have code compiled. */
const RATE = 25;

/**
 * How `calls` come in ahead of all that is measured, `rate` in 1037 ms: what they bring about is not what a call costs a
 * controller that has been running for a minute. No more of them than `sessions`, as each has one call at a time.
 */
export function warmUpSteps(calls: number, sessions: number): { count: number; rate: number }[] {
  const all = Math.min(calls, sessions);
  const first = Math.min(FIRST.count, all);
  const steps = [
    { count: first, rate: FIRST.rate },
    { count: all - first, rate: RATE },
  ];
  return steps.filter(({ count }) => count > 0);
}
