import { isE164, type E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import { matches, type Range, type SessionQuery } from '../masking/session-query.js';
import { sessionFrom } from './documents.js';
import {
  dayKey,
  dayOrderKey,
  dayPendingKey,
  liveKey,
  NODE_NAMES_KEY,
  numberKey,
  SESSION_DAYS_KEY,
} from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Reply, type Scripts } from './scripts.js';
import {
  memberPrefix,
  placeFrom,
  placeOf,
  type IndexPlace,
  type PendingEntry,
  type SessionIndex,
} from './session-index.js';
import { dayOf } from './utc-spans.js';
import type { Vault } from './vault.js';

/** Where a session that belongs on a page is. */
export interface PageEntry {
  readonly place: IndexPlace;
  readonly id: string;
  readonly number: E164;
}

export interface EntryPage {
  readonly entries: readonly PageEntry[];
  readonly total: number;
}

/** Entries that one script looks at. */
const CHUNK = 1_000;
/** Sessions that are asked themselves at a time. */
const ASK_BATCH = 500;
/** Milliseconds after which what is pending was left behind by somebody who died. */
const ABANDONED = 60_000;
const DAY = 24 * 3_600_000;
/** Days that are looked at without being registered. */
const MOST_DAYS = 100;
/** Beyond any instant that has 15 digits. */
const LAST = 999_999_999_999_999;

/** What was decided beside the index, by asking the session itself: is it asked for? Per day and member. */
type Verdicts = Map<string, Map<string, boolean>>;

/** Reads pages of sessions from the index of their days. */
export class SessionPages {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #index: SessionIndex;
  readonly #retention: number;

  /** `retention` in milliseconds. */
  constructor(client: RedisClient, scripts: Scripts, vault: Vault, index: SessionIndex, retention: number) {
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#index = index;
    this.#retention = retention;
  }

