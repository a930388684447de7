import type { PinGuardNews } from '../masking/pin-guard.js';
import { PIN_RISK_KEY } from './keys.js';
import type { Scripts } from './scripts.js';

/** A chance of 1 in the units of lua/include/guard.lua. */
export const WHOLE_RISK = 1e12;

/** Milliseconds after which it is looked again whether the risk of all numbers is still spent. */
const LOOK_AGAIN = 60_000;

/**
 * The risk that wrong PINs have spent on all numbers: the last net, for a guesser who goes from number to number.
 *
 * It is counted beside the calls, not in them, so a few guesses more may pass than it says; and each controller
 * learns how it stands with the wrong PINs that it counts itself.
 */
export class PinRisk {
  readonly #scripts: Scripts;
  readonly #most: number;
  readonly #onNews: (news: PinGuardNews) => void;
  readonly #onLost: (error: unknown) => void;
  #spent = false;
  #lookedAt = -Infinity;
  #looking: Promise<void> | null = null;

  /** `most`: a chance. `onLost` is told of an error that kept a wrong PIN from being counted here. */
  constructor(
    scripts: Scripts,
    most: number,
    onNews: (news: PinGuardNews) => void,
    onLost: (error: unknown) => void,
  ) {
    this.#scripts = scripts;
    this.#most = Math.round(most * WHOLE_RISK);
    this.#onNews = onNews;
    this.#onLost = onLost;
  }

  /** True while callers who never got in are to be asked for more on every number. `now` in milliseconds. */
  isSpent(now: number): boolean {
    if (this.#spent && now - this.#lookedAt >= LOOK_AGAIN && this.#looking === null) {
      this.#looking = this.add(0, now).finally(() => (this.#looking = null));
    }
    return this.#spent;
  }

  /** As {@link isSpent}, without looking again. */
  get wasSpent(): boolean {
    return this.#spent;
  }

  /** Counts what a wrong PIN spent, in units of {@link WHOLE_RISK}. Never rejects. */
  async add(units: number, now: number): Promise<void> {
    this.#lookedAt = now;
    try {
      const reply = await this.#scripts.run('spend-risk', [PIN_RISK_KEY], [now, units, this.#most]);
      const [spent, until] = reply as [number, string];
      const was = this.#spent;
      this.#spent = spent === 1;
      if (this.#spent && !was) this.#onNews({ kind: 'overall-began', until: Number(until) });
      if (!this.#spent && was) this.#onNews({ kind: 'overall-ended' });
    } catch (error) {
      this.#onLost(error);
    }
  }
}
