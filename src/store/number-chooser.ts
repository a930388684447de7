import type { AllocationCandidate, AllocationRequest } from '../masking/allocate.js';
import { callingCodeOfCountry, type E164 } from '../masking/phone-number.js';
import { isInPool, poolOf } from '../masking/pool.js';
import { subaccountOf } from '../masking/session.js';
import type { SessionDraft } from '../masking/session-draft.js';
import { numberKey } from './keys.js';
import { DRAWN, NumberPool } from './number-pool.js';
import type { NumberRepository } from './number-repository.js';
import type { People, PersonMemory } from './people.js';
import type { Scripts } from './scripts.js';
import { strangersOf } from './session-tokens.js';
import type { Vault } from './vault.js';

/** Orders the numbers to try, best first; it is given them in chunks. `allocate` is the product's. */
export type Choose = (request: AllocationRequest, candidates: readonly AllocationCandidate[]) => E164[];

/** Numbers that are looked at together when none of the first is free. */
const PEEK_BATCH = 256;
const NOTHING: PersonMemory = { lastUsed: new Map(), heldUntil: new Map() };

/** A number to try. `livePins` as far as they were looked at. */
export interface Choice {
  readonly number: E164;
  readonly livePins: number;
}

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
  #pool = new NumberPool([]);

  constructor(scripts: Scripts, vault: Vault, numbers: NumberRepository, people: People) {
    this.#scripts = scripts;
    this.#vault = vault;
    this.#numbers = numbers;
    this.#people = people;
  }

  /**
   * Numbers to try. `permit` is asked while what decides them is read; rejects as it does. Where unknown callers matter to the session, the numbers are looked at first, a batch
   * at a time; `onPinTaken` is told when a PIN that the client chose is live on one of them, and `onHeld` how many
   * numbers of its pool the session cannot have because its persons hold them.
   */
  async *numbersFor(
    draft: SessionDraft,
    choose: Choose,
    permit: () => Promise<void>,
    onPinTaken: () => void,
    onHeld: (count: number) => void,
  ): AsyncGenerator<Choice> {
    const request: AllocationRequest = {
      firstParty: draft.firstParty,
      secondParty: draft.secondParty,
      geomatch: draft.settings.geomatch && draft.virtualNumber === null,
      subaccount: subaccountOf(draft.accountId),
      pinSession: draft.pin !== null,
      now: draft.now,
    };
    const permitted = permit();
    const candidates = this.#candidates(draft);
    // What is not permitted is refused, whatever became of what was read.
    candidates.catch(() => undefined);
    await permitted;
    const { chunks, held } = await candidates;
    onHeld(countIn(held, request));
    const order = inOrder(chunks, request, choose);
    if (strangersOf(draft) === '') {
      for (const { number, livePins } of order) yield { number, livePins };
      return;
    }
    for (let size = DRAWN; ; size = PEEK_BATCH) {
      const batch = taken(order, size);
      if (batch.length === 0) return;
      const peeked = await Promise.all(
        batch.map(async (candidate) => {
          const { livePins, pinTaken, promised } = await this.#peek(candidate.number, draft);
          if (pinTaken) onPinTaken();
          return pinTaken || promised ? [] : [{ ...candidate, livePins }];
        }),
      );
      const pins = new Map(peeked.flat().map(({ number, livePins }) => [number, livePins]));
      for (const number of choose(request, peeked.flat())) yield { number, livePins: pins.get(number) ?? 0 };
    }
  }

  async #candidates(draft: SessionDraft): Promise<{
    readonly chunks: Iterable<AllocationCandidate[]>;
    readonly held: readonly AllocationCandidate[];
  }> {
    const [inventory, first, second] = await Promise.all([
      this.#numbers.inventory(),
      this.#recall(draft.firstParty, draft.now),
      this.#recall(draft.secondParty, draft.now),
    ]);
    if (this.#pool.inventory !== inventory) this.#pool = new NumberPool(inventory);
    const held = this.#pool.held(first, second);
    if (draft.virtualNumber !== null)
      return { chunks: this.#pool.only(draft.virtualNumber, first, second), held };
    // Else PIN sessions would all be on the first few numbers, where one guess then succeeds more often.
    return { chunks: this.#pool.chunks(first, second, draft.pin !== null), held };
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

/** How many of them the session would have to do without. */
function countIn(held: readonly AllocationCandidate[], request: AllocationRequest): number {
  // Most persons hold none, and to tell a country takes longer than the rest.
  if (held.length === 0) return 0;
  const pool = poolOf(request);
  const callingCode = callingCodeOfCountry(pool.scope);
  return held.filter((candidate) => isInPool(candidate, pool, callingCode)).length;
}

/** The candidates of one chunk after the other, each chunk in the order that is chosen for it. */
function* inOrder(
  chunks: Iterable<AllocationCandidate[]>,
  request: AllocationRequest,
  choose: Choose,
): Generator<AllocationCandidate> {
  for (const chunk of chunks) {
    if (chunk.length === 0) continue;
    const byNumber = new Map(chunk.map((candidate) => [candidate.number, candidate]));
    for (const number of choose(request, chunk)) {
      const candidate = byNumber.get(number);
      if (candidate !== undefined) yield candidate;
    }
  }
}

/** The next `count` of them, or as many as are left. */
function taken<T>(from: Iterator<T, void>, count: number): T[] {
  const all: T[] = [];
  while (all.length < count) {
    const next = from.next();
    if (next.done === true) break;
    all.push(next.value);
  }
  return all;
}