  /** The page and how many sessions there are in all, newest first, those of one instant by descending id. */
  async page(query: SessionQuery, now: number): Promise<EntryPage> {
    const { min, max } = createdBounds(query.created);
    if (query.accountIds?.length === 0 || min > max) return { entries: [], total: 0 };
    const days = await this.#days(min, max, now);
    const verdicts: Verdicts = new Map();
    await Promise.all(days.map((day) => this.#askPending(day, query, now, verdicts)));
    if (query.status !== 'all') await this.#askRunning(query, now, verdicts);
    const bounds = [`[${memberPrefix(min)}:`, max === LAST ? '+' : `(${memberPrefix(max + 1)}:`] as const;
    const entries: PageEntry[] = [];
    let total = 0;
    for (const day of days) {
      const known = verdicts.get(day) ?? new Map<string, boolean>();
      const skip = Math.max(0, query.offset - total);
      const take = query.limit - entries.length;
      const found =
        query.status === 'in-progress'
          ? await this.#decided(day, known, skip, take)
          : this.#isPlain(query, day, now)
            ? await this.#plain(query, day, bounds, known, skip, take)
            : await this.#scan(query, day, bounds, known, skip, take, now);
      total += found.total;
      entries.push(...found.entries);
    }
    return { entries, total };
  }

  /**
   * Mends what was left behind on the newest two days, and forgets days without sessions. Lists do so for
   * the days that they look at; nothing depends on it.
   */
  async mend(now: number): Promise<void> {
    const days = await guarded(() => this.#client.zrange(SESSION_DAYS_KEY, '0', '-1'));
    const kept = await this.#days(0, LAST, now);
    const newest = dayOf(now - 2 * DAY);
    const gone = days.filter((day) => !kept.includes(day) && day < newest);
    if (gone.length > 0) await guarded(() => this.#client.zrem(SESSION_DAYS_KEY, ...gone));
    const all = {
      accountIds: null,
      status: 'all',
      created: {},
      expiry: {},
      duration: {},
      limit: 0,
      offset: 0,
    } as const;
    for (const day of kept.slice(0, 2)) await this.#askPending(day, all, now, new Map());
  }

  /**
   * Days within the bounds that have sessions, newest first. Those of the retention are looked at one by
   * one; the register is for sessions that were prolonged beyond it.
   */
  async #days(min: number, max: number, now: number): Promise<string[]> {
    const from = Date.parse(dayOf(min));
    const days = new Set(await guarded(() => this.#client.zrevrangebyscore(SESSION_DAYS_KEY, max, from)));
    const oldest = Math.max(from, now - Math.min(this.#retention, MOST_DAYS * DAY));
    for (let instant = Math.min(max, now + DAY); instant >= oldest - DAY; instant -= DAY)
      days.add(dayOf(instant));
    const candidates = [...days].sort().reverse();
    const sizes = await Promise.all(
      candidates.map((day) => guarded(() => this.#client.exists(dayOrderKey(day, null)))),
    );
    return candidates.filter((_, index) => sizes[index] === 1);
  }

  /** True when the order of creation alone decides, so that nothing has to be looked at to count. */
  #isPlain(query: SessionQuery, day: string, now: number): boolean {
    const isUnbounded = (range: Range): boolean => Object.values(range).every((bound) => bound === undefined);
    return (
      query.status === 'all' &&
      query.firstParty === undefined &&
      query.secondParty === undefined &&
      query.virtualNumber === undefined &&
      isUnbounded(query.expiry) &&
      isUnbounded(query.duration) &&
      (query.accountIds === null || query.accountIds.length === 1) &&
      Date.parse(day) + this.#retention > now
    );
  }

  async #plain(
    query: SessionQuery,
    day: string,
    [min, max]: readonly [string, string],
    known: ReadonlyMap<string, boolean>,
    skip: number,
    take: number,
  ): Promise<EntryPage> {
    const out = [...known].flatMap(([member, asked]) => (asked ? [] : [member]));
    const reply = await this.#scripts.run('page-of-day', keysFor(query, day), [
      ...[min, max, JSON.stringify(out), skip, take],
    ]);
    const [total, page] = reply as [number, string[]];
    return { total, entries: entriesOf(day, page) };
  }

  async #scan(
    query: SessionQuery,
    day: string,
    [min, max]: readonly [string, string],
    known: ReadonlyMap<string, boolean>,
    skip: number,
    take: number,
    now: number,
  ): Promise<EntryPage> {
    const filter = JSON.stringify({
      known: Object.fromEntries(known),
      accounts: query.accountIds === null ? false : setOf(query.accountIds),
      number: query.virtualNumber ?? '',
      first: query.firstParty === undefined ? false : setOf(this.#vault.partyTokens(query.firstParty)),
      second: query.secondParty === undefined ? false : setOf(this.#vault.partyTokens(query.secondParty)),
      status: query.status,
      now,
      goneBefore: now - this.#retention,
      expiry: inclusive(query.expiry),
      duration: inclusive(query.duration),
    });
    const entries: PageEntry[] = [];
    let total = 0;
    for (let highest = max; ;) {
      const reply = await this.#scripts.run('scan-day', keysFor(query, day), [
        ...[min, highest, filter, Math.max(0, skip - total), take - entries.length, CHUNK],
      ]);
      const [count, page, last] = reply as [number, string[], string];
      total += count;
      entries.push(...entriesOf(day, page));
      if (last === '') return { entries, total };
      highest = `(${last}`;
    }
  }

  /** Those alone that were asked themselves: only they may be in a call. */
  async #decided(
    day: string,
    known: ReadonlyMap<string, boolean>,
    skip: number,
    take: number,
  ): Promise<EntryPage> {
    const members = [...known].flatMap(([member, asked]) => (asked ? [member] : [])).sort();
    const page = members.reverse().slice(skip, skip + take);
    if (page.length === 0) return { entries: [], total: members.length };
    const texts = await guarded(() => this.#client.hmget(dayKey(day), ...page));
    const flat = page.flatMap((member, index) => [member, texts[index] ?? '']);
    return { entries: entriesOf(day, flat), total: members.length };
  }

  /** Sessions whose entry may not be right; what was left behind long ago is mended. */
  async #askPending(day: string, query: SessionQuery, now: number, verdicts: Verdicts): Promise<void> {
    const flat = await guarded(() => this.#client.zrange(dayPendingKey(day), '0', '-1', 'WITHSCORES'));
    if (flat.length === 0) return;
    const operations = flat.filter((_, index) => index % 2 === 0).map((text) => text.split('|'));
    const texts = await guarded(() =>
      this.#client.hmget(dayKey(day), ...operations.map(([member = '']) => member)),
    );
    const known = verdictsOf(verdicts, day);
    for (let from = 0; from < operations.length; from += ASK_BATCH) {
      await Promise.all(
        operations.slice(from, from + ASK_BATCH).map(async ([member = '', operation = ''], index) => {
          const place = placeFrom(day, member, texts[from + index] ?? '');
          const asked = await this.#ask(place.number, place.id, now);
          known.set(member, asked !== null && matches(asked.session, query, now));
          const since = Number(flat[2 * (from + index) + 1]);
          if (now - since > ABANDONED) await this.#mend({ ...place, operation }, asked);
        }),
      );
    }
  }

  async #mend(
    entry: PendingEntry,
    asked: { session: MaskingSession; revision: number } | null,
  ): Promise<void> {
    if (asked === null) await this.#index.withdraw(entry);
    else await this.#index.settle(entry, asked);
  }

  /** Sessions that may be in a call, which the index does not know. */
  async #askRunning(query: SessionQuery, now: number, verdicts: Verdicts): Promise<void> {
    const nodes = await guarded(() => this.#client.hkeys(NODE_NAMES_KEY));
    const live = (
      await Promise.all(nodes.map((node) => guarded(() => this.#client.hvals(liveKey(node)))))
    ).flat();
    for (let from = 0; from < live.length; from += ASK_BATCH) {
      await Promise.all(
        live.slice(from, from + ASK_BATCH).map(async (json) => {
          const { number, sessionId } = JSON.parse(json) as { number: string; sessionId: string };
          const asked = await this.#ask(number, sessionId, now);
          if (asked === null) return;
          const { day, member } = placeOf(asked.session);
          verdictsOf(verdicts, day).set(member, matches(asked.session, query, now));
        }),
      );
    }
  }

  async #ask(
    number: string,
    id: string,
    now: number,
  ): Promise<{ session: MaskingSession; revision: number } | null> {
    if (!isE164(number)) return null;
    const reply = await this.#scripts.run('peek-session', [numberKey(number)], [id]);
    const [fields, revision] = reply as [Reply, number];
    const session = sessionFrom(this.#vault, number, fields, now);
    return session === null ? null : { session, revision };
  }
}

function keysFor({ accountIds }: SessionQuery, day: string): string[] {
  const [only] = accountIds ?? [];
  const account = accountIds?.length === 1 && only !== undefined ? only : null;
  return [dayOrderKey(day, account), dayKey(day)];
}

function entriesOf(day: string, page: readonly string[]): PageEntry[] {
  const entries: PageEntry[] = [];
  for (let index = 0; index + 1 < page.length; index += 2) {
    const { id, number, ...place } = placeFrom(day, page[index] ?? '', page[index + 1] ?? '');
    entries.push({ id, number: number as E164, place });
  }
  return entries;
}

function verdictsOf(verdicts: Verdicts, day: string): Map<string, boolean> {
  const known = verdicts.get(day) ?? new Map<string, boolean>();
  verdicts.set(day, known);
  return known;
}

function setOf(names: readonly string[]): Record<string, true> {
  return Object.fromEntries(names.map((name) => [name, true]));
}

/** The whole milliseconds or seconds that a range allows, both bounds inclusive. */
function inclusive({ gt, gte, lt, lte }: Range): { min: number; max: number } {
  const lowest = [gte === undefined ? -LAST : Math.ceil(gte), gt === undefined ? -LAST : Math.floor(gt) + 1];
  const highest = [lte === undefined ? LAST : Math.floor(lte), lt === undefined ? LAST : Math.ceil(lt) - 1];
  return { min: Math.max(-LAST, ...lowest), max: Math.min(LAST, ...highest) };
}

function createdBounds(range: Range): { min: number; max: number } {
  const { min, max } = inclusive(range);
  return { min: Math.max(0, min), max };
}
