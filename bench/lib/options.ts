import { MasklineError } from '../../src/errors.js';

/** An option of the command line is not what it has to be; the message names it. */
export class BadOptionError extends MasklineError {
  readonly code = 'ERR_BENCH_OPTION';
}

/** Bounds of a whole number, both included. */
export interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** A whole number within `bounds`. Throws BadOptionError. */
export function wholeNumber(name: string, text: string, { from, to }: Bounds): number {
  const number = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(number >= from && number <= to)) {
    throw new BadOptionError(`--${name} must be a whole number from ${from} to ${to}`);
  }
  return number;
}

/** Whole numbers with commas between, each once and in ascending order. Throws BadOptionError. */
export function numberList(name: string, text: string, bounds: Bounds): number[] {
  const numbers = text.split(',').map((each) => {
    try {
      return wholeNumber(name, each, bounds);
    } catch (cause) {
      const { from, to } = bounds;
      const message = `--${name} must be whole numbers from ${from} to ${to} with commas between`;
      throw new BadOptionError(message, { cause });
    }
  });
  return [...new Set(numbers)].sort((one, other) => one - other);
}

/** What `read` makes of the command line; a bad option ends the process with one line and exit code 2. */
export function optionsFrom<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BadOptionError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
