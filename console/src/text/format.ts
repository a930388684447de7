const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Instant of the API's times, whichever of its forms they have; milliseconds since the epoch, null when there is none. */
export function instantOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined || text === '') return null;
  const iso = text.replace(' +0000 UTC', 'Z').replace(/^(\d{4}-\d\d-\d\d) /, '$1T');
  // Microseconds, of which a browser need not understand more than three digits.
  const cut = iso.replace(/(\.\d{3})\d+/, '$1');
  const at = Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(cut) ? cut : `${cut}Z`);
  return Number.isNaN(at) ? null : at;
}

/** `0:42`, `12:05`, `1:02:05`. Milliseconds; what is less than nothing is nothing, what is no number `–`. */
export function timer(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `340 ms`, `1.4 s`, `42 s`, `3 min 5 s`. */
export function span(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / SECOND).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds} s`;
  return words([
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]);
}

/** The two greatest of them that are there. */
function words(parts: readonly (readonly [value: number, unit: string])[]): string {
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}

/** `in 12 min`, `3 h ago`, `now`. Both instants in milliseconds. */
export function fromNow(at: number, now: number): string {
  const distance = Math.abs(at - now);
  if (distance < 2 * SECOND) return 'now';
  const text = rough(distance);
  return at > now ? `in ${text}` : `${text} ago`;
}

function rough(ms: number): string {
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.round(ms / HOUR)} h`;
  return `${Math.round(ms / DAY)} days`;
}

/** A number as it is shown: `+` before digits; what is masked, or no number, stays as it is. */
export function phone(number: string | null): string {
  if (number === null) return 'not known';
  if (number === '') return 'nobody yet';
  if (number === 'anonymous') return 'withheld';
  return /^\d+$/.test(number) ? `+${number}` : number;
}

/** Whether the answer hides it. */
export function isMasked(text: string | null | undefined): boolean {
  return text?.includes('•') === true;
}

/** `97.5 %`, and `–` for no value. `share` from 0 to 1. */
export function percent(share: number | null, digits = 1): string {
  if (share === null) return '–';
  const value = share * 100;
  return `${Number.isInteger(value) ? value : value.toFixed(digits)} %`;
}

/** One guess in how many hits. `chance` from 0 to 1. */
export function oneIn(chance: number): string {
  return chance <= 0 ? 'none' : `1 in ${count(Math.round(1 / chance))}`;
}

/** `12 345`, with narrow spaces that do not break. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  if (value < 1_000_000) return `${Math.round(value / 1_000)} kB`;
  return `${(value / 1_000_000).toFixed(1)} MB`;
}

/** The first part of an id: enough to tell things of one list apart. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
