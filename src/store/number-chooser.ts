import type { AllocationCandidate, AllocationRequest } from '../masking/allocate.js';
import type { E164 } from '../masking/phone-number.js';
import { subaccountOf } from '../masking/session.js';
import type { SessionDraft } from '../masking/session-draft.js';
import { numberKey } from './keys.js';
import type { InventoryEntry, NumberRepository } from './number-repository.js';
import type { People, PersonMemory } from './people.js';
import type { Scripts } from './scripts.js';
import { strangersOf } from './session-tokens.js';
import type { Vault } from './vault.js';

/** Orders the numbers to try, best first. `allocate` is the product's. */
export type Choose = (request: AllocationRequest, candidates: readonly AllocationCandidate[]) => E164[];

/** Numbers that are looked at together. */
const PEEK_BATCH = 256;
const NOTHING: PersonMemory = { lastUsed: new Map(), heldUntil: new Map() };

interface Peek {
  readonly livePins: number;
  readonly pinTaken: boolean;
  readonly promised: boolean;
}

/** Finds the numbers to try for a session, best first. Advice only: the claim decides. */
export class NumberChooser {
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #numbers: NumberRepository;
  readonly #people: People;
  /** The inventory in ascending order, which is nearly that of the choice: sorting it then costs next to nothing. */
  #ascending: { readonly of: readonly InventoryEntry[]; readonly entries: readonly InventoryEntry[] } = {
    of: [],
    entries: [],
  };

  constructor(scripts: Scripts, vault: Vault, numbers: NumberRepository, people: People) {
    this.#scripts = scripts;
    this.#vault = vault;
    this.#numbers = numbers;
    this.#people = people;
  }

  /**
   * Numbers to try. Where unknown callers matter to the session, the numbers are looked at first, a batch
   * at a time; `onPinTaken` is told when a PIN that the client chose is live on one of them.
   */
  async *numbersFor(draft: SessionDraft, choose: Choose, onPinTaken: () => void): AsyncGenerator<E164> {
    const candidates = await this.#candidates(draft);
    const request: AllocationRequest = {
      firstParty: draft.firstParty,
      secondParty: draft.secondParty,
      geomatch: draft.settings.geomatch && draft.virtualNumber === null,
      subaccount: subaccountOf(draft.accountId),
      pinSession: draft.pin !== null,
      now: draft.now,
    };
    const order = choose(request, candidates);
    if (strangersOf(draft) === '') {
      yield* order;
      return;
    }
    const byNumber = new Map(candidates.map((candidate) => [candidate.number, candidate]));
    for (let from = 0; from < order.length; from += PEEK_BATCH) {
      const peeked = await Promise.all(
        order.slice(from, from + PEEK_BATCH).map(async (number) => {
          const { livePins, pinTaken, promised } = await this.#peek(number, draft);
          if (pinTaken) onPinTaken();
          const candidate = byNumber.get(number);
          return pinTaken || promised || candidate === undefined ? [] : [{ ...candidate, livePins }];
        }),
      );
      yield* choose(request, peeked.flat());
    }
  }

  async #candidates(draft: SessionDraft): Promise<AllocationCandidate[]> {
    const [inventory, first, second] = await Promise.all([
      this.#numbers.inventory(),
      this.#recall(draft.firstParty, draft.now),
      this.#recall(draft.secondParty, draft.now),
    ]);
    const { virtualNumber: wanted } = draft;
    return this.#inAscendingOrder(inventory)
      .filter(({ number }) => wanted === null || number === wanted)
      .map(({ number, country, callingCode, enabled, subaccount }) => ({
        number,
        country,
        callingCode,
        enabled,
        subaccount,
        livePins: 0,
        lastUsedByFirst: first.lastUsed.get(number) ?? null,
        lastUsedBySecond: second.lastUsed.get(number) ?? null,
        coolingUntilForFirst: first.heldUntil.get(number) ?? null,
        coolingUntilForSecond: second.heldUntil.get(number) ?? null,
      }));
  }

  #inAscendingOrder(inventory: readonly InventoryEntry[]): readonly InventoryEntry[] {
    if (this.#ascending.of !== inventory) {
      const entries = inventory.toSorted((one, other) => (one.number < other.number ? -1 : 1));
      this.#ascending = { of: inventory, entries };
    }
    return this.#ascending.entries;
  }

  async #recall(person: E164 | null, now: number): Promise<PersonMemory> {
    return person === null ? NOTHING : this.#people.recall(person, now);
  }

  async #peek(number: E164, draft: SessionDraft): Promise<Peek> {
    const { pin, now } = draft;
    const chosen = pin?.pins == null ? [] : [pin.pins.first, pin.pins.second];
    const lengths = pin?.pins === null ? [pin.generatedLength] : chosen.map((digits) => digits.length);
    const tokens = chosen.flatMap((digits) => this.#vault.pinTokens(number, digits));
    const args = [now, JSON.stringify([...new Set(lengths)]), JSON.stringify(tokens), strangersOf(draft)];
    const reply = await this.#scripts.run('peek-number', [numberKey(number)], args);
    const [livePins, pinTaken, promised] = reply as [number, number, number];
    return { livePins, pinTaken: pinTaken === 1, promised: promised === 1 };
  }
}
