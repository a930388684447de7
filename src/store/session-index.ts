import { randomUUID } from 'node:crypto';

import { Gathered } from '../gathered.js';
import type { E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import { dayKey, dayOrderKey, dayPendingKey, SESSION_DAYS_KEY } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';
import { dayOf } from './utc-spans.js';
import type { Vault } from './vault.js';

/** What lists filter by, and where the session is. */
export type Listed = Pick<
  MaskingSession,
  'id' | 'accountId' | 'virtualNumber' | 'firstParty' | 'secondParty' | 'createdAt' | 'expiresAt'
>;

/** Where an entry is. */
export interface IndexPlace {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  /** `<creation in ms, 15 digits>:<session id>`: in the order of these, sessions are in order. */
  readonly member: string;
  readonly accountId: string;
}

/** An entry that is being written, to be settled or withdrawn. */
export interface PendingEntry extends IndexPlace {
  readonly operation: string;
}

/** An entry that is to be written. */
interface Entering {
  readonly entry: PendingEntry;
  readonly text: string;
  readonly now: number;
  /** Milliseconds that the day is kept for it. */
  readonly ttl: number;
  /** Whether it overwrites one that is there. */
  readonly fresh: boolean;
}

/** Milliseconds that a day's index outlives its last session. */
const MARGIN = 24 * 3_600_000;
/** Those that come in one turn of the event loop. A script goes through so many at most. */
const ENTERED_TOGETHER = { most: 100 };
/** Nobody's answer waits for it. A script goes through so many, and Redis does nothing else meanwhile. */
const SETTLED_TOGETHER = { most: 100, pauseMs: 5 };

/**
 * Sessions in the order of their creation, by UTC day, for lists.
 *
 * A session is in its number's slot and its entry in the day's. So an entry is written ahead of the
 * claim or change and marked as pending, and settled after it. While it is pending, lists ask the session
 * itself, so what is lost between the two is never seen.
 */
export class SessionIndex {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #retention: number;
  /** Days that are registered for certain, at most a few. */
  readonly #days = new Set<string>();
  readonly #entering: Gathered<Entering>;
  readonly #settling: Gathered<PendingEntry>;

  /** `retention` in milliseconds. */
  constructor(client: RedisClient, scripts: Scripts, vault: Vault, retention: number) {
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#retention = retention;
    this.#entering = new Gathered((entering) => this.#enterAll(entering), ENTERED_TOGETHER);
    this.#settling = new Gathered((entries) => this.#settleNew(entries), SETTLED_TOGETHER);
  }

  /** Ahead of a session's claim on a number: sent as `gathered` tells. Once for each number that is tried; they are one operation. */
  async enterNew(session: Listed): Promise<PendingEntry> {
    return this.#enter(session, session.createdAt, session.id, true);
  }

  /** Ahead of a change. `now` in milliseconds since the epoch. */
  async enterChange(session: Listed, now: number): Promise<PendingEntry> {
    return this.#enter(session, now, randomUUID(), false);
  }

  /** After a claim or change that took place; `null` when nothing did. */
  async settle(entry: PendingEntry, became: { session: Listed; revision: number } | null): Promise<void> {
    const text = became === null ? '' : this.#text(became.session, became.revision);
    await this.#scripts.run('settle-session', keysOf(entry), [entry.member, text, entry.operation]);
  }

  /** After the claim of a new session, which has become what its entry tells: a few milliseconds later, with others. */
  async settleNew(entry: PendingEntry): Promise<void> {
    await this.#settling.add(placeKey(entry), entry);
  }

  /** Settles now what waits for others. */
  flush(): void {
    void this.#settling.flush();
  }

  /** The session never came to be, or is forgotten. */
  async withdraw(entry: IndexPlace & { readonly operation?: string }): Promise<void> {
    await this.#scripts.run('withdraw-session', keysOf(entry), [entry.member, entry.operation ?? '']);
  }

  /** Entries of one day and account. */
  async #settleNew(entries: readonly PendingEntry[]): Promise<void> {
    const [first] = entries;
    if (first === undefined) return;
    const args = entries.flatMap(({ member, operation }) => [member, '', operation]);
    await this.#scripts.run('settle-session', keysOf(first), args);
  }

  async #enter(session: Listed, now: number, operation: string, fresh: boolean): Promise<PendingEntry> {
    const { day, member, accountId } = placeOf(session);
    const entry: PendingEntry = { day, member, accountId, operation };
    const ttl = Math.max(session.expiresAt, now) - now + this.#retention + MARGIN;
    await Promise.all([
      this.#register(entry.day),
      this.#entering.add(placeKey(entry), { entry, text: this.#text(session, 0), now, ttl, fresh }),
    ]);
    return entry;
  }

  /** Entries of one day and account. */
  async #enterAll(entering: readonly Entering[]): Promise<void> {
    const [first] = entering;
    if (first === undefined) return;
    const ttl = Math.max(...entering.map((each) => each.ttl));
    const args = entering.flatMap(({ entry, text, now, fresh }) => {
      return [entry.member, text, entry.operation, now, fresh ? 1 : 0];
    });
    await this.#scripts.run('enter-session', keysOf(first.entry), [ttl, ...args]);
  }

  async #register(day: string): Promise<void> {
    if (this.#days.has(day)) return;
    await guarded(() => this.#client.zadd(SESSION_DAYS_KEY, Date.parse(day), day));
    if (this.#days.size > 7) this.#days.clear();
    this.#days.add(day);
  }

  #text(session: Listed, revision: number): string {
    const { virtualNumber, accountId, firstParty, secondParty, expiresAt } = session;
    const token = (person: E164 | null): string =>
      (person === null ? undefined : this.#vault.partyTokens(person)[0]) ?? '';
    return [virtualNumber, accountId, token(firstParty), token(secondParty), expiresAt, revision].join('|');
  }
}

export function placeOf({
  id,
  accountId,
  createdAt,
}: Pick<Listed, 'id' | 'accountId' | 'createdAt'>): IndexPlace {
  return { day: dayOf(createdAt), member: `${memberPrefix(createdAt)}:${id}`, accountId };
}

/** The session that a member and its entry tell of. */
export function placeFrom(
  day: string,
  member: string,
  entry: string,
): IndexPlace & { id: string; number: string } {
  const [number = '', accountId = ''] = entry.split('|');
  return { day, member, accountId, id: member.slice(member.indexOf(':') + 1), number };
}

export function memberPrefix(createdAt: number): string {
  return String(createdAt).padStart(15, '0');
}

/** What entries of one day and account have in common. */
function placeKey({ day, accountId }: IndexPlace): string {
  return `${day} ${accountId}`;
}

function keysOf({ day, accountId }: IndexPlace): string[] {
  return [dayKey(day), dayOrderKey(day, null), dayOrderKey(day, accountId), dayPendingKey(day)];
}
