import type { Caller } from '../../src/masking/caller.js';
import { ownDigitsOf } from '../../src/masking/pin-guard.js';
import type { E164 } from '../../src/masking/phone-number.js';
import type { Store } from '../../src/store/index.js';
import { aNumber, e164, SETTINGS } from '../../test/helpers/sessions.js';
import type { Dice } from './dice.js';

/** What the person knows whose PIN it is. */
export interface PinOwner {
  readonly pin: string;
  readonly ownDigits: string;
}

/** What came of one attempt. `asked`: more than a PIN was asked for. */
export interface AttemptOutcome {
  readonly result: 'matched' | 'wrong' | 'refused';
  readonly asked: boolean;
}

/** So long that no session ends while days are simulated: a hundred years, in seconds. */
const SESSION_EXPIRY = 3_153_600_000;

/** A virtual number with so many live PINs, and the store's own way to check what callers key. */
export class PinNumber {
  #attempts = 0;

  private constructor(
    readonly store: Store,
    readonly number: E164,
    readonly length: number,
    readonly owners: readonly PinOwner[],
  ) {}

  /** `live` is even: a session has two PINs. Instants are milliseconds since the epoch. */
  static async open(
    store: Store,
    given: { number: string; length: number; live: number; now: number; dice: Dice },
  ): Promise<PinNumber> {
    const { length, live, now, dice } = given;
    const number = e164(given.number);
    await store.numbers.add(aNumber({ number, country: 'US', addedAt: now }));
    const pins = new Set<string>();
    while (pins.size < live) pins.add(dice.digits(length));
    const all = [...pins];
    const owners: PinOwner[] = [];
    for (let index = 0; index < live; index += 2) {
      const [first, second] = [all[index] ?? '', all[index + 1] ?? ''];
      const session = await store.sessions.create({
        accountId: 'MASIMULATEDDAYSPINS0',
        firstParty: e164(`+4477009${String(10_000 + dice.below(80_000))}`),
        secondParty: e164(`+1415${String(3_000_000 + index)}`),
        settings: { ...SETTINGS, geomatch: false, sessionExpiry: SESSION_EXPIRY },
        pin: {
          ...{ pins: { first, second }, generatedLength: length, promptPlay: '', incorrectPlay: '' },
          ...{ retry: 1, retryWait: 5, forced: false },
        },
        virtualNumber: number,
        now,
      });
      for (const [party, pin] of [
        ['first', first],
        ['second', second],
      ] as const) {
        owners.push({ pin, ownDigits: ownDigitsOf(session, party) ?? '' });
      }
    }
    return new PinNumber(store, number, length, owners);
  }

  /** One attempt at `now`, as the questions of a call carry it out. `own` is keyed when it is asked for. */
  async attempt(caller: Caller, pin: string, own: string, now: number): Promise<AttemptOutcome> {
    this.#attempts += 1;
    const attempt = { callId: `simulated-${this.#attempts}`, number: 1 };
    const { calls } = this.store;
    const check = await calls.checkPin(this.number, caller, pin, now, attempt);
    if (check.result !== 'asked') return { result: check.result, asked: false };
    const { result } = await calls.checkOwnDigits(this.number, caller, own, now, attempt);
    if (result === 'asked') throw new TypeError('an attempt was asked about twice');
    return { result, asked: true };
  }

  /** True when a call of this caller would be refused before any prompt. */
  async refuses(caller: Caller, now: number): Promise<boolean> {
    const { refusedUntil } = await this.store.calls.route(this.number, caller, now);
    return refusedUntil !== null;
  }
}
