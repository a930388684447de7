import { z } from 'zod';

import { TRACE_OUTCOMES } from '../../calls/call-trace.js';
import type { TraceQuery } from '../../store/index.js';
import { integer, optionalChoice, optionalPhone, subaccountId, text } from '../params/fields.js';
import { filterAliases, rangeOf, timeFilters } from '../params/range.js';
import { paramsOf, read } from '../params/read.js';
import { pagesWithin, windowOf, type Pages } from '../params/window.js';

const traceSchema = (defaultCountry: string) =>
  z.object({
    to: optionalPhone('to', defaultCountry).describe('The virtual number that was called.'),
    from: optionalPhone('from', defaultCountry).describe('Who called.'),
    session_uuid: text('session_uuid', 64),
    outcome: optionalChoice('outcome', TRACE_OUTCOMES),
    status: optionalChoice('status', ['live', 'all']).describe('`live` for the calls that are not over.'),
    subaccount: subaccountId('subaccount'),
    limit: integer('limit', { min: 1, max: 20, fallback: 20 }),
    offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }).describe('Calls skipped.'),
    ...timeFilters('start_time'),
  });

const ALIASES = { ...filterAliases('start_time'), sub_account: 'subaccount', session: 'session_uuid' };

export interface TraceListRequest {
  readonly query: Omit<TraceQuery, 'accountIds'>;
  /** "" for the calls of all accounts that the client sees. */
  readonly subaccount: string;
  readonly page: Pages;
}

/** Reads the query strings of list requests. */
export class TraceListParams {
  readonly schema: ReturnType<typeof traceSchema>;

  constructor(rules: { readonly defaultCountry: string }) {
    this.schema = traceSchema(rules.defaultCountry);
  }

  /** `now` in milliseconds since the epoch. Throws ApiError 400. */
  read(queryString: unknown, now: number): TraceListRequest {
    const params = paramsOf(queryString, ALIASES);
    const given = read(this.schema, params);
    const started = windowOf('start_time', rangeOf('start_time', given), now);
    const { limit, offset, outcome, status } = given;
    return {
      query: {
        ...(given.to === null ? {} : { number: given.to }),
        ...(given.from === null ? {} : { caller: given.from }),
        ...(given.session_uuid === '' ? {} : { sessionId: given.session_uuid.toLowerCase() }),
        ...(outcome === undefined ? {} : { outcome }),
        ...(status === 'live' ? { isLive: true } : {}),
        started,
        limit,
        offset,
      },
      subaccount: given.subaccount,
      page: pagesWithin('start_time', started, params, limit),
    };
  }
}
