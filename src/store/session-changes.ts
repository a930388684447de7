import type { LegAddress } from '../calls/ports.js';
import { isE164, type E164 } from '../masking/phone-number.js';
import { isLive, type MaskingSession } from '../masking/session.js';
import { changed, fixedParties, type SessionChange } from '../masking/session-change.js';
import { sealSession, sessionDocumentFrom, sessionFrom, type SessionDocument } from './documents.js';
import {
  InvalidDraftError,
  PartyFixedError,
  PartyTakenError,
  SessionExpiredError,
  SessionNotFoundError,
  StoreUnavailableError,
} from './errors.js';
import { numberKey, pointerKey } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Reply, type Scripts } from './scripts.js';
import type { PendingEntry, SessionIndex } from './session-index.js';
import { heldUntil, tokensOf } from './session-tokens.js';
import type { Vault } from './vault.js';

/** A session that was ended, with the call that goes on in it. */
export interface EndedSession extends MaskingSession {
  /** The interaction that runs, or null. Its totals are still written when it ends. */
  readonly running: LegAddress | null;
}

export interface SessionChangesOptions {
  readonly client: RedisClient;
  readonly scripts: Scripts;
  readonly vault: Vault;
  readonly index: SessionIndex;
  /** Milliseconds. */
  readonly retention: number;
  /** Milliseconds that a pointer outlives its session. */
  readonly pointerMargin: number;
  /** Notes how long the parties hold their number from now on. Never rejects. */
  readonly remember: (document: SessionDocument) => Promise<void>;
  /** Told when the index could not be settled: lists ask the session itself until it is mended. */
  readonly onUnsettled: (error: unknown) => void;
}

/** Changes of one session at a time that are tried: each time another one came first. */
const CHANGE_ATTEMPTS = 50;

interface Found {
  readonly number: E164;
  readonly sealed: string;
  readonly document: SessionDocument;
}

/**
 * Updates and ends sessions. A document is read, changed, and written only if it is still the one that
 * was read, with its routes and indexes, in one script.
 */
export class SessionChanges {
  readonly #options: SessionChangesOptions;

  constructor(options: SessionChangesOptions) {
    this.#options = options;
  }

  /**
   * `now` in milliseconds since the epoch. Throws SessionNotFoundError, SessionExpiredError,
   * PartyFixedError, PartyTakenError, InvalidDraftError, StoreUnavailableError.
   */
  async update(id: string, change: SessionChange, now: number): Promise<void> {
    const { client, scripts, vault, index, retention, pointerMargin } = this.#options;
    await this.#retrying(id, now, async ({ number, sealed, document }) => {
      if (fixedParties(document, change).length > 0) {
        throw new PartyFixedError('a party of a session cannot be replaced');
      }
      const next = changed(document, change, now);
      if (next.firstParty === next.secondParty)
        throw new InvalidDraftError('both parties are the same number');
      if (next.firstParty === number || next.secondParty === number) {
        throw new InvalidDraftError('a party is the virtual number itself');
      }
      const filledIn =
        next.firstParty !== document.firstParty
          ? 'first'
          : next.secondParty !== document.secondParty
            ? 'second'
            : '';
      // Neither may be gone before the session is. They are never shortened: outliving it is harmless.
      const ttl = next.expiresAt - now + retention + pointerMargin;
      const [entry] = await Promise.all([
        index.enterChange(next, now),
        guarded(() => client.pexpire(pointerKey(id), ttl, 'GT')),
      ]);
      const reply = await scripts.run(
        'update-session',
        [numberKey(number)],
        [
          ...[id, now, next.expiresAt, heldUntil(next), retention, sealSession(vault, next), sealed],
          ...[tokensOf(vault, next), filledIn],
        ],
      );
      return this.#concluded(reply as Reply[], entry, next);
    });
  }

  /**
   * Ends the session at `now` (milliseconds since the epoch). Throws SessionNotFoundError,
   * SessionExpiredError (also when it was ended before), StoreUnavailableError.
   */
  async end(id: string, now: number): Promise<EndedSession> {
    const { scripts, vault, index, retention } = this.#options;
    return this.#retrying(id, now, async ({ number, sealed, document }) => {
      const next: SessionDocument = { ...document, modifiedAt: now, expiresAt: now };
      const entry = await index.enterChange(next, now);
      const reply = (await scripts.run(
        'end-session',
        [numberKey(number)],
        [...[id, now, heldUntil(next), retention, sealSession(vault, next), sealed], tokensOf(vault, next)],
      )) as Reply[];
      if (!(await this.#concluded(reply, entry, next))) return null;
      const session = await this.#read(id, number, now);
      if (session === null) throw new SessionNotFoundError('the session is not readable any more');
      const [, , interactionId, node] = reply;
      const running =
        typeof interactionId === 'string'
          ? { number, sessionId: id, interactionId, node: typeof node === 'string' ? node : '' }
          : null;
      return { ...session, running };
    });
  }

  async #retrying<T>(
    id: string,
    now: number,
    attempt: (found: Found) => Promise<T | null | false>,
  ): Promise<T> {
    for (let count = 0; count < CHANGE_ATTEMPTS; count += 1) {
      const found = await this.#find(id);
      if (found === null) throw new SessionNotFoundError('no such session');
      if (!isLive(found.document, now)) throw new SessionExpiredError('the session is over');
      const result = await attempt(found);
      if (result !== null && result !== false) return result;
    }
    throw new StoreUnavailableError('the session was changed by others all the time');
  }

  /** True when the change took place, false when another one came first. */
  async #concluded(reply: readonly Reply[], entry: PendingEntry, session: SessionDocument): Promise<boolean> {
    const { index, remember, onUnsettled } = this.#options;
    const [result, revision] = reply;
    const done = result === 'updated' || result === 'ended';
    await Promise.all([
      index.settle(entry, done ? { session, revision: Number(revision) } : null).catch(onUnsettled),
      done ? remember(session) : undefined,
    ]);
    if (result === 'not-found') throw new SessionNotFoundError('no such session');
    if (result === 'expired') throw new SessionExpiredError('the session is over');
    if (result === 'party-taken') {
      throw new PartyTakenError('the person leads to another session on this virtual number');
    }
    return done;
  }

  async #find(id: string): Promise<Found | null> {
    const { client, scripts, vault } = this.#options;
    const number = await guarded(() => client.get(pointerKey(id)));
    if (number === null || !isE164(number)) return null;
    const [fields] = (await scripts.run('peek-session', [numberKey(number)], [id])) as [Reply, number];
    if (!Array.isArray(fields)) return null;
    const sealed = String(fields[0]);
    return { number, sealed, document: sessionDocumentFrom(vault, number, sealed) };
  }

  async #read(id: string, number: E164, now: number): Promise<MaskingSession | null> {
    const { scripts, vault } = this.#options;
    const [fields] = (await scripts.run('peek-session', [numberKey(number)], [id])) as [Reply, number];
    return sessionFrom(vault, number, fields, now);
  }
}
