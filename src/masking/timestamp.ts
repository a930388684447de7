/** `YYYY-MM-DD HH:MM:SS +0000 UTC`, the form of the API's times. `instant` in milliseconds since the epoch. */
export function timestamp(instant: number): string {
  const iso = new Date(instant).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} +0000 UTC`;
}
