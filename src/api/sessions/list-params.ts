import { z } from 'zod';

import type { SessionQuery } from '../../masking/session-query.js';
import { choice, given as isGiven, integer, optionalPhone, subaccountId } from '../params/fields.js';
import { filterAliases, rangeOf, secondsFilters, timeFilters } from '../params/range.js';
import { paramsOf, read } from '../params/read.js';
import { exactTime } from '../params/time.js';
import { checkSpan, DEFAULT_WINDOW, queryOf } from '../params/window.js';

const listSchema = (defaultCountry: string) =>
  z.object({
    first_party: optionalPhone('first_party', defaultCountry),
    second_party: optionalPhone('second_party', defaultCountry),
    virtual_number: optionalPhone('virtual_number', defaultCountry),
    status: choice('status', ['active', 'in-progress', 'expired', 'all'], 'all'),
    subaccount: subaccountId('subaccount').describe('Only the sessions of this subaccount.'),
    limit: integer('limit', { min: 1, max: 20, fallback: 20 }),
    offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }).describe('Sessions skipped.'),
    ...timeFilters('created_time'),
    ...timeFilters('expiry_time'),
    ...secondsFilters('duration'),
  });

const ALIASES = {
  ...filterAliases('created_time'),
  ...filterAliases('expiry_time'),
  ...filterAliases('duration', ['session_duration']),
  sub_account: 'subaccount',
};

/** Filters that the URL of another page repeats as they were given. */
const REPEATED = [
  'first_party',
  'second_party',
  'virtual_number',
  'status',
  'subaccount',
  ...Object.keys({ ...timeFilters('expiry_time'), ...secondsFilters('duration') }),
];

/** A list request: what to ask the store for, and how the URLs of other pages look. */
export interface ListRequest {
  readonly query: Omit<SessionQuery, 'accountIds'>;
  /** The subaccount whose sessions are asked for; "" for those of all that the client sees. */
  readonly subaccount: string;
  /**
   * The query string of the page that begins at `offset`. It fixes both ends of the window, so that sessions
   * created meanwhile shift nothing: `newest` is when the newest session of these pages was created
   * (milliseconds since the epoch).
   */
  readonly page: (offset: number, newest: number) => string;
}

/** Reads the query strings of list requests. */
export class ListParams {
  readonly schema: ReturnType<typeof listSchema>;

  constructor(rules: { readonly defaultCountry: string }) {
    this.schema = listSchema(rules.defaultCountry);
  }

  /** `now` in milliseconds since the epoch. Throws ApiError 400. */
  read(queryString: unknown, now: number): ListRequest {
    const params = paramsOf(queryString, ALIASES);
    const given = read(this.schema, params);
    const asked = rangeOf('created_time', given);
    // No session was created after now: a window until tomorrow goes as far back as one until now.
    const end = Math.min(asked.lt ?? now, now);
    const created = { ...asked, gte: asked.gte ?? end - DEFAULT_WINDOW };
    checkSpan('created_time', end - created.gte);
    return {
      query: {
        ...(given.first_party === null ? {} : { firstParty: given.first_party }),
        ...(given.second_party === null ? {} : { secondParty: given.second_party }),
        ...(given.virtual_number === null ? {} : { virtualNumber: given.virtual_number }),
        status: given.status,
        created,
        expiry: rangeOf('expiry_time', given),
        duration: rangeOf('duration', given),
        limit: given.limit,
        offset: given.offset,
      },
      subaccount: given.subaccount,
      page: (offset, newest) =>
        queryOf([
          ...REPEATED.filter((name) => isGiven(params[name]) !== undefined).map((name): [string, unknown] => [
            name,
            params[name],
          ]),
          ['created_time__gte', exactTime(created.gte)],
          ['created_time__lt', exactTime(created.lt ?? newest + 1)],
          ['limit', given.limit],
          ['offset', offset],
        ]),
    };
  }
}
