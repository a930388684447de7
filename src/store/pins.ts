import { randomInt } from 'node:crypto';
import type { Pins } from '../masking/session-draft.js';

/** Two different PINs of `length` digits, from the system's secure random source. */
export function generatePins(length: number): Pins {
  const first = digits(length);
  let second = digits(length);
  while (second === first) second = digits(length);
  return { first, second };
}

function digits(length: number): string {
  return Array.from({ length }, () => randomInt(10)).join('');
}
