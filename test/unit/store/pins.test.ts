import { expect, test } from 'vitest';

import { generatePins } from '../../../src/store/pins.js';

test.each([4, 9, 15])('two different PINs of %i digits', (length) => {
  for (let round = 0; round < 200; round += 1) {
    const { first, second } = generatePins(length);
    expect(first).toMatch(new RegExp(`^\\d{${length}}$`));
    expect(second).toMatch(new RegExp(`^\\d{${length}}$`));
    expect(first).not.toBe(second);
  }
});

test('every digit comes at every place, a leading zero too', () => {
  const seen = new Set<string>();
  for (let round = 0; round < 2_000; round += 1) {
    const { first } = generatePins(4);
    for (let place = 0; place < 4; place += 1) seen.add(`${place}:${first.charAt(place)}`);
  }
  expect(seen.size).toBe(40);
});

test('the two differ also where there is little choice', () => {
  for (let round = 0; round < 200; round += 1) {
    const { first, second } = generatePins(1);
    expect(first).not.toBe(second);
  }
});
