import { ANONYMOUS, type Caller } from '../../src/masking/caller.js';
import { e164 } from '../../test/helpers/sessions.js';
import type { Dice } from './dice.js';
import type { PinNumber } from './pin-number.js';

/** What is assumed of honest callers; nothing of it is measured. */
export interface HonestHabits {
  /** Share of PINs, and of answers to the other question, that are mistyped in one digit. */
  readonly mistyped: number;
  /** Share of first-time callers who cannot give the last digits of the number that was registered for them. */
  readonly cannotAnswer: number;
  /** Attempts in one call, and calls before the person gives up. */
  readonly attempts: number;
  readonly calls: number;
}

export const HABITS: HonestHabits = { mistyped: 0.03, cannotAnswer: 0.005, attempts: 2, calls: 2 };

export type HonestKind = 'first-time' | 'withheld' | 'returning';

/** What became of one person. */
export interface HonestOutcome {
  readonly connected: boolean;
  readonly connectedAtOnce: boolean;
  /** More than a PIN was asked for, at least once. */
  readonly asked: boolean;
  /** Keyed the right PIN at least once, or was refused, and was never connected: whatever the reason. */
  readonly turnedAway: boolean;
}

/** Pauses of a person, in milliseconds. */
const BETWEEN_ATTEMPTS = 15_000;
const BETWEEN_CALLS = 120_000;

/** People with a right to call: phones that never did, that withhold their number, and that got in before. */
export class HonestCallers {
  readonly #number: PinNumber;
  readonly #dice: Dice;
  readonly #habits: HonestHabits;
  readonly #returning: Caller[] = [];
  #phones: number;

  /** `firstPhone` tells the phones of one day from those of another. */
  constructor(number: PinNumber, dice: Dice, firstPhone: number, habits: HonestHabits = HABITS) {
    this.#number = number;
    this.#dice = dice;
    this.#habits = habits;
    this.#phones = firstPhone;
  }

  /** So many phones get in by their PIN at `now`, in milliseconds since the epoch. */
  async remember(phones: number, now: number): Promise<void> {
    for (let index = 0; index < phones; index += 1) {
      const caller = this.#newPhone();
      const { pin, ownDigits } = this.#dice.pick(this.#number.owners);
      const { result } = await this.#number.attempt(caller, pin, ownDigits, now);
      if (result !== 'matched') throw new TypeError('a phone did not get in before the day began');
      this.#returning.push(caller);
    }
  }

  /**
   * One person calls from `now` on until they are connected or give up. Anybody's PIN: that of a new session.
   * `dice` is this person's own, so that it does not matter who else calls at the same time.
   */
  async call(kind: HonestKind, now: number, dice: Dice): Promise<HonestOutcome> {
    const caller = this.#callerOf(kind, dice);
    const owner = dice.pick(this.#number.owners);
    const cannotAnswer = kind !== 'returning' && dice.happens(this.#habits.cannotAnswer);
    let [asked, turnedAway, at] = [false, false, now];
    for (let call = 1; call <= this.#habits.calls; call += 1) {
      if (await this.#number.refuses(caller, at)) turnedAway = true;
      else {
        for (let attempt = 1; attempt <= this.#habits.attempts; attempt += 1) {
          const pin = this.#keyed(owner.pin, dice);
          const own = cannotAnswer ? '' : this.#keyed(owner.ownDigits, dice);
          const outcome = await this.#number.attempt(caller, pin, own, at);
          asked ||= outcome.asked;
          if (outcome.result === 'matched' && pin === owner.pin) {
            return { connected: true, connectedAtOnce: call === 1, asked, turnedAway: false };
          }
          turnedAway ||= pin === owner.pin || outcome.result === 'refused';
          at += BETWEEN_ATTEMPTS;
        }
      }
      at += BETWEEN_CALLS;
    }
    return { connected: false, connectedAtOnce: false, asked, turnedAway };
  }

  #callerOf(kind: HonestKind, dice: Dice): Caller {
    if (kind === 'withheld') return ANONYMOUS;
    return kind === 'returning' ? dice.pick(this.#returning) : this.#newPhone();
  }

  #newPhone(): Caller {
    this.#phones += 1;
    return { kind: 'number', number: e164(`+491${String(500_000_000 + this.#phones)}`) };
  }

  #keyed(digits: string, dice: Dice): string {
    if (!dice.happens(this.#habits.mistyped)) return digits;
    const at = dice.below(digits.length);
    const other = (Number(digits[at]) + 1 + dice.below(9)) % 10;
    return `${digits.slice(0, at)}${other}${digits.slice(at + 1)}`;
  }
}
