/** Steps of an axis of time that people read at a glance; milliseconds. */
const STEPS = [
  ...[10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 4, 6, 12, 24].map((hours) => hours * 3_600_000),
];

/** Where the ticks of an axis of `length` milliseconds are, at most `most` beside the 0. */
export function ticksOf(length: number, most: number): number[] {
  const step = STEPS.find((each) => length / each <= most) ?? length;
  const ticks: number[] = [];
  for (let at = 0; at <= length; at += step) ticks.push(at);
  return ticks;
}

/** `0`, `1.5 s`, `12 s`, `2:30`. Milliseconds since the beginning. */
export function tickLabel(at: number): string {
  if (at === 0) return '0';
  if (at < 60_000) return `${at / 1_000} s`;
  const seconds = Math.round(at / 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** A linear scale from [0, length] to [left, right]; what is outside lands on the border. */
export function scaleOf(length: number, left: number, right: number): (at: number) => number {
  return (at) => left + (Math.min(Math.max(at, 0), length) / length) * (right - left);
}
