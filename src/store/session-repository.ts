import { randomUUID } from 'node:crypto';

import { allocate } from '../masking/allocate.js';
import type { Interaction } from '../masking/interaction.js';
import { isE164, type E164 } from '../masking/phone-number.js';
import type { PoolLook } from '../masking/pool.js';
import type { MaskingSession, PinRules } from '../masking/session.js';
import type { SessionChange } from '../masking/session-change.js';
import type { PinDraft, SessionDraft } from '../masking/session-draft.js';
import type { SessionQuery } from '../masking/session-query.js';
import {
  interactionFrom,
  sessionFrom,
  sessionOf,
  type SessionDocument,
  type SessionEvents,
} from './documents.js';
import {
  InvalidDraftError,
  NumberPoolExhaustedError,
  PinTakenError,
  SessionNotFoundError,
} from './errors.js';
import { numberKey, pointerKey } from './keys.js';
import { NumberChooser, type Choose } from './number-chooser.js';
import type { NumberRepository } from './number-repository.js';
import { People } from './people.js';
import { generatePins } from './pins.js';
import { COMMAND_TIMEOUT, onItsWay, type RedisClient } from './redis.js';
import { guarded, type Reply, type Scripts } from './scripts.js';
import { SessionChanges, type EndedSession } from './session-changes.js';
import { SessionClaims, type Alongside } from './session-claims.js';
import { placeOf, SessionIndex } from './session-index.js';
import { SessionPages } from './session-pages.js';
import { heldUntil } from './session-tokens.js';
import type { Vault } from './vault.js';
import type { WithdrawalNews } from './withdrawals.js';

export interface SessionWithInteractions {
  readonly session: MaskingSession;
  /** The newest 100, newest last. */
  readonly interactions: readonly Interaction[];
}

export interface CreateOptions {
  /** Ranks the numbers that the session could have. */
  readonly choose?: Choose;
  /** Asked once, while numbers are looked at: when it rejects there is no session, and the create rejects likewise. */
  readonly permit?: () => Promise<void>;
  readonly alongside?: Alongside;
  /** Told what the create came upon, once it is known whether there is a number for it. Must not throw. */
  readonly onLook?: (look: PoolLook) => void;
}

export interface SessionRepositoryOptions {
  /** Milliseconds that a session stays readable once it has expired. Default 90 days. */
  readonly retention?: number;
  /** What a session costs, in whole units. Default 0. */
  readonly sessionFee?: number;
  /** Told when advice for later choices of a number was lost; the session itself is safe. */
  readonly onAdviceLost?: (error: unknown) => void;
  /** Milliseconds that the answer to a claim is waited for: those until a command fails. Default 2000. */
  readonly patience?: number;
  /** Told of creates that failed while Redis did not answer. */
  readonly onWithdrawal?: (news: WithdrawalNews) => void;
}

const NINETY_DAYS = 90 * 24 * 3_600_000;
/** Milliseconds that a pointer outlives its session: a pointer to nothing is harmless, the reverse is not. */
const POINTER_MARGIN = 3_600_000;
/** Rounds of a list, each after mending what the one before found amiss. */
const LIST_ROUNDS = 5;
/** Pairs of generated PINs tried on one number; after that the number is as good as full. */
const PIN_ATTEMPTS = 10;

