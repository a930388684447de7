import { z } from 'zod';

import type { RecordingQuery } from '../../store/index.js';
import { integer, optionalPhone, subaccountId, text } from '../params/fields.js';
import { filterAliases, rangeOf, timeFilters } from '../params/range.js';
import { paramsOf, read } from '../params/read.js';
import { pagesWithin, windowOf, type Pages } from '../params/window.js';

const listSchema = (defaultCountry: string) =>
  z.object({
    call_uuid: text('call_uuid', 64).describe('Either leg.'),
    session_uuid: text('session_uuid', 64).describe('Ours: recordings of this masking session.'),
    from_number: optionalPhone('from_number', defaultCountry),
    to_number: optionalPhone('to_number', defaultCountry),
    subaccount: subaccountId('subaccount'),
    limit: integer('limit', { min: 1, max: 20, fallback: 20 }),
    offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }).describe('Recordings skipped.'),
    ...timeFilters('add_time'),
  });

const ALIASES = { ...filterAliases('add_time'), sub_account: 'subaccount', session: 'session_uuid' };

export interface RecordingListRequest {
  readonly query: Omit<RecordingQuery, 'accountIds'>;
  /** "" for any call. */
  readonly callUuid: string;
  /** "" for the recordings of all accounts that the client sees. */
  readonly subaccount: string;
  readonly page: Pages;
}

/** Reads the query strings of list requests. */
export class RecordingListParams {
  readonly schema: ReturnType<typeof listSchema>;

  constructor(rules: { readonly defaultCountry: string }) {
    this.schema = listSchema(rules.defaultCountry);
  }

  /** `now` in milliseconds since the epoch. Throws ApiError 400. */
  read(queryString: unknown, now: number): RecordingListRequest {
    const params = paramsOf(queryString, ALIASES);
    const given = read(this.schema, params);
    const added = windowOf('add_time', rangeOf('add_time', given), now);
    const { limit, offset } = given;
    return {
      query: {
        ...(given.session_uuid === '' ? {} : { sessionId: given.session_uuid.toLowerCase() }),
        ...(given.from_number === null ? {} : { from: given.from_number }),
        ...(given.to_number === null ? {} : { to: given.to_number }),
        added,
        limit,
        offset,
      },
      callUuid: given.call_uuid.toLowerCase(),
      subaccount: given.subaccount,
      page: pagesWithin('add_time', added, params, limit),
    };
  }
}
