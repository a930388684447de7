import { Gathered } from '../gathered.js';
import { isAskedFor, isRefusal, type AuditEntry, type AuditQuery } from '../masking/audit.js';
import { auditKey } from './keys.js';
import type { Listing } from './listing.js';
import type { Scripts } from './scripts.js';
import { dayOf } from './utc-spans.js';

export interface AuditLogOptions {
  /** Milliseconds that an entry is kept. Default a year. */
  readonly retention?: number;
  /** Entries of a day at most. Default a million. */
  readonly mostPerDay?: number;
  /** Told how many entries of a day gave way to newer ones. */
  readonly onLost?: (entries: number) => void;
}

const DAY = 24 * 3_600_000;
/** Those that come in one turn of the event loop. A script goes through so many at most. */
const ENTERED_TOGETHER = { most: 100 };
/** Nobody's answer waits for it. A script goes through so many, and Redis does nothing else meanwhile. */
const SETTLED_TOGETHER = { most: 100, pauseMs: 5 };

/**
 * Who changed what, by UTC day.
 *
 * An entry is written ahead of its change and awaited, so no change that was acknowledged lacks one; what
 * became of it is written over it afterwards. A controller that dies in between leaves an entry without an
 * outcome. A change that was refused leaves none: else whoever may not change anything could fill the log.
 */
export class AuditLog {
  readonly #scripts: Scripts;
  readonly #listing: Listing;
  readonly #retention: number;
  readonly #mostPerDay: number;
  readonly #onLost: (entries: number) => void;
  /** By day. */
  readonly #entering: Gathered<AuditEntry>;
  /** What was written of entries whose outcome is to follow. */
  readonly #texts = new WeakMap<AuditEntry, string>();
  /** By day: entry, entry with its outcome, instant. */
  readonly #settling: Gathered<readonly [string, string, number]>;

  constructor(scripts: Scripts, listing: Listing, options: AuditLogOptions = {}) {
    this.#scripts = scripts;
    this.#listing = listing;
    this.#retention = options.retention ?? 365 * DAY;
    this.#mostPerDay = options.mostPerDay ?? 1_000_000;
    this.#onLost = options.onLost ?? (() => undefined);
    this.#entering = new Gathered((entries, day) => this.#enterAll(entries, day), ENTERED_TOGETHER);
    this.#settling = new Gathered(
      (outcomes, day) => scripts.run('settle-audit', [auditKey(day)], outcomes.flat()),
      SETTLED_TOGETHER,
    );
  }

  /**
   * Enters a change that is about to be made; sent as `gathered` tells. Throws StoreUnavailableError: it may not be made
   * then.
   */
  async enter(entry: AuditEntry): Promise<void> {
    await this.#entering.add(dayOf(entry.at), entry);
  }

  /**
   * Writes what became of a change, with that of others that come within milliseconds: `outcome` is what is known only
   * now. Throws StoreUnavailableError.
   */
  async settle(entry: AuditEntry, outcome: Pick<AuditEntry, 'status' | 'target'>): Promise<void> {
    const isKept = outcome.status === null || !isRefusal(outcome.status);
    const settled = isKept ? textOf({ ...entry, ...outcome }) : '';
    await this.#settling.add(dayOf(entry.at), [this.#textOf(entry), settled, entry.at]);
  }

  #textOf(entry: AuditEntry): string {
    const known = this.#texts.get(entry);
    if (known !== undefined) return known;
    const text = textOf(entry);
    this.#texts.set(entry, text);
    return text;
  }

  async #enterAll(entries: readonly AuditEntry[], day: string): Promise<void> {
    const [first] = entries;
    if (first === undefined) return;
    const ttl = Date.parse(day) + DAY + this.#retention - first.at;
    const args = entries.flatMap((entry) => [entry.at, this.#textOf(entry)]);
    const lost = await this.#scripts.run('enter-audit', [auditKey(day)], [ttl, this.#mostPerDay, ...args]);
    if (Number(lost) > 0) this.#onLost(Number(lost));
  }

  /** Newest first. Throws ListingTooLongError when a filter has to look through too many entries of a day. */
  async list(query: AuditQuery): Promise<{ entries: readonly AuditEntry[]; total: number }> {
    const { gte, lt } = query;
    const isFiltered = [query.who, query.account, query.action, query.target, query.outcome].some(
      (filter) => filter !== undefined,
    );
    const entries: AuditEntry[] = [];
    let total = 0;
    for (let start = Date.parse(dayOf(lt - 1)); start + DAY > gte; start -= DAY) {
      const page = await this.#listing.page({
        keys: [auditKey(dayOf(start))],
        span: { gte, lt },
        limit: query.limit - entries.length,
        offset: Math.max(0, query.offset - total),
        ...(isFiltered ? { matches: (text) => isAskedFor(entryFrom(text), query) } : {}),
      });
      total += page.total;
      entries.push(...page.entries.map(entryFrom));
    }
    return { entries, total };
  }
}

/** A list without names: there are very many of these. */
function textOf({
  id,
  at,
  who,
  account,
  peer,
  requestId,
  action,
  target,
  fields,
  status,
}: AuditEntry): string {
  const onBehalf = account === who ? '' : account;
  return JSON.stringify([at, id, who, onBehalf, peer, requestId, action, target, fields.join(' '), status]);
}

function entryFrom(text: string): AuditEntry {
  const parts = JSON.parse(text) as [number, ...string[]];
  const [at, id = '', who = '', onBehalf = '', peer = '', requestId = '', action = '', target = ''] = parts;
  const [fields = '', status = null] = parts.slice(8) as [string?, (number | null)?];
  return {
    ...{ id, at, who, account: onBehalf === '' ? who : onBehalf, peer, requestId, action, target },
    fields: fields === '' ? [] : fields.split(' '),
    status,
  };
}