/** Masking sessions: created by claiming a number, read by id and in lists, changed and ended. */
export class SessionRepository {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #chooser: NumberChooser;
  readonly #people: People;
  readonly #index: SessionIndex;
  readonly #pages: SessionPages;
  readonly #changes: SessionChanges;
  readonly #claims: SessionClaims;
  readonly #sessionFee: number;
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
    const retention = options.retention ?? NINETY_DAYS;
    this.#people = new People(client, scripts, vault, retention);
    this.#chooser = new NumberChooser(scripts, vault, numbers, this.#people);
    this.#sessionFee = options.sessionFee ?? 0;
    this.#onAdviceLost = options.onAdviceLost ?? (() => undefined);
    const index = new SessionIndex(client, scripts, vault, retention);
    this.#index = index;
    this.#pages = new SessionPages(client, scripts, vault, index, retention);
    const common = { client, scripts, vault, index, retention, pointerMargin: POINTER_MARGIN };
    this.#changes = new SessionChanges({
      ...common,
      remember: (document) => this.#remember(document),
      onUnsettled: this.#onAdviceLost,
    });
    this.#claims = new SessionClaims({
      ...common,
      changes: this.#changes,
      patience: options.patience ?? COMMAND_TIMEOUT,
      onWithdrawal: options.onWithdrawal ?? (() => undefined),
    });
  }

  /**
   * Creates a session on the best number that it can have. Once this resolves, the session is on disk; when it
   * throws, there is none (docs/architecture.md, "A create that fails").
   *
   * Throws InvalidDraftError, PinTakenError, NumberPoolExhaustedError, StoreUnavailableError; what `permit` rejects with;
   * and what `alongside` rejects with, which is written with the session or the session is not.
   */
  async create(
    draft: SessionDraft,
    {
      choose = allocate,
      permit = nothing,
      alongside = nothing,
      onLook = () => undefined,
    }: CreateOptions = {},
  ): Promise<MaskingSession> {
    if (draft.firstParty === draft.secondParty) {
      throw new InvalidDraftError('both parties are the same number, or missing');
    }
    if (draft.pin?.pins != null && draft.pin.pins.first === draft.pin.pins.second) {
      throw new InvalidDraftError('both parties have the same PIN');
    }
    const id = randomUUID();
    const look = this.#claims.look();
    let pinTaken = false;
    let held = 0;
    let last: SessionDocument | null = null;
    const choices = this.#chooser.numbersFor(
      draft,
      choose,
      permit,
      () => (pinTaken = true),
      (count) => (held = count),
    );
    for await (const { number, livePins } of choices) {
      const { result, document } = await this.#claims.claim(
        number,
        () => documentOf(draft, number, id, this.#sessionFee),
        draft.pin?.pins === null ? PIN_ATTEMPTS : 1,
        look,
        alongside,
      );
      last = document;
      if (result === 'claimed') {
        onLook({ held, livePins: draft.pin === null ? null : livePins });
        // Neither decides anything, and the client waits for neither. But it hears of the session after the first was sent,
        // so that its next create finds who has which number.
        void this.#remember(document);
        void this.#settle(document);
        await onItsWay();
        return sessionOf(document, NOTHING_HAPPENED);
      }
      if (result === 'pin-taken') pinTaken = true;
    }
    onLook({ held, livePins: null });
    if (last !== null) await this.#claims.forget(last);
    if (pinTaken && draft.pin?.pins != null) {
      throw new PinTakenError('a PIN of this session is taken on every number that it could have');
    }
    throw new NumberPoolExhaustedError('no virtual number can take this session');
  }

  /** A session with its newest interactions, also for a while after it expired; null when not known. */
  async get(id: string, now: number): Promise<SessionWithInteractions | null> {
    const number = await guarded(() => this.#client.get(pointerKey(id)));
    return number === null || !isE164(number) ? null : this.#read(number, id, now);
  }

  /**
   * Changes a live session: everything that ends with it moves to its new expiry, which counts from `now`
   * (milliseconds since the epoch). Filling in a missing party claims that person's route as a create does.
   *
   * Throws SessionNotFoundError, SessionExpiredError, PartyFixedError, PartyTakenError, InvalidDraftError,
   * StoreUnavailableError.
   */
  async update(id: string, change: SessionChange, now: number): Promise<SessionWithInteractions> {
    await this.#changes.update(id, change, now);
    const updated = await this.get(id, now);
    if (updated === null) throw new SessionNotFoundError('the session is not readable any more');
    return updated;
  }

  /**
   * Ends a live session at `now` (milliseconds since the epoch). A call that runs goes on.
   *
   * Throws SessionNotFoundError, SessionExpiredError (also when it was ended before), StoreUnavailableError.
   */
  async end(id: string, now: number): Promise<EndedSession> {
    return this.#changes.end(id, now);
  }

  /** A page of sessions and how many there are in all: newest first, those of one instant by descending id. */
  async list(
    query: SessionQuery,
    now: number,
  ): Promise<{ sessions: SessionWithInteractions[]; total: number }> {
    let missed = new Set<string>();
    for (let round = 1; ; round += 1) {
      const { entries, total } = await this.#pages.page(query, now);
      const read = await Promise.all(
        entries.map(async ({ number, id }) => (isE164(number) ? this.#read(number, id, now) : null)),
      );
      const sessions = read.filter((session) => session !== null);
      const gone = entries.filter((_, index) => read[index] === null);
      if (gone.length === 0 || round === LIST_ROUNDS) return { sessions, total: total - gone.length };
      // One that is being created is pending, and left out by the next look. What is missed twice is gone.
      const before = missed;
      missed = new Set(gone.map(({ id }) => id));
      const forgotten = gone.filter(({ id }) => before.has(id));
      await Promise.all(forgotten.map(({ place }) => this.#index.withdraw(place)));
    }
  }

  /** Withdraws what failed creates may have left. */
  async close(): Promise<void> {
    this.#index.flush();
    await this.#claims.close();
  }

  /** Where sessions are entered for lists. */
  get index(): SessionIndex {
    return this.#index;
  }

  /** Mends the index that lists read. Nothing depends on it. */
  async mendIndex(now: number): Promise<void> {
    await this.#pages.mend(now);
  }

  async #read(number: E164, id: string, now: number): Promise<SessionWithInteractions | null> {
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
    // One that began while Redis was away was entered when it had ended.
    interactions.sort((one, other) => one.startedAt - other.startedAt);
    return { session, interactions };
  }

  /** Advice for later choices of a number. Never rejects. */
  async #remember(document: SessionDocument): Promise<void> {
    const { virtualNumber, firstParty, secondParty, createdAt } = document;
    const held = heldUntil(document);
    const people = [firstParty, secondParty].filter((person) => person !== null);
    await Promise.all(
      people.map((person) => this.#people.remember(person, virtualNumber, createdAt, held)),
    ).catch(this.#onAdviceLost);
  }

  /** Never rejects: while the entry is pending, lists ask the session itself. */
  async #settle(session: SessionDocument): Promise<void> {
    const { day, member, accountId } = placeOf(session);
    const entry = { day, member, accountId, operation: session.id };
    await this.#index.settleNew(entry).catch(this.#onAdviceLost);
  }
}

const NOTHING_HAPPENED: SessionEvents = {
  totals: { callCount: 0, billedDuration: 0, callAmount: 0 },
  lastInteractionAt: null,
  inProgress: false,
  lastPeer: null,
  endedBy: null,
};

const nothing = (): Promise<void> => Promise.resolve();

function documentOf(draft: SessionDraft, virtualNumber: E164, id: string, fee: number): SessionDocument {
  const { accountId, firstParty, secondParty, settings, now } = draft;
  return {
    id,
    accountId,
    virtualNumber,
    firstParty,
    secondParty,
    singleParty: firstParty === null || secondParty === null,
    settings,
    pin: draft.pin === null ? null : pinRulesOf(draft.pin),
    fee,
    createdAt: now,
    modifiedAt: now,
    expiresAt: now + settings.sessionExpiry * 1000,
  };
}

function pinRulesOf({ pins, ...rules }: PinDraft): PinRules {
  const { first, second } = pins ?? generatePins(rules.generatedLength);
  return { ...rules, generated: pins === null, firstPartyPin: first, secondPartyPin: second };
}
