/** Digits after the calling code of each caller and callee. */
const DIGITS = 8;

/** Number of the n-th first party, E.164. */
export function first(n: number): string {
  return `+4477${String(n).padStart(DIGITS, '0')}`;
}

/** Number of the n-th second party, E.164. */
export function second(n: number): string {
  return `+4916${String(n).padStart(DIGITS, '0')}`;
}

/** The second party of that first party. */
export function secondOf(caller: string): string {
  return second(Number(caller.slice(-DIGITS)));
}
