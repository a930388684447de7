import { z } from 'zod';

import type { AuditQuery } from '../../masking/audit.js';
import { integer, optionalChoice, optionalText } from '../params/fields.js';
import { filterAliases, rangeOf, timeFilters } from '../params/range.js';
import { paramsOf, read } from '../params/read.js';
import { pagesWithin, windowOf, type Pages } from '../params/window.js';

export const AUDIT_LIST_SCHEMA = z.object({
  auth_id: optionalText('auth_id', 64).describe(
    'Whose credentials were given; `controller` for the controller itself.',
  ),
  account: optionalText('account', 64).describe('The account that it was done for.'),
  action: optionalText('action', 64).describe('An `operationId` of this document, such as `createSession`.'),
  target: optionalText('target', 128).describe('Id of what was changed.'),
  outcome: optionalChoice('outcome', ['done', 'failed', 'unknown']),
  limit: integer('limit', { min: 1, max: 20, fallback: 20 }),
  offset: integer('offset', { min: 0, max: 2 ** 31 - 1, fallback: 0 }).describe('Entries skipped.'),
  ...timeFilters('time'),
});

const ALIASES = filterAliases('time');

/** What to ask the audit log for, and how the URLs of other pages look. Throws ApiError 400. */
export function auditList(queryString: unknown, now: number): { query: AuditQuery; page: Pages } {
  const params = paramsOf(queryString, ALIASES);
  const given = read(AUDIT_LIST_SCHEMA, params);
  const window = windowOf('time', rangeOf('time', given), now);
  const { auth_id: who, account, action, target, outcome, limit, offset } = given;
  return {
    query: {
      ...window,
      ...(who === undefined ? {} : { who }),
      ...(account === undefined ? {} : { account }),
      ...(action === undefined ? {} : { action }),
      ...(target === undefined ? {} : { target }),
      ...(outcome === undefined ? {} : { outcome }),
      limit,
      offset,
    },
    page: pagesWithin('time', window, params, limit),
  };
}
