/** A step of a call, as `Masking/Explain/Call/<uuid>/` tells it. */
export interface ToldStep {
  /** ISO 8601. */
  readonly at: string;
  readonly text: string;
}

/** Columns of the time axis. */
const AXIS = 36;

/** The steps of a call, a line each, with a mark that stands where the step lies between the first and the last. */
export function timeline(steps: readonly ToldStep[]): string {
  const instants = steps.map(({ at }) => Date.parse(at));
  const first = Math.min(...instants);
  const span = Math.max(1, Math.max(...instants) - first);
  const lines = steps.map(({ text }, index) => {
    const after = (instants[index] ?? first) - first;
    const place = Math.round((after / span) * (AXIS - 1));
    const axis = `${'─'.repeat(place)}●${' '.repeat(AXIS - 1 - place)}`;
    return `${(after / 1_000).toFixed(2).padStart(7)} s  ${axis}  ${text}`;
  });
  return `${lines.join('\n')}\n`;
}
