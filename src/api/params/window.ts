import type { Range } from '../../masking/session-query.js';
import { ApiError, invalid } from '../errors.js';
import { given } from './fields.js';
import type { Params } from './read.js';
import { exactTime } from './time.js';

/** Milliseconds. */
const DAY = 86_400_000;
/** What a list looks at when it is told nothing. Milliseconds. */
export const DEFAULT_WINDOW = 7 * DAY;
const LONGEST_WINDOW = 30 * DAY;
/** A client that asks for the last 30 days computed their beginning before its request arrived. */
const LENIENCE = 60_000;

/** The query string of the page that begins at `offset`. */
export type Pages = (offset: number) => string;

/**
 * The span that a list looks at, as Plivo has it for calls and recordings: the last 7 days when none is given,
 * 30 days from or until a single bound, and at most 30 days. Throws ApiError 400.
 */
export function windowOf(name: string, range: Range, now: number): { gte: number; lt: number } {
  const { gte } = range;
  // Nothing is later than now: a window until tomorrow goes as far back as one until now.
  const lt = range.lt === undefined ? undefined : Math.min(range.lt, now + 1);
  if (gte === undefined && lt === undefined) return { gte: now - DEFAULT_WINDOW, lt: now + 1 };
  const window = {
    gte: gte ?? (lt ?? now) - LONGEST_WINDOW,
    lt: lt ?? Math.min((gte ?? now) + LONGEST_WINDOW, now + 1),
  };
  checkSpan(name, window.lt - window.gte);
  return window;
}

/** Throws ApiError 400 when the span of `name`, in milliseconds, is longer than Plivo allows. */
export function checkSpan(name: string, span: number): void {
  if (span > LONGEST_WINDOW + LENIENCE) {
    throw new ApiError(400, invalid(name, 'should span at most 30 days'));
  }
}

/** A query string of these names and values. */
export function queryOf(pairs: readonly (readonly [name: string, value: unknown])[]): string {
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&');
}

/** Pages of a window that stays where it is, so that what comes meanwhile shifts nothing. */
export function pagesWithin(
  name: string,
  window: { readonly gte: number; readonly lt: number },
  params: Params,
  limit: number,
): Pages {
  const own = new Set([
    'limit',
    'offset',
    name,
    ...['gt', 'gte', 'lt', 'lte'].map((each) => `${name}__${each}`),
  ]);
  const repeated = Object.entries(params).filter(
    ([key, value]) => !own.has(key) && given(value) !== undefined && typeof value !== 'object',
  );
  return (offset) =>
    queryOf([
      ...repeated,
      [`${name}__gte`, exactTime(window.gte)],
      [`${name}__lt`, exactTime(window.lt)],
      ['limit', limit],
      ['offset', offset],
    ]);
}
