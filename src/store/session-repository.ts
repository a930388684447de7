import { randomUUID } from 'node:crypto';

import { allocate, type AllocationCandidate, type AllocationRequest } from '../masking/allocate.js';
import type { Interaction } from '../masking/interaction.js';
import { isE164, type E164 } from '../masking/phone-number.js';
import type { MaskingSession, PinRules } from '../masking/session.js';
import type { PinDraft, SessionDraft } from '../masking/session-draft.js';
import { hooksOf, interactionFrom, sealSession, sessionFrom, type SessionDocument } from './documents.js';
import { InvalidDraftError, NumberPoolExhaustedError, PinTakenError } from './errors.js';
import { numberKey, pointerKey } from './keys.js';
import type { NumberRepository } from './number-repository.js';
import { People } from './people.js';
import { generatePins } from './pins.js';
import type { RedisClient } from './redis.js';
import { guarded, type Reply, type Scripts } from './scripts.js';
import type { Vault } from './vault.js';

/** Orders the numbers to try, best first. `allocate` is the product's. */
export type Choose = (request: AllocationRequest, candidates: readonly AllocationCandidate[]) => E164[];

export interface SessionWithInteractions {
  readonly session: MaskingSession;
  /** The newest 100, newest last. */
  readonly interactions: readonly Interaction[];
}

export interface SessionRepositoryOptions {
  /** Milliseconds that a session stays readable once it has expired. Default 90 days. */
  readonly retention?: number;
  /** Told when advice for later choices of a number was lost; the session itself is safe. */
  readonly onAdviceLost?: (error: unknown) => void;
}

type ClaimResult = 'claimed' | 'number-gone' | 'party-taken' | 'pin-taken';

const NINETY_DAYS = 90 * 24 * 3_600_000;
/** Milliseconds that a pointer outlives its session: a pointer to nothing is harmless, the reverse is not. */
const POINTER_MARGIN = 3_600_000;
/** Numbers whose PINs are looked at together. */
const PEEK_BATCH = 256;
/** Pairs of generated PINs tried on one number; after that the number is as good as full. */
const PIN_ATTEMPTS = 10;

/** Masking sessions: created by claiming a number, read by id. */
export class SessionRepository {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #numbers: NumberRepository;
  readonly #people: People;
  readonly #retention: number;
  readonly #onAdviceLost: (error: unknown) => void;

  constructor(
    client: RedisClient,
    scripts: Scripts,
    vault: Vault,
    numbers: NumberRepository,
    options: SessionRepositoryOptions = {},
  ) {
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#numbers = numbers;
    this.#people = new People(scripts, vault);
    this.#retention = options.retention ?? NINETY_DAYS;
    this.#onAdviceLost = options.onAdviceLost ?? (() => undefined);
  }

  /**
   * Creates a session on the best number that it can have. Once this resolves, the session is on disk.
   *
   * Throws InvalidDraftError, PinTakenError, NumberPoolExhaustedError, StoreUnavailableError.
   */
  async create(draft: SessionDraft, choose: Choose = allocate): Promise<MaskingSession> {
    if (draft.firstParty === draft.secondParty)
      throw new InvalidDraftError('both parties are the same number');
    if (draft.pin?.pins != null && draft.pin.pins.first === draft.pin.pins.second) {
      throw new InvalidDraftError('both parties have the same PIN');
    }
    const id = randomUUID();
    const wanted = draft.virtualNumber;
    const candidates = (await this.#candidates(draft)).filter(
      ({ number }) => wanted === null || number === wanted,
    );
    let pinTaken = false;
    for await (const number of this.#inOrder(draft, candidates, choose, () => (pinTaken = true))) {
      const { result, document } = await this.#claimOn(number, id, draft);
      if (result === 'claimed') {
        // The session exists: whatever fails from here on may not look like a create that failed.
        await this.#remember(document).catch(this.#onAdviceLost);
        return {
          ...document,
          totals: { callCount: 0, billedDuration: 0 },
          lastInteractionAt: null,
          inProgress: false,
        };
      }
      if (result === 'pin-taken') pinTaken = true;
    }
    await guarded(() => this.#client.del(pointerKey(id)));
    if (pinTaken && draft.pin?.pins != null) {
      throw new PinTakenError('a PIN of this session is taken on every number that it could have');
    }
    throw new NumberPoolExhaustedError('no virtual number can take this session');
  }

  /** A session with its newest interactions, also for a while after it expired; null when not known. */
  async get(id: string, now: number): Promise<SessionWithInteractions | null> {
    const number = await guarded(() => this.#client.get(pointerKey(id)));
    if (number === null || !isE164(number)) return null;
    const reply = await this.#scripts.run('read-session', [numberKey(number)], [id]);
    const [fields, calls] = reply as [Reply, Reply[]];
    const session = sessionFrom(this.#vault, number, fields, now);
    if (session === null) return null;
    const interactions: Interaction[] = [];
    for (let index = 0; index + 1 < calls.length; index += 2) {
      const interaction = interactionFrom(
        this.#vault,
        String(calls[index]),
        number,
        calls[index + 1] ?? null,
      );
      if (interaction !== null) interactions.push(interaction);
    }
    return { session, interactions };
  }

  async #candidates(draft: SessionDraft): Promise<AllocationCandidate[]> {
    const [inventory, first, second] = await Promise.all([
      this.#numbers.inventory(),
      this.#people.recall(draft.firstParty, draft.now),
      this.#people.recall(draft.secondParty, draft.now),
    ]);
    return inventory.map(({ number, country, callingCode, enabled }) => ({
      number,
      country,
      callingCode,
      enabled,
      livePins: 0,
      lastUsedByFirst: first.lastUsed.get(number) ?? null,
      lastUsedBySecond: second.lastUsed.get(number) ?? null,
      coolingUntilForFirst: first.heldUntil.get(number) ?? null,
      coolingUntilForSecond: second.heldUntil.get(number) ?? null,
    }));
  }

  /** Numbers to try. For PIN sessions their PINs are looked at first, a batch of numbers at a time. */
  async *#inOrder(
    draft: SessionDraft,
    candidates: readonly AllocationCandidate[],
    choose: Choose,
    onPinTaken: () => void,
  ): AsyncGenerator<E164> {
    const request: AllocationRequest = {
      firstParty: draft.firstParty,
      secondParty: draft.secondParty,
      geomatch: draft.settings.geomatch && draft.virtualNumber === null,
      pinSession: draft.pin !== null,
      now: draft.now,
    };
    const order = choose(request, candidates);
    if (draft.pin === null) {
      yield* order;
      return;
    }
    const { pin } = draft;
    const byNumber = new Map(candidates.map((candidate) => [candidate.number, candidate]));
    for (let from = 0; from < order.length; from += PEEK_BATCH) {
      const peeked = await Promise.all(
        order.slice(from, from + PEEK_BATCH).map(async (number) => {
          const { live, taken } = await this.#peekPins(number, pin, draft.now);
          if (taken) onPinTaken();
          const candidate = byNumber.get(number);
          return taken || candidate === undefined ? [] : [{ ...candidate, livePins: live }];
        }),
      );
      yield* choose(request, peeked.flat());
    }
  }

  async #peekPins(number: E164, pin: PinDraft, now: number): Promise<{ live: number; taken: boolean }> {
    const chosen = pin.pins === null ? [] : [pin.pins.first, pin.pins.second];
    const lengths = pin.pins === null ? [pin.generatedLength] : chosen.map((digits) => digits.length);
    const tokens = chosen.flatMap((digits) => this.#vault.pinTokens(number, digits));
    const args = [now, JSON.stringify([...new Set(lengths)]), JSON.stringify(tokens)];
    const [live, taken] = (await this.#scripts.run('peek-pins', [numberKey(number)], args)) as [
      number,
      number,
    ];
    return { live, taken: taken === 1 };
  }

  /** One number; generated PINs that collide are drawn again. */
  async #claimOn(
    number: E164,
    id: string,
    draft: SessionDraft,
  ): Promise<{ result: ClaimResult; document: SessionDocument }> {
    const lifetime = draft.settings.sessionExpiry * 1000;
    await guarded(() =>
      this.#client.set(pointerKey(id), number, 'PX', lifetime + this.#retention + POINTER_MARGIN),
    );
    const attempts = draft.pin !== null && draft.pin.pins === null ? PIN_ATTEMPTS : 1;
    for (let attempt = 1; ; attempt += 1) {
      const document = documentOf(draft, number, id);
      const result = await this.#claimForCertain(document);
      if (result !== 'pin-taken' || attempt === attempts) return { result, document };
    }
  }

