import { randomUUID } from 'node:crypto';

import { NO_CALLS, type CallCounts } from '../../../src/masking/call-statistics.js';
import type { CallTrace, FedStep, StatisticsOf, TraceQuery } from '../../../src/store/index.js';
import type { ControllerReport } from '../../../src/calls/node-report.js';
import type { Rehearsal, RehearsedCall } from '../../../src/calls/rehearsal.js';
import { FREE } from '../../../src/masking/billing.js';
import type { EndedCall, LiveCall } from '../../../src/masking/call.js';
import type { Recording } from '../../../src/masking/recording.js';
import { RecordingUrls } from '../../../src/recordings/recording-urls.js';
import type {
  ApiDeps,
  CallbackAddress,
  LoggedCallback,
  NumberQuery,
  SessionWithInteractions,
} from '../../../src/api/deps.js';
import type { RequestLimits } from '../../../src/api/limits.js';
import type { Account } from '../../../src/masking/account.js';
import type { AuditEntry } from '../../../src/masking/audit.js';
import type { SessionDraft } from '../../../src/masking/session-draft.js';
import type { DestinationProblem } from '../../../src/masking/destinations.js';
import type { Interaction } from '../../../src/masking/interaction.js';
import type { PinStanding } from '../../../src/masking/pin-guard.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { NumberNow, PoolPast } from '../../../src/masking/pool-forecast.js';
import type { SessionNote } from '../../../src/masking/session-note.js';
import { statusOf, type MaskingSession } from '../../../src/masking/session.js';
import type { SessionChange } from '../../../src/masking/session-change.js';
import { isWithin, type SessionQuery } from '../../../src/masking/session-query.js';
import type { NumberChange } from '../../../src/masking/number-change.js';
import type { VirtualNumber } from '../../../src/masking/virtual-number.js';
import { createLogger } from '../../../src/telemetry/logger.js';

export const ACCOUNT = { id: 'MAABCDEFGHIJKLMNOPQR', token: 'k3yW0rd:of-the-account' };
export const BASE = `/v1/Account/${ACCOUNT.id}`;
/** 2026-11-23 01:02:03.456 UTC. */
export const NOW = Date.UTC(2026, 10, 23, 1, 2, 3, 456);
export const DID = '+15550001000' as E164;

export const NO_LIMITS: RequestLimits = {
  perCredential: 0,
  anonymous: 0,
  wrongTokens: 0,
  connections: 0,
  trustedProxies: [],
};

