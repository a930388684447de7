import { Gathered } from '../gathered.js';
import { ListingTooLongError } from './errors.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** A span of instants in milliseconds since the epoch; a bound that is not given is open. */
export interface Span {
  readonly gt?: number;
  readonly gte?: number;
  readonly lt?: number;
  readonly lte?: number;
}

export interface ListingQuery {
  /** The listing to read; several when its entries were filed under several data keys. All of one slot. */
  readonly keys: readonly string[];
  readonly span: Span;
  readonly limit: number;
  readonly offset: number;
  /** Further groups of listings of the same slot; of each group, an entry must be in one. */
  readonly alsoIn?: readonly (readonly string[])[];
  /** What else an entry must fulfil. */
  readonly matches?: (entry: string) => boolean;
}

export interface ListingPage {
  /** Newest first. */
  readonly entries: readonly string[];
  /** Entries on all pages. */
  readonly total: number;
}

interface Entry {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The entries of a listing that lie in a span. */
interface Part {
  readonly key: string;
  /** Entries of the listing that are newer than the span. */
  readonly newer: number;
  readonly count: number;
}

/** An entry on its way into some listings. */
interface Addition {
  readonly keys: readonly string[];
  readonly entry: string;
  readonly at: number;
  readonly retention: number | null;
}

/** Entries that go into listings, or out of one, by one command at most. */
const TOGETHER = { most: 100 };

/** Entries that are looked at for one page, when not all of them count. */
const MOST_LOOKED_AT = 200_000;
const CHUNK = 2_000;

/** Entries by time: calls that ended, recordings that were made. */
export class Listing {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #additions = new Gathered<Addition>((additions) => this.#put(additions), TOGETHER);
  readonly #removals = new Gathered<string>(
    (entries, key) => guarded(() => this.#client.zrem(key, ...entries)),
    TOGETHER,
  );

  constructor(client: RedisClient, scripts: Scripts) {
    this.#client = client;
    this.#scripts = scripts;
  }

  /**
   * Puts `entry` into listings of one slot, again without effect. `at` in milliseconds since the epoch; what
   * is older than `retention` milliseconds before it leaves them, for ever without one.
   */
  async add(keys: readonly string[], entry: string, at: number, retention: number | null): Promise<void> {
    const [first] = keys;
    if (first === undefined) return;
    await this.#additions.add(`${slotOf(first)} ${retention ?? ''}`, { keys, entry, at, retention });
  }

  async remove(keys: readonly string[], entry: string): Promise<void> {
    await Promise.all(keys.map((key) => this.#removals.add(key, entry)));
  }

  /** Throws ListingTooLongError when the span holds more than can be looked through. */
  async page(query: ListingQuery): Promise<ListingPage> {
    const { keys, limit, offset } = query;
    const parts = await Promise.all(keys.map((key) => this.#part(key, query.span)));
    const total = parts.reduce((sum, { count }) => sum + count, 0);
    const [only] = parts;
    if (isPlain(query) && parts.length === 1 && only !== undefined) {
      const entries = await this.#slice(only, offset, offset + limit);
      return { entries: entries.map(({ text }) => text), total };
    }
    if (total > MOST_LOOKED_AT) {
      throw new ListingTooLongError('the span holds too many entries to look through');
    }
    const found = new Map<string, number>();
    for (const part of parts) {
      for (const { text, at } of await this.#fitting(part, query)) found.set(text, at);
    }
    const newestFirst = [...found].sort(([, one], [, other]) => other - one).map(([text]) => text);
    return { entries: newestFirst.slice(offset, offset + limit), total: newestFirst.length };
  }

  /** The oldest entries up to `until` (milliseconds since the epoch), `limit` at most. */
  async oldest(key: string, until: number, limit: number): Promise<string[]> {
    return guarded(() => this.#client.zrangebyscore(key, '-inf', until, 'LIMIT', 0, limit));
  }

  /** All into listings of one slot, and for the same time. */
  async #put(additions: readonly Addition[]): Promise<void> {
    const places = new Map<string, number>();
    const entries = additions.flatMap(({ keys, entry, at, retention }) => {
      const oldest = retention === null ? '' : at - retention;
      const into = keys.map((key) => {
        const place = places.get(key) ?? places.size + 1;
        places.set(key, place);
        return place;
      });
      return [entry, at, oldest, into.length, ...into];
    });
    await this.#scripts.run('list-entries', [...places.keys()], [additions[0]?.retention ?? '', ...entries]);
  }

  async #part(key: string, span: Span): Promise<Part> {
    const reply = await this.#scripts.run('count-entries', [key], bounds(span));
    const [newer, count] = reply as [number, number];
    return { key, newer, count };
  }

  async #fitting(part: Part, { matches, alsoIn }: ListingQuery): Promise<Entry[]> {
    const fitting: Entry[] = [];
    for (let start = 0; start < part.count; start += CHUNK) {
      const chunk = await this.#slice(part, start, start + CHUNK);
      const matching = chunk.filter(({ text }) => matches?.(text) ?? true);
      let left = matching;
      for (const group of alsoIn ?? []) left = await this.#among(group, left);
      fitting.push(...left);
    }
    return fitting;
  }

  /** Entries `from` to `until` of a part, without the last, newest first. */
  async #slice({ key, newer, count }: Part, from: number, until: number): Promise<Entry[]> {
    const last = Math.min(until, count) - 1;
    if (last < from) return [];
    const flat = await guarded(() => this.#client.zrevrange(key, newer + from, newer + last, 'WITHSCORES'));
    const entries: Entry[] = [];
    for (let index = 0; index + 1 < flat.length; index += 2) {
      entries.push({ text: flat[index] ?? '', at: Number(flat[index + 1]) });
    }
    return entries;
  }

  async #among(keys: readonly string[], entries: readonly Entry[]): Promise<Entry[]> {
    if (entries.length === 0) return [];
    const texts = entries.map(({ text }) => text);
    const scores = await Promise.all(keys.map((key) => guarded(() => this.#client.zmscore(key, ...texts))));
    return entries.filter((_, index) => scores.some((column) => (column[index] ?? null) !== null));
  }
}

/** What is between the braces of a key: keys that have it in common share a slot. */
function slotOf(key: string): string {
  return key.slice(key.indexOf('{') + 1, key.indexOf('}'));
}

function isPlain(query: ListingQuery): boolean {
  return query.alsoIn === undefined && query.matches === undefined;
}

/** As ZCOUNT takes them. Of two lower or upper bounds the narrower one counts. */
function bounds(span: Span): [from: string, until: string] {
  const lower = [
    ...(span.gte === undefined ? [] : [{ at: span.gte, open: false }]),
    ...(span.gt === undefined ? [] : [{ at: span.gt, open: true }]),
  ].sort((one, other) => other.at - one.at || Number(other.open) - Number(one.open));
  const upper = [
    ...(span.lte === undefined ? [] : [{ at: span.lte, open: false }]),
    ...(span.lt === undefined ? [] : [{ at: span.lt, open: true }]),
  ].sort((one, other) => one.at - other.at || Number(other.open) - Number(one.open));
  const text = (bound: { at: number; open: boolean } | undefined, otherwise: string): string =>
    bound === undefined ? otherwise : `${bound.open ? '(' : ''}${bound.at}`;
  return [text(lower[0], '-inf'), text(upper[0], '+inf')];
}
