import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';

import type { ControllerReport } from '../calls/node-report.js';
import type { Rehearsal, RehearsedCall } from '../calls/rehearsal.js';
import type { Account } from '../masking/account.js';
import type { AuditEntry, AuditQuery } from '../masking/audit.js';
import type { Tariff } from '../masking/billing.js';
import type { EndedCall, LiveCall } from '../masking/call.js';
import type { DestinationProblem } from '../masking/destinations.js';
import type { Erased } from '../masking/erased.js';
import type { Interaction } from '../masking/interaction.js';
import type { PinStanding } from '../masking/pin-guard.js';
import type { E164 } from '../masking/phone-number.js';
import type { NumberNow, PoolPast } from '../masking/pool-forecast.js';
import type { Recording } from '../masking/recording.js';
import type { HttpMethod, MaskingSession } from '../masking/session.js';
import type { SessionChange } from '../masking/session-change.js';
import type { SessionDraft } from '../masking/session-draft.js';
import type { SessionNote } from '../masking/session-note.js';
import type { SessionQuery } from '../masking/session-query.js';
import type { NumberChange } from '../masking/number-change.js';
import type { VirtualNumber } from '../masking/virtual-number.js';
import type { SignatureGiven } from '../recordings/recording-urls.js';
import type {
  CallQuery,
  CallTrace,
  FedStep,
  NumberLoad,
  RecordingQuery,
  StatisticsOf,
  TraceQuery,
} from '../store/index.js';
import type { Logger } from '../telemetry/logger.js';
import type { AnsweredRequest } from '../telemetry/metrics.js';
import type { RequestLimits } from './limits.js';

/** What the API needs of the sessions. Errors are known by their codes: see plugins/errors.ts. */
export interface SessionStore {
  /**
   * Throws errors with the codes ERR_NUMBER_POOL_EXHAUSTED and ERR_PIN_TAKEN. Any other error means
   * that no session came to be: it is answered with a 500, upon which clients send the request again.
   *
   * `permit` is called once, and rejects when the session may not be: then there is none, and the create rejects as it
   * did. `alongside` writes what has to be stored wherever the session is; it may be called more than once.
   */
  create(
    draft: SessionDraft,
    options: { readonly permit: () => Promise<void>; readonly alongside: () => Promise<void> },
  ): Promise<MaskingSession>;
  get(id: string, now: number): Promise<SessionWithInteractions | null>;
  /**
   * Throws errors with the codes ERR_SESSION_NOT_FOUND, ERR_SESSION_EXPIRED, ERR_PARTY_FIXED and
   * ERR_PARTY_TAKEN.
   */
  update(id: string, change: SessionChange, now: number): Promise<SessionWithInteractions>;
  /** Throws errors with the codes ERR_SESSION_NOT_FOUND and ERR_SESSION_EXPIRED. */
  end(id: string, now: number): Promise<MaskingSession>;
  /**
   * A page, newest first, and how many sessions there are on all pages. Throws errors with the code
   * ERR_LISTING_TOO_LONG.
   */
  list(
    query: SessionQuery,
    now: number,
  ): Promise<{ readonly sessions: readonly SessionWithInteractions[]; readonly total: number }>;
}

/** A session with its newest interactions, newest last. */
export interface SessionWithInteractions {
  readonly session: MaskingSession;
  readonly interactions: readonly Interaction[];
}

/** What the API needs of the subaccounts. */
export interface AccountStore {
  /** Its token is told here and never again. */
  create(
    name: string,
    enabled: boolean,
    now: number,
  ): Promise<{ readonly account: Account; readonly token: string }>;
  list(page: {
    readonly limit: number;
    readonly offset: number;
  }): Promise<{ readonly accounts: readonly Account[]; readonly total: number }>;
  get(id: string): Promise<Account | null>;
  /** Throws an error with the code ERR_ACCOUNT_NOT_FOUND. */
  update(id: string, change: { readonly name?: string; readonly enabled?: boolean }): Promise<Account>;
  /** Throws errors with the codes ERR_ACCOUNT_NOT_FOUND and ERR_ACCOUNT_IN_USE. */
  remove(id: string, now: number): Promise<void>;
  /** The account when `token` is its own, compared in constant time; else null. */
  authenticate(id: string, token: string): Promise<Account | null>;
}

