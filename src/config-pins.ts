import { optional, Wrong } from './config-values.js';

/** A chance, at most six decimals. */
export const chance = (fallback: string) =>
  optional(fallback, (text) => {
    const value = /^(0(\.\d{1,6})?|1(\.0{1,6})?)$/.test(text) ? Number(text) : NaN;
    return value >= 0
      ? value
      : new Wrong(
          'must be a chance from 0 to 1, such as 0.005, with at most six decimals: correct or remove it',
        );
  });
