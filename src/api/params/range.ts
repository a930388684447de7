import { z } from 'zod';

import type { Range } from '../../masking/session-query.js';
import { optionalInteger, time } from './fields.js';
import type { Moment } from './time.js';

/**
 * Filters such as `created_time`, `created_time__gt`, `__gte`, `__lt` and `__lte`, which all hold together.
 * A value stands for the whole second that it names, so that `lte` holds for what is printed as that second.
 */

const COMPARISONS = ['gt', 'gte', 'lt', 'lte'] as const;

type Comparable<F extends z.ZodType> = Record<string, F>;

/** The five parameters of a time. */
export const timeFilters = (name: string): Comparable<ReturnType<typeof time>> =>
  filters(name, time, 'UTC; that very second.');

/** The five parameters of a number of seconds. */
export const secondsFilters = (name: string): Comparable<z.ZodType<Moment | undefined>> =>
  filters(name, seconds, 'Seconds.');

const seconds = (name: string) =>
  optionalInteger(name, { min: 0, max: 2 ** 31 - 1 }).transform((at): Moment | undefined =>
    at === undefined ? undefined : { at, precision: 1 },
  );

function filters<F extends z.ZodType>(
  name: string,
  field: (name: string) => F,
  description: string,
): Comparable<F> {
  return Object.fromEntries([
    [name, field(name).describe(description)],
    ...COMPARISONS.map((comparison): [string, F] => [
      `${name}__${comparison}`,
      field(`${name}__${comparison}`),
    ]),
  ]);
}

/**
 * Other spellings of these parameters: the Node SDK sends plurals and single underscores, the Java SDK
 * single underscores. `names` are what `name` is also called.
 */
export function filterAliases(name: string, names: readonly string[] = []): Record<string, string> {
  const aliases: [string, string][] = [name, ...names].flatMap((each): [string, string][] => [
    [`${each}s`, name],
    ...COMPARISONS.map((comparison): [string, string] => [`${each}_${comparison}`, `${name}__${comparison}`]),
  ]);
  const others = names.flatMap((each): [string, string][] => [
    [each, name],
    ...COMPARISONS.map((comparison): [string, string] => [
      `${each}__${comparison}`,
      `${name}__${comparison}`,
    ]),
  ]);
  return Object.fromEntries([...aliases, ...others]);
}

/** The bounds that the parameters of `name` in `given` set together, as `gte` and `lt`. */
export function rangeOf(name: string, given: Readonly<Record<string, unknown>>): Range {
  const moment = (key: string): Moment | undefined => given[key] as Moment | undefined;
  const end = (value: Moment | undefined): number | undefined => value && value.at + value.precision;
  const [same, gt, gte, lt, lte] = ['', '__gt', '__gte', '__lt', '__lte'].map((each) => moment(name + each));
  const lower = [same?.at, end(gt), gte?.at].filter((each) => each !== undefined);
  const upper = [end(same), lt?.at, end(lte)].filter((each) => each !== undefined);
  return {
    ...(lower.length === 0 ? {} : { gte: Math.max(...lower) }),
    ...(upper.length === 0 ? {} : { lt: Math.min(...upper) }),
  };
}
