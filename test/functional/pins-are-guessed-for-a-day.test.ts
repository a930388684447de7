import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dice } from '../../bench/lib/dice.js';
import type { GuesserKind } from '../../bench/lib/guesser.js';
import { simulateDay, type DayResult } from '../../bench/lib/pin-day.js';
import { PinNumber } from '../../bench/lib/pin-number.js';
import { chanceOfGuess, DEFAULT_PIN_GUARD, guessesAllowed, OWN_DIGITS } from '../../src/masking/pin-guard.js';
import { Store } from '../../src/store/index.js';
import { RedisServer } from '../helpers/redis-server.js';

/** A day of `npm run sim:pins` with fewer caller IDs; the guard does not care how many there are. */
const LIVE = 100;
const LENGTH = 6;
const START = 1_800_000_000_000;
const BETWEEN = 72 * 3_600_000;
const ONE = chanceOfGuess(LIVE, LENGTH);

let redis: RedisServer;
let store: Store;
let days = 0;

beforeAll(async () => {
  redis = await RedisServer.start(['--appendonly', 'no']);
  store = new Store({ url: redis.url, dataKeys: [Buffer.alloc(32, 7).toString('base64')] });
});

afterAll(async () => {
  await store.close();
  await redis.stop();
});

async function aDay(guesser: GuesserKind, guesses: number): Promise<DayResult> {
  days += 1;
  const start = START + days * BETWEEN;
  const given = { number: `+1415555${1000 + days}`, length: LENGTH, live: LIVE, now: start - BETWEEN };
  const number = await PinNumber.open(store, { ...given, dice: new Dice(days) });
  const tenths = { returning: 5, 'first-time': 4, withheld: 1 };
  return simulateDay(number, { start, seed: days, guesser, ids: 100, guesses, honest: 400, tenths });
}

/** The chance of as many guesses as 10,000 caller IDs can make. */
function chanceOfAll(unasked: number): number {
  return unasked * ONE + 10_000 * DEFAULT_PIN_GUARD.callerLimit * ONE * 10 ** -OWN_DIGITS;
}

describe('by default, with 100 live PINs of 6 digits', () => {
  it.each([
    ['from changing caller IDs at once', 'burst', 2000, 0],
    ['from changing caller IDs, evenly over the day', 'even', 2000, 0],
    ['with a withheld number', 'withheld', 500, 0],
    ['from one caller ID', 'one ID', 100, 80],
    ['from a phone that got in with a PIN of its own', 'insider', 500, 0],
  ] as const)(
    'guesses %s stay below 1 in 100, and so do honest callers turned away',
    async (_, kind, guesses, refused) => {
      const { guesser, honest } = await aDay(kind, guesses);
      expect(guesser.unasked + guesser.asked + guesser.refused).toBe(guesses);
      expect(guesser.refused).toBe(refused);
      expect(guesser.unasked).toBeGreaterThan(0);
      expect(guesser.unasked).toBeLessThanOrEqual(guessesAllowed(DEFAULT_PIN_GUARD, LIVE, LENGTH));
      expect(guesser.hits).toBe(0);
      expect(chanceOfAll(guesser.unasked)).toBeLessThan(0.01);

      const { returning, withheld, 'first-time': firstTime } = honest;
      expect(returning.callers).toBeGreaterThan(100);
      expect(returning).toMatchObject({ turnedAway: 0, connected: returning.callers });
      const callers = returning.callers + withheld.callers + firstTime.callers;
      expect(callers).toBe(400);
      const turnedAway = returning.turnedAway + withheld.turnedAway + firstTime.turnedAway;
      expect(turnedAway / callers).toBeLessThan(0.01);
      // The number was under attack indeed: those who never got in had to answer for it.
      if (kind === 'burst') expect(firstTime.asked / firstTime.callers).toBeGreaterThan(0.9);
      if (kind === 'withheld') expect(withheld.asked).toBeGreaterThan(firstTime.asked);
    },
  );
});
