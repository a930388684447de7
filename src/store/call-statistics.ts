import type { LegRecord } from '../masking/interaction.js';
import { delayClass, NO_CALLS, type CallCounts } from '../masking/call-statistics.js';
import { hourOf } from './utc-spans.js';
import { statisticsKey } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';
import { WriteBehind } from './write-behind.js';

export interface CallStatisticsOptions {
  /** Milliseconds that they are kept. */
  readonly retention: number;
}

/** What became of calls in a span of time. */
export interface StatisticsOf {
  /** Its beginning, milliseconds since the epoch. */
  readonly at: number;
  readonly counts: CallCounts;
}

interface Pending {
  readonly hour: string;
  readonly counts: Map<string, number>;
}

const MINUTE = 60_000;
const HOUR = 3_600_000;
const FLUSH_MS = 1_000;
const MOST_WAITING = 100_000;
/** Hours that are read at a time. */
const BATCH = 48;

/**
 * What became of calls, by the minute, for charts. Written some at a time: a controller that dies takes its last
 * second with it. Prometheus' counters (telemetry/metrics.ts) are for alerts; these need no Prometheus.
 */
export class CallStatistics {
  readonly #client: RedisClient;
  readonly #retention: number;
  readonly #behind: WriteBehind<Pending>;

  constructor(client: RedisClient, scripts: Scripts, { retention }: CallStatisticsOptions) {
    this.#client = client;
    this.#retention = retention;
    this.#behind = new WriteBehind({
      write: async ({ hour, counts }) => {
        await scripts.run('count-calls', [statisticsKey(hour)], [this.#retention, ...[...counts].flat()]);
      },
      pauseMs: FLUSH_MS,
      most: MOST_WAITING,
      onLost: () => undefined,
    });
  }

  /** A call reached nobody. `at` in milliseconds since the epoch. */
  unconnected(why: string, at: number): void {
    this.#count(at, { [`not:${why}`]: 1 });
  }

  /** A session was to be created: `isExhausted`, no number was left for it. */
  created(isExhausted: boolean, at: number): void {
    this.#count(at, { [isExhausted ? 'exhausted' : 'created']: 1 });
  }

  /** A leg has ended; each is told once. */
  legEnded({ role, cause, startedAt, ringingAt, answeredAt, bridgedAt, endedAt }: LegRecord): void {
    const rang = ringingAt ?? answeredAt;
    if (role === 'b' && rang !== null) {
      this.#count(endedAt, { [`delay:${delayClass(Math.max(0, rang - startedAt))}`]: 1 });
    }
    if (role !== 'a') return;
    if (bridgedAt === null) this.#count(endedAt, { unanswered: 1, [`cause:${cause}`]: 1 });
    else this.#count(endedAt, { connected: 1, talk: Math.max(0, Math.ceil((endedAt - bridgedAt) / 1_000)) });
  }

  /**
   * From `start` to `end`, in spans of `step`, all in milliseconds (the first two since the epoch) and whole minutes.
   * Throws StoreUnavailableError.
   */
  async read(start: number, end: number, step: number): Promise<StatisticsOf[]> {
    const spans: { readonly at: number; readonly counts: Counted }[] = [];
    for (let at = start; at < end; at += step) spans.push({ at, counts: nothing() });
    const hours: number[] = [];
    for (let hour = start - (start % HOUR); hour < end; hour += HOUR) hours.push(hour);
    for (let index = 0; index < hours.length; index += BATCH) {
      const batch = hours.slice(index, index + BATCH);
      const read = await Promise.all(
        batch.map((hour) => guarded(() => this.#client.hgetall(statisticsKey(hourOf(hour))))),
      );
      for (const [place, fields] of read.entries()) {
        for (const [field, count] of Object.entries(fields)) {
          const [minute = '', what = ''] = field.split('|', 2);
          const at = (batch[place] ?? 0) + Number(minute) * MINUTE;
          const span = at < start ? undefined : spans[Math.floor((at - start) / step)];
          if (span !== undefined) addTo(span.counts, what, Number(count));
        }
      }
    }
    return spans;
  }

  /** Resolves once what was counted is written, or could not be. */
  async flush(): Promise<void> {
    await this.#behind.flush();
  }

  async close(): Promise<void> {
    await this.#behind.close();
  }

  #count(at: number, amounts: Readonly<Record<string, number>>): void {
    const hour = hourOf(at);
    const minute = Math.floor((at % HOUR) / MINUTE);
    this.#behind.add(hour, (waiting) => {
      const pending = waiting ?? { hour, counts: new Map<string, number>() };
      for (const [what, amount] of Object.entries(amounts)) {
        const field = `${minute}|${what}`;
        pending.counts.set(field, (pending.counts.get(field) ?? 0) + amount);
      }
      return pending;
    });
  }
}

type Counted = { -readonly [Field in keyof CallCounts]: CallCounts[Field] } & {
  readonly unconnected: Record<string, number>;
  readonly causes: Record<string, number>;
  readonly delays: number[];
};

/** Thousands of fields are added up for one chart: into the object, not into a copy each. */
function addTo(counts: Counted, what: string, amount: number): void {
  const [kind = '', name = ''] = what.split(':', 2);
  switch (kind) {
    case 'connected':
    case 'unanswered':
    case 'created':
    case 'exhausted':
      counts[kind] += amount;
      break;
    case 'talk':
      counts.talkSeconds += amount;
      break;
    case 'not':
      counts.unconnected[name] = (counts.unconnected[name] ?? 0) + amount;
      break;
    case 'cause':
      counts.causes[name] = (counts.causes[name] ?? 0) + amount;
      break;
    case 'delay':
      counts.delays[Number(name)] = (counts.delays[Number(name)] ?? 0) + amount;
      break;
    default:
  }
}

function nothing(): Counted {
  return { ...NO_CALLS, unconnected: {}, causes: {}, delays: [...NO_CALLS.delays] };
}
