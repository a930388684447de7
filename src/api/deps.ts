import type { Interaction } from '../masking/interaction.js';
import type { E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import type { SessionDraft } from '../masking/session-draft.js';
import type { SessionNote } from '../masking/session-note.js';
import type { VirtualNumber } from '../masking/virtual-number.js';
import type { Logger } from '../telemetry/logger.js';

/** What the API needs of the sessions. Errors are known by their codes: see plugins/errors.ts. */
export interface SessionStore {
  /**
   * Throws errors with the codes ERR_NUMBER_POOL_EXHAUSTED and ERR_PIN_TAKEN. Any other error means
   * that no session came to be: it is answered with a 500, upon which clients send the request again.
   */
  create(draft: SessionDraft): Promise<MaskingSession>;
  /** A session with its newest interactions, newest last; null when not known. */
  get(
    id: string,
    now: number,
  ): Promise<{ readonly session: MaskingSession; readonly interactions: readonly Interaction[] } | null>;
}

/** What the API needs of the virtual numbers. */
export interface NumberStore {
  /** Throws an error with the code ERR_NUMBER_EXISTS. */
  add(number: VirtualNumber): Promise<void>;
  get(number: E164): Promise<VirtualNumber | null>;
  list(page: {
    readonly limit: number;
    readonly offset: number;
  }): Promise<{ readonly numbers: readonly VirtualNumber[]; readonly total: number }>;
  /** Throws errors with the codes ERR_NUMBER_NOT_FOUND and ERR_NUMBER_IN_USE. */
  remove(number: E164, now: number): Promise<void>;
}

/** What the API needs of the notes about sessions. */
export interface NoteStore {
  /** The one that was last true longest ago first. */
  of(session: MaskingSession): Promise<readonly SessionNote[]>;
}

/** Each dependency by its name. `detail` is shown to anybody who asks, so it holds nothing private. */
export type Readiness = Record<string, { readonly ok: boolean; readonly detail: string }>;

export interface ApiDeps {
  /** The only account, and what it authenticates with. */
  readonly account: { readonly id: string; readonly token: string };
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** ISO 3166-1 alpha-2, or "". */
  readonly defaultCountry: string;
  /** Seconds. */
  readonly maxSessionExpiry: number;
  /** Requests in 5 seconds; 0 for any number. */
  readonly rateLimit: number;
  readonly sessions: SessionStore;
  readonly numbers: NumberStore;
  readonly notes: NoteStore;
  /**
   * Called once for every new session, after its answer was decided: calls the first party, fetches
   * prompts. It cannot delay the answer or fail it; what it throws is logged.
   */
  onSessionCreated(session: MaskingSession): void | Promise<void>;
  readiness(): Promise<Readiness>;
  /** Milliseconds since the epoch. */
  readonly clock: { now(): number };
  readonly logger: Logger;
}
