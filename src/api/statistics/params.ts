import { z } from 'zod';

import { ApiError, invalid } from '../errors.js';
import { integer, time } from '../params/fields.js';
import { paramsOf, read } from '../params/read.js';
import { checkSpan } from '../params/window.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Spans that one answer holds. */
const MOST_SPANS = 1_500;

const SCHEMA = z.object({
  start: time('start').describe('UTC, rounded down to a step. Default: a day before `end`.'),
  end: time('end').describe('UTC. Default: now.'),
  step: integer('step', { min: 60, max: 86_400, fallback: 300 }).describe(
    'Seconds that one object covers, whole minutes.',
  ),
});

/** All in milliseconds; `start` and `end` since the epoch. */
export interface StatisticsRequest {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Reads the query strings of requests for statistics. */
export class StatisticsParams {
  readonly schema = SCHEMA;

  /** `now` in milliseconds since the epoch. Throws ApiError 400. */
  read(queryString: unknown, now: number): StatisticsRequest {
    const given = read(SCHEMA, paramsOf(queryString));
    if (given.step % 60 !== 0) throw new ApiError(400, invalid('step', 'should be whole minutes'));
    const step = given.step * 1_000;
    const end = given.end?.at ?? now + MINUTE - (now % MINUTE);
    const from = given.start?.at ?? end - DAY;
    const start = from - (from % step);
    if (start >= end) throw new ApiError(400, invalid('start', 'should be before end'));
    checkSpan('start', end - start);
    if ((end - start) / step > MOST_SPANS) {
      throw new ApiError(400, invalid('step', `should leave at most ${MOST_SPANS} objects`));
    }
    return { start, end, step };
  }
}
