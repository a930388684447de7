import { maskNumber } from '../masking/phone-number.js';

/** What would move the cursor or change the colours of a terminal; others' text may hold it. */

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A value as one cell or line shows it: `-` for nothing, and nothing that a terminal would obey. */
export function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  const text =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : JSON.stringify(value);
  return text.replace(CONTROL, '\ufffd');
}

/** A person's number: all but its last two digits hidden, unless it is to be revealed. Words such as `anonymous` stay. */
export function person(value: unknown, reveal: boolean): string {
  const text = shown(value);
  return reveal || !/\d/.test(text) ? text : maskNumber(text);
}

/** Seconds as `1h 02m 03s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  if (h > 0) return `${h}h ${two(m)}m ${two(s)}s`;
  return m > 0 ? `${m}m ${two(s)}s` : `${s}s`;
}

/** Bytes in the largest unit of 1024 that leaves a whole number before the point. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}
