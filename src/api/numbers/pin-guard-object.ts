import { z } from 'zod';

import { chanceOfGuess, type PinStanding } from '../../masking/pin-guard.js';
import { timestamp } from '../../masking/timestamp.js';

/** How a number stands for its PINs of one length. */
export const PIN_GUARD_OBJECT = z
  .object({
    pin_length: z.int(),
    live_pins: z.int(),
    guess_chance: z.number().describe('That one guess hits any of them.'),
    wrong_pins_left: z
      .int()
      .describe('That callers who never got in may key before each of them is asked for more than a PIN.'),
    guarded: z.boolean().describe('They are asked for more.'),
    guarded_until: z
      .string()
      .nullable()
      .describe('UTC; null when it is not guarded, or is for as long as so many PINs live.'),
  })
  .meta({ id: 'PinGuard' });

export type PinGuardObject = Readonly<z.infer<typeof PIN_GUARD_OBJECT>>;

export function pinGuardObject({ length, live, left, guardedUntil }: PinStanding): PinGuardObject {
  return {
    pin_length: length,
    live_pins: live,
    guess_chance: chanceOfGuess(live, length),
    wrong_pins_left: left,
    guarded: guardedUntil !== null,
    guarded_until: guardedUntil === null || guardedUntil === Infinity ? null : timestamp(guardedUntil),
  };
}
