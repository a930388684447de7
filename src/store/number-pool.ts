import { randomInt } from 'node:crypto';

import type { AllocationCandidate } from '../masking/allocate.js';
import type { E164 } from '../masking/phone-number.js';
import type { InventoryEntry } from './number-repository.js';
import type { PersonMemory } from './people.js';

/** Numbers that are ranked at first; each time that none of them is free, twice as many. */
const FIRST_CHUNK = 16;
/** Numbers that are drawn at random where the choice looks at each of them. */
export const DRAWN = 32;

/**
 * The candidates of one inventory, in chunks: of a thousand numbers nearly always one of the first is free, and ranking
 * them all would cost more than the rest of a create.
 *
 * Most numbers neither person has ever used. They go before all others and, among themselves, in ascending order; so
 * chunk for chunk they come in the order in which `allocate` ranks them as a whole. Those that a person has used, at
 * most a few, are the last chunk.
 */
export class NumberPool {
  readonly #unused: readonly AllocationCandidate[];
  readonly #places: ReadonlyMap<string, number>;

  constructor(readonly inventory: readonly InventoryEntry[]) {
    this.#unused = inventory
      .toSorted((one, other) => (one.number < other.number ? -1 : 1))
      .map(({ number, country, callingCode, enabled, subaccount }) => ({
        ...{ number, country, callingCode, enabled, subaccount, livePins: 0 },
        ...{ lastUsedByFirst: null, lastUsedBySecond: null },
        ...{ coolingUntilForFirst: null, coolingUntilForSecond: null },
      }));
    this.#places = new Map(this.#unused.map(({ number }, place) => [number, place]));
  }

  /** The numbers that one of the two has in a session or in cool-off. */
  held(first: PersonMemory, second: PersonMemory): AllocationCandidate[] {
    const numbers = new Set([...first.heldUntil.keys(), ...second.heldUntil.keys()]);
    return [...numbers].flatMap((number) => this.#familiar(number, first, second));
  }

  /** The number alone, when it is ours. */
  *only(number: E164, first: PersonMemory, second: PersonMemory): Generator<AllocationCandidate[]> {
    yield this.#familiar(number, first, second);
  }

  /** All numbers; with `anywhere`, the first chunk is 32 that are drawn at random. */
  *chunks(first: PersonMemory, second: PersonMemory, anywhere: boolean): Generator<AllocationCandidate[]> {
    const familiar = new Set(
      [first, second].flatMap(({ lastUsed, heldUntil }) => [...lastUsed.keys(), ...heldUntil.keys()]),
    );
    const drawn = anywhere ? this.#drawn() : new Set<number>();
    const isNew = ({ number }: AllocationCandidate): boolean => familiar.size === 0 || !familiar.has(number);
    yield [...drawn].flatMap((place) => this.#unused[place] ?? []).filter(isNew);
    for (let from = 0, size = FIRST_CHUNK; from < this.#unused.length; from += size, size *= 2) {
      const chunk = this.#unused.slice(from, from + size);
      yield chunk.filter((candidate, index) => !drawn.has(from + index) && isNew(candidate));
    }
    yield [...familiar].flatMap((number) => this.#familiar(number, first, second));
  }

  /** Places of 32 numbers; none when there are no more than that. */
  #drawn(): Set<number> {
    const drawn = new Set<number>();
    if (this.#unused.length <= DRAWN) return drawn;
    while (drawn.size < DRAWN) drawn.add(randomInt(this.#unused.length));
    return drawn;
  }

  #familiar(number: string, first: PersonMemory, second: PersonMemory): AllocationCandidate[] {
    const candidate = this.#unused[this.#places.get(number) ?? -1];
    if (candidate === undefined) return [];
    return [
      {
        ...candidate,
        lastUsedByFirst: first.lastUsed.get(number) ?? null,
        lastUsedBySecond: second.lastUsed.get(number) ?? null,
        coolingUntilForFirst: first.heldUntil.get(number) ?? null,
        coolingUntilForSecond: second.heldUntil.get(number) ?? null,
      },
    ];
  }
}
