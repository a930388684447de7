import type { Interaction } from '../masking/interaction.js';
import { isE164, type E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import { interactionFrom, sessionFrom } from './documents.js';
import { numberKey, outboxKey, OUTBOXES_KEY } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Reply, type Scripts } from './scripts.js';
import type { Vault } from './vault.js';

/** What a script told of a session. */
export interface OutboxEntry {
  readonly number: E164;
  readonly sessionId: string;
  /** 1 for the first of a session, and one more each time. */
  readonly sequence: number;
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number;
  readonly kind: string;
  /** What only the script's caller knew, opened; "" for nothing. */
  readonly data: string;
  /** Null when the session is not known any more. */
  readonly session: MaskingSession | null;
  readonly interaction: Interaction | null;
  /** The entry as it is stored, to take it out by. */
  readonly raw: string;
}

export interface UnreadableEntry {
  readonly raw: string;
  /** Of which session, and which of its events; null when it is no entry at all. */
  readonly told: {
    readonly sessionId: string;
    readonly sequence: number;
    /** The call that it tells of; absent when it tells of none. */
    readonly call?: string;
  } | null;
}

export interface OutboxPage {
  readonly entries: readonly OutboxEntry[];
  /** Entries that cannot be opened, because a data key was taken away too early, or that are none. */
  readonly unreadable: readonly UnreadableEntry[];
  /** Entries that found no room since this was last asked. */
  readonly lost: number;
}

/** Milliseconds that a mark lasts, and after which a controller renews its own. */
const MARK_LASTS = 120_000;
const MARK_RENEWED = 60_000;
/** Beyond a mark's end, before its number is left out: controllers' clocks differ. Milliseconds. */
const CLOCKS_DIFFER = 60_000;

/**
 * Reads what the scripts of the calls and sessions appended to the outboxes, one per number.
 *
 * An outbox lies in its number's slot and the list of outboxes in another. So a number is marked ahead of
 * every script that may append: a mark without an entry costs a look, an entry without a mark were lost.
 */
export class Outbox {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #onMarkLost: (error: unknown) => void;
  readonly #now: () => number;
  /** Numbers that we marked, and when. Renewed marks move to the end, so the oldest are first. */
  readonly #marked = new Map<E164, number>();
  #listener: (number: E164) => void = () => undefined;

  constructor(
    client: RedisClient,
    scripts: Scripts,
    vault: Vault,
    onMarkLost: (error: unknown) => void = () => undefined,
    now: () => number = Date.now,
  ) {
    this.#client = client;
    this.#onMarkLost = onMarkLost;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#now = now;
  }

  /** `listener` hears of every number to whose outbox a script of this process appended. */
  onAppended(listener: (number: E164) => void): void {
    this.#listener = listener;
  }

  /** To be called when a script says that it appended. */
  appended(number: E164): void {
    this.#listener(number);
  }

  /**
   * Marks the number, so that its outbox is looked at from now on. Send it ahead of the script that may
   * append, without waiting in between: together they are one round trip. Mostly there is nothing to send.
   * Never rejects: a call may not fail by it. What is appended is then found by the next mark.
   */
  async mark(number: E164): Promise<void> {
    const now = this.#now();
    if (now - (this.#marked.get(number) ?? -Infinity) < MARK_RENEWED) return;
    this.#marked.delete(number);
    this.#marked.set(number, now);
    for (const [oldest, at] of this.#marked) {
      if (now - at < MARK_RENEWED) break;
      this.#marked.delete(oldest);
    }
    try {
      await guarded(() => this.#client.zadd(OUTBOXES_KEY, now + MARK_LASTS, number));
    } catch (error) {
      this.#marked.delete(number);
      this.#onMarkLost(error);
    }
  }

  /** Numbers whose outbox holds something. Those that are empty and past their mark are forgotten. */
  async waiting(): Promise<E164[]> {
    const now = this.#now();
    const marked = (await guarded(() => this.#client.zrange(OUTBOXES_KEY, '0', '-1'))).filter(isE164);
    const lengths = await Promise.all(
      marked.map((number) => guarded(() => this.#client.llen(outboxKey(number)))),
    );
    const waiting = marked.filter((_, index) => lengths[index] !== 0);
    // A mark that was renewed since is not touched: only old ones are taken away.
    for (const number of waiting) {
      await guarded(() => this.#client.zadd(OUTBOXES_KEY, 'XX', 'GT', now, number));
    }
    await guarded(() => this.#client.zremrangebyscore(OUTBOXES_KEY, '-inf', String(now - CLOCKS_DIFFER)));
    return waiting;
  }

  /** At most `limit` entries of a number, oldest first, without the `skip` oldest. */
  async read(number: E164, skip: number, limit: number): Promise<OutboxPage> {
    const reply = await this.#scripts.run('read-outbox', [numberKey(number)], [skip, limit]);
    const [lost, found] = reply as [number, [string, Reply, Reply][]];
    const entries: OutboxEntry[] = [];
    const unreadable: UnreadableEntry[] = [];
    for (const [raw, session, call] of found) {
      try {
        entries.push(this.#entry(number, raw, session, call));
      } catch {
        // One of them may not hold up those after it.
        unreadable.push({ raw, told: toldIn(raw) });
      }
    }
    return { entries, unreadable, lost };
  }

  /** Takes an entry out. False when another controller did before. */
  async remove(number: E164, raw: string): Promise<boolean> {
    return (await guarded(() => this.#client.lrem(outboxKey(number), 1, raw))) === 1;
  }

  /** Entries of the number, as they are stored, whose data hold `digits`. Throws UnreadableDocumentError. */
  async naming(number: E164, digits: string): Promise<string[]> {
    const stored = await guarded(() => this.#client.lrange(outboxKey(number), 0, -1));
    return stored.filter((raw) => this.isNaming(number, raw, digits));
  }

  /** Whether the data of an entry hold `digits`. Throws UnreadableDocumentError. */
  isNaming(number: E164, raw: string, digits: string): boolean {
    const { data } = JSON.parse(raw) as { data: string };
    return this.#open(number, data).includes(digits);
  }

  /** What is private in the data of an event, in the form that `emit` takes. */
  seal(number: E164, data: unknown): string {
    return this.#vault.seal(JSON.stringify(data), context(number));
  }

  #entry(number: E164, raw: string, session: Reply, call: Reply): OutboxEntry {
    const stored = JSON.parse(raw) as Record<'session' | 'at' | 'kind' | 'data' | 'call', string> & {
      sequence: number;
    };
    return {
      number,
      sessionId: stored.session,
      sequence: stored.sequence,
      at: Number(stored.at),
      kind: stored.kind,
      data: this.#open(number, stored.data),
      session: sessionFrom(this.#vault, number, session, this.#now()),
      interaction: interactionFrom(this.#vault, stored.call, number, call),
      raw,
    };
  }

  #open(number: E164, data: string): string {
    const sealed = data !== '' && !data.startsWith('{');
    return sealed ? this.#vault.open(data, context(number)) : data;
  }
}

function toldIn(raw: string): UnreadableEntry['told'] {
  try {
    const { session, sequence, call } = JSON.parse(raw) as Record<'session' | 'sequence' | 'call', unknown>;
    if (typeof session !== 'string' || typeof sequence !== 'number') return null;
    return { sessionId: session, sequence, ...(typeof call === 'string' && call !== '' ? { call } : {}) };
  } catch {
    return null;
  }
}

function context(number: E164): string {
  return `event\0${number}`;
}
