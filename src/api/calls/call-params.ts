import { z } from 'zod';

import type { HangupSource } from '../../masking/hangup-cause.js';
import type { CallQuery } from '../../store/index.js';
import { choice, integer, optionalInteger, optionalPhone, subaccountId, text } from '../params/fields.js';
import { filterAliases, rangeOf, secondsFilters, timeFilters } from '../params/range.js';
import { paramsOf, read } from '../params/read.js';
import { pagesWithin, windowOf, type Pages } from '../params/window.js';

const listSchema = (defaultCountry: string) =>
  z.object({
    from_number: optionalPhone('from_number', defaultCountry).describe('The exact number.'),
    to_number: optionalPhone('to_number', defaultCountry).describe('The exact number.'),
    call_direction: choice('call_direction', ['inbound', 'outbound', 'any'], 'any'),
    parent_call_uuid: text('parent_call_uuid', 64).describe('B legs of this A leg.'),
    hangup_cause_code: optionalInteger('hangup_cause_code', { min: 0, max: 99_999 }),
    hangup_source: text('hangup_source', 32),
    subaccount: subaccountId('subaccount'),
    status: choice('status', ['live', 'ended'], 'ended').describe('`live`: calls that are up.'),
    limit: integer('limit', { min: 1, max: 20, fallback: 20 }),
    offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }).describe('Calls skipped.'),
    ...timeFilters('end_time'),
    ...secondsFilters('bill_duration'),
  });

const ALIASES = {
  ...filterAliases('end_time'),
  ...filterAliases('bill_duration'),
  sub_account: 'subaccount',
};

/** A list request: what to ask the store for, and how the URLs of other pages look. */
export interface CallListRequest {
  readonly live: boolean;
  readonly query: Omit<CallQuery, 'accountIds'>;
  /** "" for the calls of all accounts that the client sees. */
  readonly subaccount: string;
  readonly page: Pages;
}

/** Reads the query strings of list requests. */
export class CallListParams {
  readonly schema: ReturnType<typeof listSchema>;

  constructor(rules: { readonly defaultCountry: string }) {
    this.schema = listSchema(rules.defaultCountry);
  }

  /** `now` in milliseconds since the epoch. Throws ApiError 400. */
  read(queryString: unknown, now: number): CallListRequest {
    const params = paramsOf(queryString, ALIASES);
    const given = read(this.schema, params);
    const ended = windowOf('end_time', rangeOf('end_time', given), now);
    const billed = rangeOf('bill_duration', given);
    const { limit, offset } = given;
    return {
      live: given.status === 'live',
      query: {
        ...(given.from_number === null ? {} : { from: given.from_number }),
        ...(given.to_number === null ? {} : { to: given.to_number }),
        ...(given.call_direction === 'any' ? {} : { direction: given.call_direction }),
        ...(given.parent_call_uuid === '' ? {} : { parentUuid: given.parent_call_uuid.toLowerCase() }),
        ...(given.hangup_cause_code === undefined ? {} : { hangupCode: given.hangup_cause_code }),
        ...(given.hangup_source === '' ? {} : { hangupSource: given.hangup_source as HangupSource }),
        ...(Object.keys(billed).length === 0 ? {} : { billDuration: billed }),
        ended,
        limit,
        offset,
      },
      subaccount: given.subaccount,
      page: pagesWithin('end_time', ended, params, limit),
    };
  }
}