/** Which numbers a client wants to see, and which page of them. */
export interface NumberQuery {
  readonly limit: number;
  readonly offset: number;
  /** Holds for the numbers to be listed. */
  readonly where?: (number: VirtualNumber) => boolean;
}

/** What the API needs of the virtual numbers. */
export interface NumberStore {
  /** Throws an error with the code ERR_NUMBER_EXISTS. */
  add(number: VirtualNumber): Promise<void>;
  get(number: E164): Promise<VirtualNumber | null>;
  /** Which of `numbers` are on the list of virtual numbers. */
  listed(numbers: readonly E164[]): Promise<ReadonlySet<E164>>;
  /** Throws an error with the code ERR_NUMBER_NOT_FOUND. */
  update(number: E164, change: NumberChange): Promise<VirtualNumber>;
  list(query: NumberQuery): Promise<{ readonly numbers: readonly VirtualNumber[]; readonly total: number }>;
  /** Throws errors with the codes ERR_NUMBER_NOT_FOUND and ERR_NUMBER_IN_USE. */
  remove(number: E164, now: number): Promise<void>;
}

/** What the API needs to know of phone numbers that clients name. */
export interface DestinationJudge {
  /** Why it may not be called, or null. */
  problemOf(number: E164): Promise<DestinationProblem | null>;
}

/** What the API needs to say what would happen to a call. */
export interface CallRehearsals {
  /** Takes, counts and tells nothing. */
  rehearse(call: RehearsedCall): Promise<Rehearsal>;
}

/** What the API needs of what happened to calls. */
export interface TraceReader {
  read(callId: string): Promise<CallTrace | null>;
  /** Throws an error with the code ERR_LISTING_TOO_LONG. */
  list(query: TraceQuery): Promise<{ readonly traces: readonly CallTrace[]; readonly total: number }>;
}

/** What the API needs to tell what happens to calls as it happens. */
export interface TraceFeedReader {
  /** Where the feed is now. */
  end(): Promise<string>;
  /** Whether nothing that came after `id` has been dropped. */
  reaches(id: string): Promise<boolean>;
  /** What came after `id`, oldest first. */
  after(id: string): Promise<FedStep[]>;
}

/** What the API needs of the statistics: from `start` to `end` in spans of `step`, all in milliseconds. */
export interface StatisticsReader {
  read(start: number, end: number, step: number): Promise<readonly StatisticsOf[]>;
}

/** What the API needs to plan pools of numbers. */
export interface PoolDeps {
  /** PIN_GUESS_RISK. */
  readonly guessRisk: number;
  /** 0 for no limit. */
  readonly maxCallsPerNumber: number;
  /** What creates came upon in so many days until `end` (milliseconds since the epoch), pool by pool. */
  past(end: number, days: number): Promise<readonly PoolPast[]>;
  /** What is on each of the numbers at `now`. */
  loads(numbers: readonly VirtualNumber[], now: number): Promise<readonly NumberNow[]>;
}

/** What the API needs of the guards of PINs. */
export interface PinGuardStore {
  /** For each length of the number's live PINs, shortest first. */
  of(number: E164, now: number): Promise<readonly PinStanding[]>;
}

/** What the API needs of the notes about sessions. */
export interface NoteStore {
  /** The one that was last true longest ago first. */
  of(session: MaskingSession): Promise<readonly SessionNote[]>;
}

/** Which callback: the one with this sequence number of this session. */
export interface CallbackAddress {
  readonly number: E164;
  readonly sessionId: string;
  readonly sequence: number;
}

