import { z } from 'zod';

import { chanceOfGuess } from '../../masking/pin-guard.js';
import { digitsOf } from '../../masking/phone-number.js';
import type { VirtualNumber } from '../../masking/virtual-number.js';
import type { NumberLoad } from '../../store/index.js';
import type { ApiDeps } from '../deps.js';
import { integer, text } from '../params/fields.js';
import { paramsOf, read } from '../params/read.js';

const SCHEMA = z.object({
  search: text('search', 32),
  limit: integer('limit', { min: 1, max: 100, fallback: 20 }),
  offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }),
});

/** Numbers of a pool that are looked at to sum it up; a larger one shows its size alone. */
const MOST_SUMMED_UP = 1_000;
/** Milliseconds for which sums are shown as they were. */
const SUMS_HOLD = 10_000;

interface Pool {
  readonly country: string;
  readonly enabled: number;
  readonly disabled: number;
  /** Live sessions; null for a pool that is too large to look at. */
  readonly sessions: number | null;
  readonly in_cool_off: number | null;
  /** A person has one session on each number: these take anybody. */
  readonly numbers_without_sessions: number | null;
}

/** What `GET /console/api/numbers` answers. */
export interface NumbersPage {
  readonly total: number;
  readonly pool: readonly Pool[];
  /** Creates of the last 24 hours, and those for which no number was left. */
  readonly creates: { readonly created: number; readonly exhausted: number };
  readonly objects: readonly unknown[];
}

type Sums = Pick<NumbersPage, 'pool' | 'creates'>;

/** The sums of all pools, worked out at most every few seconds however many pages are open. */
export function poolSums(deps: ApiDeps): () => Promise<Sums> {
  let sums: Promise<Sums> | null = null;
  let until = 0;
  return () => {
    if (sums === null || performance.now() >= until) {
      until = performance.now() + SUMS_HOLD;
      sums = sumUp(deps, deps.clock.now());
      sums.catch(() => (sums = null));
    }
    return sums;
  };
}

async function sumUp(deps: ApiDeps, now: number): Promise<Sums> {
  const [all, creates] = await Promise.all([
    deps.numbers.list({ limit: MOST_SUMMED_UP + 1, offset: 0 }),
    deps.console.creates(now - 86_400_000, now),
  ]);
  const loads = all.total > MOST_SUMMED_UP ? null : await deps.console.loads(all.numbers, now);
  return { pool: poolsOf(all.numbers, loads), creates };
}

/** `sum` as of {@link poolSums}, `now` in milliseconds since the epoch. Throws ApiError 400. */
export async function numbersPage(
  deps: ApiDeps,
  queryString: unknown,
  now: number,
  sum: () => Promise<Sums>,
): Promise<NumbersPage> {
  const { search, limit, offset } = read(SCHEMA, paramsOf(queryString));
  const digits = search.replace(/\D/g, '');
  const isSought = ({ number, alias, country, trunk }: VirtualNumber): boolean =>
    search === '' ||
    (digits !== '' && number.includes(digits)) ||
    [alias, country, trunk].some((each) => each.toLowerCase().includes(search.toLowerCase()));
  const page = await deps.numbers.list({ limit, offset, where: isSought });
  const [loads, sums] = await Promise.all([deps.console.loads(page.numbers, now), sum()]);
  return {
    total: page.total,
    ...sums,
    objects: page.numbers.map((number, index) =>
      numberWithLoad(number, loads[index], deps.console.maxCallsPerNumber),
    ),
  };
}

function numberWithLoad(number: VirtualNumber, load: NumberLoad | undefined, maxCalls: number): object {
  return {
    number: digitsOf(number.number),
    country: number.country,
    alias: number.alias,
    enabled: number.enabled,
    trunk: number.trunk === '' ? null : number.trunk,
    subaccount: number.subaccount === '' ? null : number.subaccount,
    live_sessions: load?.sessions ?? 0,
    live_pins: (load?.pins ?? []).map(({ length, live }) => ({
      ...{ length, count: live, guess_chance: chanceOfGuess(live, length) },
    })),
    calls_now: load?.calls ?? 0,
    max_calls: maxCalls === 0 ? null : maxCalls,
    in_cool_off: load?.coolingOff ?? 0,
  };
}

function poolsOf(numbers: readonly VirtualNumber[], loads: readonly NumberLoad[] | null): Pool[] {
  const pools = new Map<string, Pool>();
  for (const [index, { country, enabled }] of numbers.entries()) {
    const load = loads?.[index];
    const known = pools.get(country);
    const sum = (count: number | null | undefined, more: number): number | null =>
      load === undefined ? null : (count ?? 0) + more;
    pools.set(country, {
      country,
      enabled: (known?.enabled ?? 0) + (enabled ? 1 : 0),
      disabled: (known?.disabled ?? 0) + (enabled ? 0 : 1),
      sessions: sum(known?.sessions, load?.sessions ?? 0),
      in_cool_off: sum(known?.in_cool_off, load?.coolingOff ?? 0),
      numbers_without_sessions: sum(known?.numbers_without_sessions, load?.sessions === 0 && enabled ? 1 : 0),
    });
  }
  return [...pools.values()].sort((one, other) => other.enabled - one.enabled);
}
