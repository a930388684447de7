import { failuresIn } from './callbacks/delivery-rules.js';
import { listOf, optional, Wrong } from './config-values.js';

/** Longest pause before a retry: a day, in seconds. */
const LONGEST_DELAY = 86_400;
const MOST_DELAYS = 20;

/** Failures upon which a callback is tried again. */
export const failures = (fallback: string) =>
  optional(
    fallback,
    (text) =>
      failuresIn(text) ??
      new Wrong('has an entry that is none of ct, rt, 4xx, 5xx and all: write them with commas between'),
  );

/** Pauses in seconds, answered in milliseconds. */
export const seconds = (fallback: string) =>
  optional(fallback, (text) => {
    const entries = listOf(text);
    const usable = entries.every((entry) => /^\d{1,5}$/.test(entry) && Number(entry) <= LONGEST_DELAY);
    return usable && entries.length > 0 && entries.length <= MOST_DELAYS
      ? entries.map((entry) => Number(entry) * 1_000)
      : new Wrong(
          `must be 1 to ${MOST_DELAYS} whole numbers from 0 to ${LONGEST_DELAY} (seconds) with commas between: correct or remove it`,
        );
  });