/** What was sent to a receiver, and what came of it. Instants are milliseconds since the epoch. */
export interface LoggedCallback {
  readonly sequence: number;
  readonly record: {
    readonly method: HttpMethod;
    readonly url: string;
    readonly parameters: readonly (readonly [name: string, value: string])[];
    readonly createdAt: number;
  };
  readonly state: 'queued' | 'delivered' | 'failed';
  readonly attempts: readonly {
    readonly at: number;
    readonly durationMs: number;
    readonly status: number | null;
    readonly error: string;
    readonly answer: string;
  }[];
}

/** What the API needs of the callbacks. */
export interface CallbackStore {
  /** Newest first, and how many of the session's events found no place and are told nobody. */
  list(
    number: E164,
    sessionId: string,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{
    readonly callbacks: readonly LoggedCallback[];
    readonly total: number;
    readonly lost: number;
  }>;
  read(address: CallbackAddress): Promise<LoggedCallback | null>;
  /** Sends it once more. False when it is not known. Throws an error with the code ERR_QUEUE_FULL. */
  resend(address: CallbackAddress): Promise<boolean>;
}

/** What the API needs of the calls. Instants are milliseconds since the epoch. */
export interface CallDirectory {
  /** A leg that has ended. */
  find(uuid: string, now: number): Promise<EndedCall | null>;
  /** Throws an error with the code ERR_LISTING_TOO_LONG. */
  list(
    query: CallQuery,
    now: number,
  ): Promise<{ readonly calls: readonly EndedCall[]; readonly total: number }>;
  /** A leg that is up. */
  findLive(uuid: string, now: number): Promise<LiveCall | null>;
  /** UUIDs of the legs that are up. */
  live(
    filter: Pick<CallQuery, 'accountIds' | 'from' | 'to' | 'direction'>,
    now: number,
  ): Promise<readonly string[]>;
  /** False when its node has no such channel. `call`: the A leg's UUID. Throws an error with the code ERR_NODE_UNREACHABLE. */
  hangUp(leg: { readonly uuid: string; readonly call: string; readonly node: string }): Promise<boolean>;
}

/** What the API needs of the recordings. */
export interface RecordingDirectory {
  /** Absolute path of the folder that holds `<id>.<format>`. */
  readonly folder: string;
  get(id: string): Promise<Recording | null>;
  /** Throws an error with the code ERR_LISTING_TOO_LONG. */
  list(query: RecordingQuery): Promise<{ readonly recordings: readonly Recording[]; readonly total: number }>;
  /** The recording of the call that has this leg. */
  ofCall(uuid: string): Promise<Recording | null>;
  /**
   * The bytes of one that is in a bucket. Throws errors with the codes ERR_BUCKET, ERR_OBJECT_MISMATCH and
   * ERR_OBJECT_MISSING.
   */
  read(recording: Recording, range: { readonly start: number; readonly end: number }): Promise<Readable>;
  /** Record, file and object. */
  remove(recording: Recording): Promise<void>;
  /** Signed, for a while from `now` on. */
  mediaUrl(recording: Recording, now: number): string;
  accepts(given: SignatureGiven, now: number): boolean;
}

/** What the API needs to erase people. */
export interface PersonStore {
  /**
   * Removes everything that is stored of a person, and tells how much that was. Throws errors with the codes
   * ERR_PERSON_IN_CALL and ERR_ERASURE_RUNNING.
   */
  erase(person: E164): Promise<Erased>;
}

/** What the API needs of the audit log. */
export interface AuditStore {
  /** Ahead of a change: when it throws, nothing may be changed. Idempotent. */
  enter(entry: AuditEntry): Promise<void>;
  /** What became of it. */
  settle(entry: AuditEntry, outcome: Pick<AuditEntry, 'status' | 'target'>): Promise<void>;
  /** Newest first. Throws an error with the code ERR_LISTING_TOO_LONG. */
  list(query: AuditQuery): Promise<{ readonly entries: readonly AuditEntry[]; readonly total: number }>;
}

/** What the API shows to Prometheus, and what it tells it. */
export interface MetricsPage {
  /** Addresses and CIDR blocks that may see it. */
  readonly allow: readonly string[];
  readonly contentType: string;
  text(): Promise<string>;
  requestAnswered(request: AnsweredRequest): void;
}

/** What the operator's console needs beside the API. */
export interface ConsoleDeps {
  readonly enabled: boolean;
  /** Absolute path of the built page. */
  readonly folder: string;
  /** DATA_KEYS, to sign log-ins with. */
  readonly dataKeys: readonly string[];
  readonly version: string;
  readonly isSandbox: boolean;
  /** Whether the page with two softphones is served. */
  readonly softphones: boolean;
  /** 0 for no limit. */
  readonly maxCallsPerNumber: number;
  readonly board: { read(now: number): Promise<readonly ControllerReport[]> };
  /** Calls that run on the node of that name. */
  callsOn(node: string): Promise<number>;
  callsRunning(): Promise<number>;
  /** `oldestAt` in milliseconds since the epoch, null when none waits. */
  callbacks(): Promise<{ readonly waiting: number; readonly oldestAt: number | null }>;
  loads(numbers: readonly VirtualNumber[], now: number): Promise<readonly NumberLoad[]>;
  /** Sessions that were created from `start` to `end` (milliseconds since the epoch), and those for which no number was left. */
  creates(start: number, end: number): Promise<{ readonly created: number; readonly exhausted: number }>;
}

/** Each dependency by its name. `detail` is shown to anybody who asks, so it holds nothing private. */
export type Readiness = Record<string, { readonly ok: boolean; readonly detail: string }>;

/** Test phones that stand for phones on the public network. */
export interface BrowserPhoneAccounts {
  /** The WebSocket that they register over. */
  readonly url: string;
  readonly numbers: readonly E164[];
  readonly password: string;
}

export interface ApiDeps {
  /** The main account, and what it authenticates with. */
  readonly account: { readonly id: string; readonly token: string };
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** ISO 3166-1 alpha-2, or "". */
  readonly defaultCountry: string;
  /** Seconds. */
  readonly maxSessionExpiry: number;
  readonly limits: RequestLimits;
  readonly sessions: SessionStore;
  readonly numbers: NumberStore;
  readonly destinations: DestinationJudge;
  readonly rehearsals: CallRehearsals;
  readonly traces: TraceReader;
  readonly feed: TraceFeedReader;
  readonly statistics: StatisticsReader;
  readonly pool: PoolDeps;
  readonly pinGuards: PinGuardStore;
  readonly notes: NoteStore;
  readonly accounts: AccountStore;
  readonly audit: AuditStore;
  readonly persons: PersonStore;
  readonly callbacks: CallbackStore;
  readonly calls: CallDirectory;
  readonly recordings: RecordingDirectory;
  /** The test phones of the page at /phones/; null where there is none. */
  readonly browserPhones: BrowserPhoneAccounts | null;
  /** What is printed as the rate of a call. */
  readonly tariff: Tariff;
  /**
   * Called once for every new session, after its answer was decided: calls the first party, fetches
   * prompts. It cannot delay the answer or fail it; what it throws is logged.
   */
  onSessionCreated(session: MaskingSession): void | Promise<void>;
  /** The same for every session that was updated. */
  onSessionUpdated(session: MaskingSession): void | Promise<void>;
  readiness(): Promise<Readiness>;
  readonly metrics: MetricsPage;
  readonly console: ConsoleDeps;
  /** Adds routes that are no part of the API. */
  readonly routes?: (app: FastifyInstance) => void;
  /** Milliseconds since the epoch. */
  readonly clock: { now(): number };
  readonly logger: Logger;
}
