/**
 * What became of a change. `unknown`: the controller ended before it could tell, or the change is under way.
 * `failed`: the answer was a fault of ours, and the change may or may not have taken place.
 */
export type AuditOutcome = 'done' | 'failed' | 'unknown';

/** Who changed what and when. It holds no number of a person and no PIN; virtual numbers may stand in it. */
export interface AuditEntry {
  /** The `api_id` of the request, or an id of its own. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Id of the account whose credentials were given, or `controller` for what a controller did by itself. */
  readonly who: string;
  /** Id of the account that it was done for. */
  readonly account: string;
  /** Address of the client, "" for none. */
  readonly peer: string;
  /** The client's own id of the request, or "". */
  readonly requestId: string;
  /** The id of the operation, as in the API's description. */
  readonly action: string;
  /** Id of what was changed, or "" when it is not known or was refused a name. */
  readonly target: string;
  /** Names of the parameters that were given. */
  readonly fields: readonly string[];
  /** Status of the answer; null while there is none. */
  readonly status: number | null;
}

/** Which entries are asked for, and which page of them. */
export interface AuditQuery {
  /** Milliseconds since the epoch: from, and before. */
  readonly gte: number;
  readonly lt: number;
  readonly who?: string;
  readonly account?: string;
  readonly action?: string;
  readonly target?: string;
  readonly outcome?: AuditOutcome;
  readonly limit: number;
  /** Entries skipped, newest first. */
  readonly offset: number;
}

export function outcomeOf({ status }: Pick<AuditEntry, 'status'>): AuditOutcome {
  if (status === null) return 'unknown';
  return status < 400 ? 'done' : 'failed';
}

/** Whether an answer with this status says that nothing was changed. */
export function isRefusal(status: number): boolean {
  // 409 comes in the middle of a change that goes step by step.
  return status >= 400 && status < 500 && status !== 409;
}

export function isAskedFor(entry: AuditEntry, query: AuditQuery): boolean {
  const { who, account, action, target, outcome } = query;
  return (
    (who === undefined || who === entry.who) &&
    (account === undefined || account === entry.account) &&
    (action === undefined || action === entry.action) &&
    (target === undefined || target === entry.target) &&
    (outcome === undefined || outcome === outcomeOf(entry))
  );
}
