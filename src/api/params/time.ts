/** A time as a client wrote it: it stands for `precision` milliseconds from `at` (since the epoch) on. */
export interface Moment {
  readonly at: number;
  readonly precision: number;
}

/** `YYYY-MM-DD[ HH:MM[:ss[.uuuuuu]]]`, also with a `T`, and with the zone that our own answers print. */
const PATTERN =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(?:Z| ?[+ ]0000(?: UTC)?| UTC)?$/;

/**
 * The moment that `text` names in UTC, or null. Without a fraction it stands for the whole second, as the
 * times in answers are cut to seconds; of a fraction three digits count.
 */
export function parseTime(text: string): Moment | null {
  const match = PATTERN.exec(text.trim());
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(Number)
    .map(orZero);
  const fraction = match[7];
  const milliseconds = fraction === undefined ? 0 : Number(fraction.padEnd(3, '0').slice(0, 3));
  const at = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  const written = [year, month, day, hour, minute, second];
  // A date that does not exist, such as February 30, would be another one.
  const date = new Date(at);
  const meant = [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
  if (written.some((part, index) => part !== meant[index])) return null;
  return { at, precision: fraction === undefined ? 1_000 : 1 };
}

/** `YYYY-MM-DD HH:MM:SS.mmm`, which parseTime reads back. `instant` in milliseconds since the epoch. */
export function exactTime(instant: number): string {
  return new Date(instant).toISOString().replace('T', ' ').replace('Z', '');
}

function orZero(part: number): number {
  return Number.isNaN(part) ? 0 : part;
}