  /**
   * A claim whose answer was lost may have been written, and a client that is told of a failure sends
   * its request again. So the session is looked for before the failure is passed on.
   */
  async #claimForCertain(document: SessionDocument): Promise<ClaimResult> {
    try {
      return await this.#claim(document);
    } catch (error) {
      const written = await this.get(document.id, document.createdAt).catch(() => null);
      if (written === null) throw error;
      return 'claimed';
    }
  }

  async #claim(document: SessionDocument): Promise<ClaimResult> {
    const { virtualNumber, pin, settings, createdAt, expiresAt } = document;
    const pinTokens = (digits: string | undefined): string[] =>
      digits === undefined ? [] : this.#vault.pinTokens(virtualNumber, digits);
    const index = pin !== null ? 'gate' : settings.unknownCallerPlay === '' ? '' : 'announcer';
    return (await this.#scripts.run(
      'claim',
      [numberKey(virtualNumber)],
      [
        ...[document.id, createdAt, expiresAt, heldUntil(document), this.#retention],
        ...[sealSession(this.#vault, document), index],
        JSON.stringify({
          first: this.#vault.partyTokens(document.firstParty),
          second: this.#vault.partyTokens(document.secondParty),
          firstPin: pinTokens(pin?.firstPartyPin),
          secondPin: pinTokens(pin?.secondPartyPin),
          lengths: pin === null ? [] : [pin.firstPartyPin.length, pin.secondPartyPin.length],
          hooks: hooksOf(settings),
        }),
      ],
    )) as ClaimResult;
  }

  async #remember(document: SessionDocument): Promise<void> {
    const { virtualNumber, firstParty, secondParty, createdAt } = document;
    const held = heldUntil(document);
    await Promise.all([
      this.#people.remember(firstParty, virtualNumber, createdAt, held),
      this.#people.remember(secondParty, virtualNumber, createdAt, held),
    ]);
  }
}

function documentOf(draft: SessionDraft, virtualNumber: E164, id: string): SessionDocument {
  const { accountId, firstParty, secondParty, settings, now } = draft;
  return {
    id,
    accountId,
    virtualNumber,
    firstParty,
    secondParty,
    settings,
    pin: draft.pin === null ? null : pinRulesOf(draft.pin),
    createdAt: now,
    modifiedAt: now,
    expiresAt: now + settings.sessionExpiry * 1000,
  };
}

function pinRulesOf({ pins, ...rules }: PinDraft): PinRules {
  const { first, second } = pins ?? generatePins(rules.generatedLength);
  return { ...rules, generated: pins === null, firstPartyPin: first, secondPartyPin: second };
}

/** The parties keep their number to themselves until the cool-off is over. */
function heldUntil(document: SessionDocument): number {
  return document.expiresAt + document.settings.virtualNumberCooloffPeriod * 1000;
}
