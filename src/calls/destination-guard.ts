import { destinationProblem, homeCountriesOf } from '../masking/destinations.js';
import type { DestinationProblem, DestinationRules } from '../masking/destinations.js';
import type { E164 } from '../masking/phone-number.js';

/** Where the virtual numbers are listed. */
export interface NumberInventory {
  inventory(): Promise<readonly { readonly number: E164; readonly country: string }[]>;
}

export interface DestinationGuardOptions {
  readonly rules: DestinationRules;
  readonly numbers: NumberInventory;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Milliseconds for which the countries of the virtual numbers are taken as they were last seen. */
const HOME_IS_FRESH_MS = 10_000;

/** Says which numbers may be called. It asks the store only about a country that no list has. */
export class DestinationGuard {
  readonly #options: DestinationGuardOptions;
  #home: ReadonlySet<string> = new Set();
  #seenAt = -Infinity;

  constructor(options: DestinationGuardOptions) {
    this.#options = options;
  }

  /** Why the number may not be called, or null. Rejects when the store cannot be reached and must be asked. */
  async problemOf(number: E164): Promise<DestinationProblem | null> {
    const { rules, now } = this.#options;
    const byList = destinationProblem(number, { ...rules, home: false }, new Set());
    if (byList !== 'country' || !rules.home) return byList;
    const isFresh = now() - this.#seenAt < HOME_IS_FRESH_MS;
    if (isFresh && destinationProblem(number, rules, this.#home) === null) return null;
    await this.#look();
    return this.problemAsLastSeen(number);
  }

  /** As {@link problemOf}, by what the store said last. */
  problemAsLastSeen(number: E164): DestinationProblem | null {
    return destinationProblem(number, this.#options.rules, this.#home);
  }

  async #look(): Promise<void> {
    const { numbers, now } = this.#options;
    const at = now();
    const inventory = await numbers.inventory();
    this.#home = new Set(inventory.flatMap(({ number, country }) => homeCountriesOf(number, country)));
    this.#seenAt = at;
  }
}
