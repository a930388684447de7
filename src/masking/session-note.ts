export const SESSION_NOTICE_KINDS = ['prompt-unavailable', 'call-refused'] as const;

export type SessionNoticeKind = (typeof SESSION_NOTICE_KINDS)[number];

/** What happened to a session that its owner may want to know of. It holds no number, PIN or URL. */
export interface SessionNotice {
  readonly event: SessionNoticeKind;
  /** The parameter of the session that it is about; of a call that was refused, also the limit. */
  readonly parameter: string;
  /** As in docs/errors.md. */
  readonly code: string;
  readonly message: string;
}

/** A notice that was noted once or more. Instants are milliseconds since the epoch. */
export interface SessionNote extends SessionNotice {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}
