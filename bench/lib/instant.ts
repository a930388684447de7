/** Milliseconds of the machine's monotonic clock, which is one for all its processes (CLOCK_MONOTONIC). */
export function instant(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
