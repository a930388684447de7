import { expect, it } from 'vitest';

import { BadOptionError, numberList, wholeNumber } from '../../../bench/lib/options.js';

const BOUNDS = { from: 1, to: 500 };

it('reads rates in ascending order, each once', () => {
  expect(numberList('rates', '50, 5,20,5', BOUNDS)).toEqual([5, 20, 50]);
  expect(numberList('rates', '7', BOUNDS)).toEqual([7]);
});

it.each(['', '5,', '5,,20', '5;20', '0,5', '501', '-5', '5.5', '1e2', 'all'])(
  'takes %j for no list of rates, and says which option it is',
  (text) => {
    expect(() => numberList('rates', text, BOUNDS)).toThrow(BadOptionError);
    expect(() => numberList('rates', text, BOUNDS)).toThrow(/^--rates must be whole numbers from 1 to 500/);
  },
);

it('reads a whole number within its bounds, both included', () => {
  expect(wholeNumber('rounds', '1', BOUNDS)).toBe(1);
  expect(wholeNumber('rounds', '500', BOUNDS)).toBe(500);
  for (const text of ['0', '501', '', ' ', '1,2', '0x10']) {
    expect(() => wholeNumber('rounds', text, BOUNDS)).toThrow(
      '--rounds must be a whole number from 1 to 500',
    );
  }
});
