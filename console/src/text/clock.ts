/** Times of day as this browser's country and zone have them. */
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });
const SHORT_TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const DATE = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** `14:03:09`; milliseconds since the epoch. */
export function timeOfDay(at: number): string {
  return TIME.format(at);
}

/** `14:03` */
export function shortTime(at: number): string {
  return SHORT_TIME.format(at);
}

/** `29 Nov` */
export function day(at: number): string {
  return DATE.format(at);
}

/** The time, and the day too when it is another one than `now`'s. */
export function moment(at: number, now: number): string {
  return day(at) === day(now) ? timeOfDay(at) : `${day(at)}, ${timeOfDay(at)}`;
}

/** `2026-11-29 14:03:09 UTC`: as it stands in logs. */
export function inUtc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
