import { ANONYMOUS, type Caller } from '../../src/masking/caller.js';
import { OWN_DIGITS } from '../../src/masking/pin-guard.js';
import { e164 } from '../../test/helpers/sessions.js';
import type { Dice } from './dice.js';
import type { PinNumber } from './pin-number.js';

/** Who guesses, and when. */
export type GuesserKind =
  /** Changing caller IDs, all from minute 0 on; the same, evenly over the day. */
  | 'burst'
  | 'even'
  /** Withholds the number, evenly over the day. */
  | 'withheld'
  /** One caller ID that never got in, evenly over the day; one that got in with a PIN of its own. */
  | 'one ID'
  | 'insider';

/** Pause between two attempts from minute 0 on, in milliseconds: 50 calls and more at a time. */
const BURST_PAUSE = 200;
const DAY = 24 * 3_600_000;
/** Prime to every power of 10, so that guesses never repeat before all were made. */
const STRIDE = 7_368_787;

/** Somebody who tries PINs that are not theirs, in the best way: no PIN twice before all were tried. */
export class Guesser {
  /** Attempts of which the PIN alone decided, and attempts with an answer to the other question besides. */
  unasked = 0;
  asked = 0;
  /** Calls that were refused, or ended so. */
  refused = 0;
  hits = 0;
  readonly #number: PinNumber;
  readonly #dice: Dice;
  readonly #callers: readonly Caller[];
  readonly #offset: number;
  #guesses = 0;
  /** The insider's own PIN, which would be no guess. */
  #own = '';

  constructor(
    number: PinNumber,
    dice: Dice,
    readonly kind: GuesserKind,
    ids: number,
  ) {
    this.#number = number;
    this.#dice = dice;
    this.#offset = dice.below(10 ** number.length);
    const changing = kind === 'burst' || kind === 'even';
    this.#callers =
      kind === 'withheld'
        ? [ANONYMOUS]
        : Array.from({ length: changing ? ids : 1 }, () => ({
            kind: 'number',
            number: e164(`+3361${String(10_000_000 + dice.below(80_000_000))}`),
          }));
  }

  /** The insider gets in with a PIN of its own. */
  async prepare(now: number): Promise<void> {
    const [caller] = this.#callers;
    const { pin, ownDigits } = this.#dice.pick(this.#number.owners);
    if (this.kind !== 'insider' || caller === undefined) return;
    await this.#number.attempt(caller, pin, ownDigits, now);
    this.#own = pin;
  }

  /** When the attempts are made. */
  schedule(start: number, attempts: number): number[] {
    const pause = this.kind === 'burst' ? Math.min(BURST_PAUSE, DAY / attempts) : DAY / attempts;
    return Array.from({ length: attempts }, (_, index) => start + Math.floor(index * pause));
  }

  /** One attempt, of the next caller ID in turn. Answers whether more than a PIN was asked for. */
  async guess(now: number): Promise<boolean> {
    const caller = this.#callers[this.#guesses % this.#callers.length] ?? ANONYMOUS;
    const pin = this.#nextPin();
    const { result, asked } = await this.#number.attempt(caller, pin, this.#dice.digits(OWN_DIGITS), now);
    if (result === 'refused') this.refused += 1;
    else if (asked) this.asked += 1;
    else this.unasked += 1;
    if (result === 'matched') this.hits += 1;
    return asked;
  }

  #nextPin(): string {
    const { length } = this.#number;
    const pin = String((this.#offset + this.#guesses * STRIDE) % 10 ** length).padStart(length, '0');
    this.#guesses += 1;
    return pin === this.#own ? this.#nextPin() : pin;
  }

  /** The chance to get in with what was tried: at most the sum of the chances of all attempts. */
  get chance(): number {
    const one = this.#number.owners.length / 10 ** this.#number.length;
    return this.unasked * one + this.asked * one * 10 ** -OWN_DIGITS;
  }
}
