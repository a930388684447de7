import { hash, timingSafeEqual } from 'node:crypto';

/**
 * What stands for a secret where it is compared. timingSafeEqual demands one length, and the time of a SHA-256
 * depends on the text that is hashed alone.
 */
export function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** Whether all of the texts are the expected ones. Every pair is compared in full, also after a difference. */
export function areSame(pairs: readonly (readonly [given: string, expected: Buffer])[]): boolean {
  let same = 1;
  for (const [given, expected] of pairs) same &= Number(timingSafeEqual(digestOf(given), expected));
  return same === 1;
}