export function credentials(id = ACCOUNT.id, token = ACCOUNT.token): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}` };
}

export class CodedError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

const fail = (code: string): Promise<never> => Promise.reject(new CodedError(code));

/** The dependencies of the API in memory. Fields may be replaced by a test. */
export class FakeDeps implements ApiDeps {
  account = ACCOUNT;
  publicUrl = 'https://masking.example.com';
  defaultCountry = '';
  maxSessionExpiry = 86_400;
  browserPhones: ApiDeps['browserPhones'] = null;
  limits = NO_LIMITS;
  instant = NOW;
  readonly clock = { now: () => this.instant };
  readonly lines: string[] = [];
  readonly logger = createLogger({
    level: 'debug',
    destination: { write: (line) => void this.lines.push(line) },
  });

  /** Numbers that may not be called. */
  readonly problems = new Map<string, DestinationProblem>();
  readonly destinations = {
    problemOf: (number: string) => Promise.resolve(this.problems.get(number) ?? null),
  };
  readonly tracesHeld = new Map<string, CallTrace>();
  readonly traceQueries: TraceQuery[] = [];
  readonly traces = {
    read: (id: string) => Promise.resolve(this.tracesHeld.get(id) ?? null),
    list: (query: TraceQuery) => {
      this.traceQueries.push(query);
      const traces = [...this.tracesHeld.values()];
      return Promise.resolve({ traces, total: traces.length });
    },
  };
  /** Steps that followers are told, each with its id; those before `feedBegins` are not kept any more. */
  readonly fed: FedStep[] = [];
  feedBegins = 1;
  readonly feed = {
    end: () => Promise.resolve(`${this.fed.length}-0`),
    reaches: (id: string) => Promise.resolve(Number.parseInt(id, 10) + 1 >= this.feedBegins),
    after: (id: string) => Promise.resolve(this.fed.slice(Number.parseInt(id, 10))),
  };
  readonly statisticsAsked: (readonly [start: number, end: number, step: number])[] = [];
  readonly statistics = {
    read: (start: number, end: number, step: number): Promise<StatisticsOf[]> => {
      this.statisticsAsked.push([start, end, step]);
      return Promise.resolve([{ at: start, counts: this.counts }]);
    },
  };
  counts: CallCounts = NO_CALLS;
  poolPast: PoolPast[] = [];
  readonly pool = {
    guessRisk: 0.005,
    maxCallsPerNumber: 500,
    past: () => Promise.resolve(this.poolPast),
    loads: (numbers: readonly VirtualNumber[]): Promise<NumberNow[]> =>
      Promise.resolve(numbers.map(() => ({ sessions: 2, coolingOff: 1, isOpen: false }))),
  };
  readonly reports: ControllerReport[] = [];
  readonly console = {
    enabled: true,
    folder: '/nonexistent',
    dataKeys: [Buffer.alloc(32, 7).toString('base64')],
    version: '1.2.3',
    isSandbox: false,
    softphones: false,
    maxCallsPerNumber: 500,
    board: { read: () => Promise.resolve(this.reports) },
    callsOn: () => Promise.resolve(3),
    callsRunning: () => Promise.resolve(4),
    callbacks: () => Promise.resolve({ waiting: 2, oldestAt: Date.now() - 5_000 }),
    loads: (numbers: readonly VirtualNumber[]) =>
      Promise.resolve(
        numbers.map(() => ({
          ...{ sessions: 2, calls: 1, coolingOff: 1, isOpen: false },
          pins: [{ length: 4, live: 20 }],
        })),
      ),
    creates: () => Promise.resolve({ created: 8, exhausted: 1 }),
  };
  readonly drafts: SessionDraft[] = [];
  readonly announced: string[] = [];
  readonly updated: string[] = [];
  readonly changes: SessionChange[] = [];
  readonly queries: SessionQuery[] = [];
  readonly held = new Map<string, { session: MaskingSession; interactions: Interaction[] }>();
  readonly owned = new Map<E164, VirtualNumber>();
  readonly subaccounts = new Map<string, { account: Account; token: string }>();
  createError: Error | null = null;
  updateError: Error | null = null;
  removeError: Error | null = null;
  accountsError: Error | null = null;

  sessions = {
    create: async (
      draft: SessionDraft,
      { permit, alongside }: { permit: () => Promise<void>; alongside: () => Promise<void> },
    ): Promise<MaskingSession> => {
      await permit();
      if (this.createError !== null) throw this.createError;
      await alongside();
      this.drafts.push(draft);
      const session = sessionFrom(draft);
      this.held.set(session.id, { session, interactions: [] });
      return session;
    },
    get: (id: string) => Promise.resolve(this.held.get(id) ?? null),
    update: (id: string, change: SessionChange, now: number): Promise<SessionWithInteractions> => {
      if (this.updateError !== null) return Promise.reject(this.updateError);
      const before = this.held.get(id);
      if (before === undefined) return fail('ERR_SESSION_NOT_FOUND');
      if (before.session.expiresAt <= now) return fail('ERR_SESSION_EXPIRED');
      this.changes.push(change);
      const { firstParty, secondParty, ...settings } = change;
      const session: MaskingSession = {
        ...before.session,
        settings: { ...before.session.settings, ...settings },
        ...(firstParty === undefined ? {} : { firstParty }),
        ...(secondParty === undefined ? {} : { secondParty }),
        ...(change.sessionExpiry === undefined ? {} : { expiresAt: now + change.sessionExpiry * 1_000 }),
        modifiedAt: now,
      };
      const after = { session, interactions: before.interactions };
      this.held.set(id, after);
      return Promise.resolve(after);
    },
    end: (id: string, now: number): Promise<MaskingSession> => {
      const before = this.held.get(id);
      if (before === undefined) return fail('ERR_SESSION_NOT_FOUND');
      if (before.session.expiresAt <= now) return fail('ERR_SESSION_EXPIRED');
      const session: MaskingSession = {
        ...before.session,
        expiresAt: now,
        modifiedAt: now,
        endedBy: 'deleted',
      };
      this.held.set(id, { session, interactions: before.interactions });
      return Promise.resolve(session);
    },
    list: (query: SessionQuery, now: number) => {
      this.queries.push(query);
      const matching = [...this.held.values()]
        .filter(({ session }) => matches(session, query, now))
        .sort((one, other) => other.session.createdAt - one.session.createdAt);
      const { offset, limit } = query;
      return Promise.resolve({ sessions: matching.slice(offset, offset + limit), total: matching.length });
    },
  };

  readonly noted: SessionNote[] = [];
  notes = { of: () => Promise.resolve(this.noted) };

  readonly requests: string[] = [];
  metrics = {
    allow: ['127.0.0.0/8'],
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: () => Promise.resolve('maskline_redis_up 1\n'),
    requestAnswered: ({ method, route, status }: { method: string; route: string; status: number }): void => {
      this.requests.push(`${method} ${route} ${status}`);
    },
  };

  /** What every call would come to. */
  rehearsal: Rehearsal | null = null;
  readonly rehearsed: RehearsedCall[] = [];
  rehearsals = {
    rehearse: (call: RehearsedCall): Promise<Rehearsal> => {
      this.rehearsed.push(call);
      return this.rehearsal === null ? fail('ERR_STORE_UNAVAILABLE') : Promise.resolve(this.rehearsal);
    },
  };

  standings: PinStanding[] = [];
  pinGuards = { of: () => Promise.resolve(this.standings) };

  numbers = {
    add: (number: VirtualNumber): Promise<void> => {
      if (this.owned.has(number.number)) return fail('ERR_NUMBER_EXISTS');
      this.owned.set(number.number, number);
      return Promise.resolve();
    },
    get: (number: E164) => Promise.resolve(this.owned.get(number) ?? null),
    listed: (numbers: readonly E164[]) =>
      Promise.resolve(new Set(numbers.filter((number) => this.owned.has(number)))),
    update: (number: E164, change: NumberChange): Promise<VirtualNumber> => {
      const before = this.owned.get(number);
      if (before === undefined) return fail('ERR_NUMBER_NOT_FOUND');
      const after = { ...before, ...change };
      this.owned.set(number, after);
      return Promise.resolve(after);
    },
    list: ({ limit, offset, where = () => true }: NumberQuery) => {
      const matching = [...this.owned.values()].filter(where);
      return Promise.resolve({ numbers: matching.slice(offset, offset + limit), total: matching.length });
    },
    remove: (number: E164): Promise<void> => {
      if (this.removeError !== null) return Promise.reject(this.removeError);
      return this.owned.delete(number) ? Promise.resolve() : fail('ERR_NUMBER_NOT_FOUND');
    },
  };

  accounts = {
    create: (name: string, enabled: boolean, now: number) => {
      const index = String(this.subaccounts.size + 1).padStart(4, '0');
      const made = {
        account: { id: `SAABCDEFGHIJKLMN${index}`, name, enabled, createdAt: now },
        token: `t0ken-of-subaccount-${index}`,
      };
      this.subaccounts.set(made.account.id, made);
      return Promise.resolve(made);
    },
    list: ({ limit, offset }: { limit: number; offset: number }) => {
      const accounts = [...this.subaccounts.values()].map(({ account }) => account);
      return Promise.resolve({ accounts: accounts.slice(offset, offset + limit), total: accounts.length });
    },
    get: (id: string): Promise<Account | null> =>
      this.accountsError === null
        ? Promise.resolve(this.subaccounts.get(id)?.account ?? null)
        : Promise.reject(this.accountsError),
    update: (id: string, change: { name?: string; enabled?: boolean }): Promise<Account> => {
      const before = this.subaccounts.get(id);
      if (before === undefined) return fail('ERR_ACCOUNT_NOT_FOUND');
      const account = { ...before.account, ...change };
      this.subaccounts.set(id, { ...before, account });
      return Promise.resolve(account);
    },
    remove: (id: string): Promise<void> => {
      if (this.removeError !== null) return Promise.reject(this.removeError);
      return this.subaccounts.delete(id) ? Promise.resolve() : fail('ERR_ACCOUNT_NOT_FOUND');
    },
    authenticate: (id: string, token: string): Promise<Account | null> => {
      if (this.accountsError !== null) return Promise.reject(this.accountsError);
      const held = this.subaccounts.get(id);
      return Promise.resolve(held?.token === token ? held.account : null);
    },
  };

  readonly audited = new Map<string, AuditEntry>();
  auditError: Error | null = null;
  audit: ApiDeps['audit'] = {
    enter: (entry) => {
      if (this.auditError !== null) return Promise.reject(this.auditError);
      this.audited.set(entry.id, entry);
      return Promise.resolve();
    },
    settle: (entry, outcome) => {
      // As in Redis: what was never entered has no outcome.
      if (this.audited.has(entry.id)) this.audited.set(entry.id, { ...entry, ...outcome });
      return Promise.resolve();
    },
    list: (query) => {
      this.asked.push(query);
      const entries = [...this.audited.values()].reverse();
      return Promise.resolve({ entries, total: entries.length });
    },
  };

  readonly erased: E164[] = [];
  eraseError: Error | null = null;
  persons: ApiDeps['persons'] = {
    erase: (person) => {
      if (this.eraseError !== null) return Promise.reject(this.eraseError);
      this.erased.push(person);
      const removed = { sessions: 1, interactions: 2, callbacks: 3, recordings: 0, keys: 5, records: 0 };
      return Promise.resolve({ ...removed, unreadable: 0, complete: true });
    },
  };

  readonly logged: LoggedCallback[] = [];
  lost = 0;
  resendError: Error | null = null;
  readonly resent: CallbackAddress[] = [];
  callbacks: ApiDeps['callbacks'] = {
    list: (_number, _sessionId, { limit, offset }) =>
      Promise.resolve({
        callbacks: this.logged.slice(offset, offset + limit),
        total: this.logged.length,
        lost: this.lost,
      }),
    read: ({ sequence }) =>
      Promise.resolve(this.logged.find((callback) => callback.sequence === sequence) ?? null),
    resend: (address) => {
      if (this.resendError !== null) return Promise.reject(this.resendError);
      this.resent.push(address);
      return Promise.resolve(this.logged.some(({ sequence }) => sequence === address.sequence));
    },
  };

  onSessionCreated(session: MaskingSession): void | Promise<void> {
    this.announced.push(session.id);
  }

  onSessionUpdated(session: MaskingSession): void | Promise<void> {
    this.updated.push(session.id);
  }

  tariff = FREE;
  readonly ended = new Map<string, EndedCall>();
  readonly up = new Map<string, LiveCall>();
  readonly asked: unknown[] = [];
  hangUpResult: boolean | Error = true;
  readonly kept = new Map<string, Recording>();
  readonly urls = new RecordingUrls({
    publicUrl: this.publicUrl,
    dataKeys: [Buffer.alloc(32, 7).toString('base64')],
    lifetime: 3600,
  });

  calls: ApiDeps['calls'] = {
    find: (uuid) => Promise.resolve(this.ended.get(uuid) ?? null),
    list: (query) => {
      this.asked.push(query);
      return Promise.resolve({ calls: [...this.ended.values()], total: this.ended.size });
    },
    findLive: (uuid) => Promise.resolve(this.up.get(uuid) ?? null),
    live: (filter) => {
      this.asked.push(filter);
      return Promise.resolve([...this.up.keys()]);
    },
    hangUp: (leg) => {
      this.asked.push(leg);
      const result = this.hangUpResult;
      return typeof result === 'boolean' ? Promise.resolve(result) : Promise.reject(result);
    },
  };

  recordings: ApiDeps['recordings'] = {
    folder: '/nonexistent',
    get: (id) => Promise.resolve(this.kept.get(id) ?? null),
    list: (query) => {
      this.asked.push(query);
      return Promise.resolve({ recordings: [...this.kept.values()], total: this.kept.size });
    },
    ofCall: (uuid) => Promise.resolve(this.kept.get(uuid) ?? null),
    read: () => Promise.reject(new CodedError('ERR_BUCKET')),
    remove: ({ id }) => {
      this.kept.delete(id);
      return Promise.resolve();
    },
    mediaUrl: (recording, now) => this.urls.media(recording, now),
    accepts: (given, now) => this.urls.accepts(given, now),
  };

  readiness(): ReturnType<ApiDeps['readiness']> {
    return Promise.resolve({ redis: { ok: true, detail: 'answers' } });
  }
}

function matches(session: MaskingSession, query: SessionQuery, now: number): boolean {
  const seconds = Math.floor(session.expiresAt / 1_000) - Math.floor(session.createdAt / 1_000);
  return (
    (query.accountIds === null || query.accountIds.includes(session.accountId)) &&
    (query.firstParty === undefined || query.firstParty === session.firstParty) &&
    (query.secondParty === undefined || query.secondParty === session.secondParty) &&
    (query.virtualNumber === undefined || query.virtualNumber === session.virtualNumber) &&
    (query.status === 'all' || query.status === statusOf(session, now)) &&
    isWithin(session.createdAt, query.created) &&
    isWithin(session.expiresAt, query.expiry) &&
    isWithin(seconds, query.duration)
  );
}

function sessionFrom(draft: SessionDraft): MaskingSession {
  const pins = draft.pin?.pins ?? { first: '1111', second: '2222' };
  return {
    id: randomUUID(),
    accountId: draft.accountId,
    virtualNumber: DID,
    firstParty: draft.firstParty,
    secondParty: draft.secondParty,
    singleParty: draft.firstParty === null || draft.secondParty === null,
    lastPeer: null,
    settings: draft.settings,
    pin:
      draft.pin === null
        ? null
        : {
            generated: draft.pin.pins === null,
            generatedLength: draft.pin.generatedLength,
            firstPartyPin: pins.first,
            secondPartyPin: pins.second,
            promptPlay: draft.pin.promptPlay,
            incorrectPlay: draft.pin.incorrectPlay,
            retry: draft.pin.retry,
            retryWait: draft.pin.retryWait,
            forced: draft.pin.forced,
          },
    fee: 0,
    createdAt: draft.now,
    modifiedAt: draft.now,
    expiresAt: draft.now + draft.settings.sessionExpiry * 1_000,
    totals: { callCount: 0, billedDuration: 0, callAmount: 0 },
    lastInteractionAt: null,
    inProgress: false,
    endedBy: null,
  };
}
