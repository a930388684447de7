/** Limits, by the variables that set them: so they are named in the log and in a session's events. */
export type CallLimit =
  | 'MAX_CALLS_PER_NUMBER'
  | 'MAX_CALLS_PER_SUBACCOUNT'
  | 'MAX_CALLS_PER_NODE'
  | 'MAX_CALLS_TOTAL'
  | 'CALL_RATE_PER_SESSION'
  | 'CALL_RATE_PER_NUMBER'
  | 'CALL_RATE_PER_SUBACCOUNT'
  | 'CALL_RATE_PER_NODE'
  | 'CALL_RATE_TOTAL'
  | 'DAILY_MINUTES_PER_SUBACCOUNT'
  | 'DAILY_MINUTES_TOTAL';

/** Those that the claim of a session looks at. */
export type NumberLimit = Extract<
  CallLimit,
  'MAX_CALLS_PER_NUMBER' | 'CALL_RATE_PER_SESSION' | 'CALL_RATE_PER_NUMBER'
>;

/** Calls at a time, calls a second, or minutes of talk in a day (UTC). 0 for no limit. */
export type CallLimits = Readonly<Record<CallLimit, number>>;

export const NO_LIMITS: CallLimits = {
  MAX_CALLS_PER_NUMBER: 0,
  MAX_CALLS_PER_SUBACCOUNT: 0,
  MAX_CALLS_PER_NODE: 0,
  MAX_CALLS_TOTAL: 0,
  CALL_RATE_PER_SESSION: 0,
  CALL_RATE_PER_NUMBER: 0,
  CALL_RATE_PER_SUBACCOUNT: 0,
  CALL_RATE_PER_NODE: 0,
  CALL_RATE_TOTAL: 0,
  DAILY_MINUTES_PER_SUBACCOUNT: 0,
  DAILY_MINUTES_TOTAL: 0,
};

/**
 * How a caller is refused.
 *
 * `limit`: busy. A 503 would have the carrier try its other routes to us, and some take a trunk that gives 503 out of
 * service (RFC 3261, 21.5.4), for a number or a customer that is at its own limit.
 * `overloaded`: 503. Another node may well take the call.
 * `minutes`: declined. Nothing gets better before the day is over.
 */
export type LimitRefusal = 'limit' | 'overloaded' | 'minutes';

export function refusalOf(limit: CallLimit): LimitRefusal {
  return REFUSALS[limit];
}

const REFUSALS: Readonly<Record<CallLimit, LimitRefusal>> = {
  MAX_CALLS_PER_NUMBER: 'limit',
  MAX_CALLS_PER_SUBACCOUNT: 'limit',
  MAX_CALLS_PER_NODE: 'overloaded',
  MAX_CALLS_TOTAL: 'overloaded',
  CALL_RATE_PER_SESSION: 'limit',
  CALL_RATE_PER_NUMBER: 'limit',
  CALL_RATE_PER_SUBACCOUNT: 'limit',
  CALL_RATE_PER_NODE: 'overloaded',
  CALL_RATE_TOTAL: 'overloaded',
  DAILY_MINUTES_PER_SUBACCOUNT: 'minutes',
  DAILY_MINUTES_TOTAL: 'minutes',
};

/** Seconds that a call gets at least, however little is left of the day's minutes when it begins. */
export const SHORTEST_CALL = 60;
