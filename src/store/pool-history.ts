import { levelClass, poolOf, type PoolLook } from '../masking/pool.js';
import type { PoolDay, PoolPast } from '../masking/pool-forecast.js';
import { subaccountOf } from '../masking/session.js';
import type { SessionDraft } from '../masking/session-draft.js';
import { hourOf } from './utc-spans.js';
import { poolHistoryKey } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';
import { WriteBehind } from './write-behind.js';

interface Pending {
  readonly hour: string;
  readonly counts: Map<string, number>;
}

const HOUR = 3_600_000;
const HOURS_OF_DAY = 24;
const FLUSH_MS = 1_000;
const MOST_WAITING = 100_000;
/** Hours that are read at a time. */
const BATCH = 48;

/**
 * What creates came upon in their pools, by the hour, for forecasts: how many numbers their persons had, how many PINs
 * lived on the number. Counts alone, of nobody in particular. Written some at a time, as the statistics of calls are.
 */
export class PoolHistory {
  readonly #client: RedisClient;
  readonly #behind: WriteBehind<Pending>;

  /** `retention` in milliseconds. */
  constructor(client: RedisClient, scripts: Scripts, retention: number) {
    this.#client = client;
    this.#behind = new WriteBehind({
      write: async ({ hour, counts }) => {
        await scripts.run('count-calls', [poolHistoryKey(hour)], [retention, ...[...counts].flat()]);
      },
      pauseMs: FLUSH_MS,
      most: MOST_WAITING,
      onLost: () => undefined,
    });
  }

  /** A create has ended at `at` (milliseconds since the epoch): `isExhausted`, no number was left for it. */
  created(draft: SessionDraft, look: PoolLook, isExhausted: boolean, at: number): void {
    // The client chose the number: that says nothing of the pool.
    if (draft.virtualNumber !== null) return;
    const { firstParty, secondParty, settings, pin } = draft;
    const { geomatch } = settings;
    const owner = subaccountOf(draft.accountId);
    const { subaccount, scope } = poolOf({ firstParty, secondParty, geomatch, subaccount: owner });
    const isOpen = pin === null && (firstParty === null || secondParty === null);
    const what = [isExhausted ? 'exhausted' : 'created', `held:${levelClass(look.held)}`];
    if (isOpen) what.push('open');
    if (pin !== null && look.livePins !== null) {
      const length = pin.pins === null ? pin.generatedLength : pin.pins.first.length;
      what.push(`pins:${length}:${levelClass(look.livePins)}`);
    }
    const hour = hourOf(at);
    this.#behind.add(hour, (waiting) => {
      const pending = waiting ?? { hour, counts: new Map<string, number>() };
      for (const each of what) {
        const field = `${subaccount}|${scope}|${each}`;
        pending.counts.set(field, (pending.counts.get(field) ?? 0) + 1);
      }
      return pending;
    });
  }

  /**
   * The past of every pool that creates chose from, in days of 24 hours, oldest first. The last day ends with the hour
   * of `end` (milliseconds since the epoch), which is under way. Throws StoreUnavailableError.
   */
  async read(end: number, days: number): Promise<PoolPast[]> {
    const last = end - (end % HOUR);
    const first = last - (days * HOURS_OF_DAY - 1) * HOUR;
    const pools = new Map<string, Reading>();
    for (let from = first; from <= last; from += BATCH * HOUR) {
      const hours: number[] = [];
      for (let hour = from; hour <= last && hour < from + BATCH * HOUR; hour += HOUR) hours.push(hour);
      const read = await Promise.all(
        hours.map((hour) => guarded(() => this.#client.hgetall(poolHistoryKey(hourOf(hour))))),
      );
      for (const [place, fields] of read.entries()) {
        const hour = hours[place] ?? last;
        addHour(pools, fields, hour, Math.floor((hour - first) / HOUR / HOURS_OF_DAY), days);
      }
    }
    return [...pools.values()].map(({ hours, ...past }) => ({ ...past, hours: hours.size }));
  }

  /** Resolves once what was counted is written, or could not be. */
  async flush(): Promise<void> {
    await this.#behind.flush();
  }

  async close(): Promise<void> {
    await this.#behind.close();
  }
}

type Counted = { -readonly [Field in 'created' | 'exhausted' | 'open']: PoolDay[Field] } & {
  readonly held: Map<number, number>;
  readonly pins: Map<number, Map<number, number>>;
};

interface Reading {
  readonly pool: PoolPast['pool'];
  readonly days: Counted[];
  readonly hours: Set<number>;
}

function addHour(
  pools: Map<string, Reading>,
  fields: Readonly<Record<string, string>>,
  hour: number,
  day: number,
  days: number,
): void {
  for (const [field, count] of Object.entries(fields)) {
    const [subaccount = '', scope = '', what = ''] = field.split('|', 3);
    const name = `${subaccount}|${scope}`;
    const pool = pools.get(name) ?? {
      pool: { subaccount, scope },
      days: Array.from({ length: days }, nothing),
      hours: new Set<number>(),
    };
    pools.set(name, pool);
    pool.hours.add(hour);
    const counted = pool.days[day];
    if (counted !== undefined) addTo(counted, what, Number(count));
  }
}

function addTo(day: Counted, what: string, amount: number): void {
  const [kind = '', one = '', other = ''] = what.split(':', 3);
  switch (kind) {
    case 'created':
    case 'exhausted':
    case 'open':
      day[kind] += amount;
      break;
    case 'held':
      day.held.set(Number(one), (day.held.get(Number(one)) ?? 0) + amount);
      break;
    case 'pins': {
      const levels = day.pins.get(Number(one)) ?? new Map<number, number>();
      levels.set(Number(other), (levels.get(Number(other)) ?? 0) + amount);
      day.pins.set(Number(one), levels);
      break;
    }
    default:
  }
}

function nothing(): Counted {
  return { created: 0, exhausted: 0, open: 0, held: new Map(), pins: new Map() };
}
