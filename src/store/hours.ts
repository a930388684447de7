const HOUR = 3_600_000;

let last = { start: 0, hour: '1970-01-01T00' };

/** UTC hour of an instant, `YYYY-MM-DDTHH`. */
export function hourOf(instant: number): string {
  const start = Math.floor(instant / HOUR) * HOUR;
  // Nearly always it is the hour that was asked for before.
  if (start !== last.start) last = { start, hour: new Date(start).toISOString().slice(0, 13) };
  return last.hour;
}
