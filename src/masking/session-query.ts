import type { E164 } from './phone-number.js';
import { statusOf, type MaskingSession, type SessionStatus } from './session.js';

/** Bounds that all hold together; an empty range holds for everything. */
export interface Range {
  readonly gt?: number;
  readonly gte?: number;
  readonly lt?: number;
  readonly lte?: number;
}

/** Which sessions a client wants to see, and which page of them. */
export interface SessionQuery {
  /** Owners, or null for every account. */
  readonly accountIds: readonly string[] | null;
  readonly firstParty?: E164;
  readonly secondParty?: E164;
  readonly virtualNumber?: E164;
  readonly status: SessionStatus | 'all';
  /** Milliseconds since the epoch. */
  readonly created: Range;
  readonly expiry: Range;
  /** Whole seconds from creation to expiry, as the API prints them. */
  readonly duration: Range;
  readonly limit: number;
  /** Sessions skipped, newest first. */
  readonly offset: number;
}

export function isWithin(value: number, { gt, gte, lt, lte }: Range): boolean {
  return (
    (gt === undefined || value > gt) &&
    (gte === undefined || value >= gte) &&
    (lt === undefined || value < lt) &&
    (lte === undefined || value <= lte)
  );
}

/** Whole seconds from creation to expiry, cut as the printed times are. */
export function durationOf({
  createdAt,
  expiresAt,
}: Pick<MaskingSession, 'createdAt' | 'expiresAt'>): number {
  return Math.floor(expiresAt / 1000) - Math.floor(createdAt / 1000);
}

/** True when the query asks for the session as it is at `now` (milliseconds since the epoch). */
export function matches(session: MaskingSession, query: SessionQuery, now: number): boolean {
  return (
    (query.accountIds === null || query.accountIds.includes(session.accountId)) &&
    (query.firstParty === undefined || session.firstParty === query.firstParty) &&
    (query.secondParty === undefined || session.secondParty === query.secondParty) &&
    (query.virtualNumber === undefined || session.virtualNumber === query.virtualNumber) &&
    (query.status === 'all' || statusOf(session, now) === query.status) &&
    isWithin(session.createdAt, query.created) &&
    isWithin(session.expiresAt, query.expiry) &&
    isWithin(durationOf(session), query.duration)
  );
}
