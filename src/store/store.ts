import { legEnd } from '../calls/call-trace.js';
import type { LegAddress } from '../calls/ports.js';
import { FREE, type Tariff } from '../masking/billing.js';
import { NO_LIMITS, type CallLimits } from '../masking/call-limits.js';
import type { LegRecord } from '../masking/interaction.js';
import { DEFAULT_PIN_GUARD, type PinGuardNews, type PinGuardRules } from '../masking/pin-guard.js';
import { Admissions } from './admissions.js';
import { CallRepository } from './call-repository.js';
import { AccountRepository } from './account-repository.js';
import { AuditLog, type AuditLogOptions } from './audit-log.js';
import { CallLog } from './call-log.js';
import { CallStatistics } from './call-statistics.js';
import { CallTraces } from './call-traces.js';
import { CommandQueue } from './command-queue.js';
import { CallbackLog } from './callback-log.js';
import { LeaseRepository } from './lease-repository.js';
import { Listing } from './listing.js';
import { LiveCalls } from './live-calls.js';
import { NodeRepository } from './node-repository.js';
import { NumberLoads } from './number-loads.js';
import { NumberRepository } from './number-repository.js';
import { OriginationQueue, type OriginationQueueOptions } from './origination-queue.js';
import { Outbox } from './outbox.js';
import { PinChecks } from './pin-checks.js';
import { PinGuards } from './pin-guards.js';
import { PinRisk } from './pin-risk.js';
import { PersonEraser } from './person-eraser.js';
import { PoolHistory } from './pool-history.js';
import { PromptUrls } from './prompt-urls.js';
import { RecordingRepository } from './recording-repository.js';
import { RecordingTransfers } from './recording-transfers.js';
import { RedisConnection, type RedisConnectionOptions } from './redis.js';
import { Scripts, type ScriptWatch } from './scripts.js';
import { SessionExpiry } from './session-expiry.js';
import { SessionNotes } from './session-notes.js';
import { SessionRepository } from './session-repository.js';
import { StatusBoard } from './status-board.js';
import { TraceFeed } from './trace-feed.js';
import { Vault } from './vault.js';
import type { WithdrawalNews } from './withdrawals.js';

export interface StoreOptions extends RedisConnectionOptions {
  /** REDIS_URL. */
  readonly url: string;
  /** DATA_KEYS: base64 of 32 bytes each, newest first. */
  readonly dataKeys: readonly string[];
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /** Default none. */
  readonly callLimits?: CallLimits;
  readonly pinGuard?: PinGuardRules;
  /** Told when callers begin to be asked for more than a PIN, and when that ends. Must not throw. */
  readonly onPinGuard?: (news: PinGuardNews) => void;
  /** Milliseconds that a session stays readable once it has expired. Default 90 days. */
  readonly retention?: number;
  readonly originations?: OriginationQueueOptions;
  readonly audit?: AuditLogOptions;
  /** Milliseconds that the trace of a call is kept; 0 for none at all. Default 7 days. */
  readonly traceRetention?: number;
  /** Told of steps of calls that were not noted. Must not throw. */
  readonly onTraceLost?: (steps: number) => void;
  /** What calls and sessions cost from now on. Default nothing. */
  readonly tariff?: Tariff;
  /** Told of every leg that has ended, once, by the process that wrote it. Must not throw. */
  readonly onLegWritten?: (leg: LegRecord, address: LegAddress) => void;
  /** Told of every script that Redis was asked to run. */
  readonly onScript?: ScriptWatch;
  /** Told of creates that failed while Redis did not answer, and what became of their sessions. */
  readonly onWithdrawal?: (news: WithdrawalNews) => void;
}

const DAY = 24 * 3_600_000;
const SEVEN_DAYS = 7 * DAY;
const NINETY_DAYS = 90 * DAY;
/** Milliseconds that statistics of calls are kept. */
const STATISTICS_RETENTION = 30 * DAY;
/** Milliseconds that it is kept what creates came upon: six weeks, for trends. */
const POOL_RETENTION = 42 * DAY;

/** Everything that is kept in Redis, over one connection. */
export class Store {
  readonly numbers: NumberRepository;
  readonly sessions: SessionRepository;
  readonly accounts: AccountRepository;
  readonly audit: AuditLog;
  readonly expiry: SessionExpiry;
  readonly calls: CallRepository;
  readonly admissions: Admissions;
  readonly callLog: CallLog;
  readonly liveCalls: LiveCalls;
  readonly recordings: RecordingRepository;
  readonly transfers: RecordingTransfers;
  readonly commands: CommandQueue;
  readonly leases: LeaseRepository;
  readonly nodes: NodeRepository;
  readonly originations: OriginationQueue;
  readonly outbox: Outbox;
  readonly callbacks: CallbackLog;
  readonly notes: SessionNotes;
  readonly promptUrls: PromptUrls;
  readonly pinGuards: PinGuards;
  readonly persons: PersonEraser;
  readonly board: StatusBoard;
  readonly numberLoads: NumberLoads;
  readonly traces: CallTraces;
  readonly feed: TraceFeed;
  readonly statistics: CallStatistics;
  readonly poolHistory: PoolHistory;
  readonly #connection: RedisConnection;

  /** Begins to connect. Throws BadRedisUrlError, BadDataKeysError. */
  constructor(options: StoreOptions) {
    const vault = new Vault(options.dataKeys);
    const tariff = options.tariff ?? FREE;
    this.#connection = new RedisConnection(options.url, options);
    const { client } = this.#connection;
    const scripts = new Scripts(client, options.onScript);
    this.callbacks = new CallbackLog(scripts, vault);
    const now = options.now ?? Date.now;
    this.outbox = new Outbox(client, scripts, vault, options.onError, now);
    this.notes = new SessionNotes(scripts);
    this.promptUrls = new PromptUrls(client, scripts, vault);
    this.numbers = new NumberRepository(client, scripts);
    this.sessions = new SessionRepository(client, scripts, vault, this.numbers, {
      sessionFee: tariff.sessionFee,
      ...(options.retention === undefined ? {} : { retention: options.retention }),
      ...(options.onError === undefined ? {} : { onAdviceLost: options.onError }),
      ...(options.commandTimeout === undefined ? {} : { patience: options.commandTimeout }),
      ...(options.onWithdrawal === undefined ? {} : { onWithdrawal: options.onWithdrawal }),
    });
    this.accounts = new AccountRepository(client, scripts, vault, this.numbers, this.sessions);
    this.expiry = new SessionExpiry(client, scripts, this.numbers, this.outbox);
    this.leases = new LeaseRepository(client, scripts);
    this.nodes = new NodeRepository(client, scripts);
    const listing = new Listing(client, scripts);
    this.audit = new AuditLog(scripts, listing, options.audit);
    this.callLog = new CallLog(client, scripts, vault, listing, options.retention ?? NINETY_DAYS);
    this.liveCalls = new LiveCalls(client, scripts, this.nodes, this.callLog);
    this.recordings = new RecordingRepository(client, scripts, vault, this.outbox, listing);
    this.transfers = new RecordingTransfers(client, scripts);
    this.persons = new PersonEraser({
      ...{
        client,
        scripts,
        vault,
        callbacks: this.callbacks,
        outbox: this.outbox,
        recordings: this.recordings,
      },
      ...{ callLog: this.callLog, index: this.sessions.index, promptUrls: this.promptUrls },
    });
    const onLost = options.onError ?? (() => undefined);
    const callLimits = options.callLimits ?? NO_LIMITS;
    this.admissions = new Admissions(client, scripts, callLimits);
    const { callLog: log, liveCalls: live, recordings, admissions } = this;
    this.traces = new CallTraces(client, scripts, vault, listing, {
      retention: options.traceRetention ?? SEVEN_DAYS,
      now,
      ...(options.onTraceLost === undefined ? {} : { onLost: options.onTraceLost }),
    });
    this.board = new StatusBoard(client);
    this.numberLoads = new NumberLoads(scripts);
    this.feed = new TraceFeed(client);
    this.statistics = new CallStatistics(client, scripts, { retention: STATISTICS_RETENTION });
    this.poolHistory = new PoolHistory(client, scripts, POOL_RETENTION);
    const { traces, statistics } = this;
    const onWritten = (leg: LegRecord, address: LegAddress, accountId: string): void => {
      const { interactionId: id, ...where } = address;
      traces.note({ ...where, id, accountId }, legEnd(leg), leg.endedAt);
      statistics.legEnded(leg);
      options.onLegWritten?.(leg, address);
    };
    const indexes = { log, live, recordings, admissions, onLost, onWritten, now };
    const rules = options.pinGuard ?? DEFAULT_PIN_GUARD;
    const onNews = options.onPinGuard ?? (() => undefined);
    this.pinGuards = new PinGuards(client, scripts, rules);
    const pins = new PinChecks(scripts, vault, this.outbox, {
      rules,
      guards: this.pinGuards,
      overall: new PinRisk(scripts, rules.overallRisk, onNews, onLost),
      onNews,
      onLost,
    });
    this.calls = new CallRepository(client, scripts, vault, this.outbox, indexes, pins, tariff, callLimits);
    this.commands = new CommandQueue(client, scripts);
    this.originations = new OriginationQueue(client, scripts, options.originations);
  }

  /** Resolves when Redis answers; throws StoreUnavailableError when it does not. */
  async ready(): Promise<void> {
    await this.#connection.ready();
  }

  /** Withdraws what failed creates may have left, lets commands on their way finish, and disconnects. */
  async close(): Promise<void> {
    await Promise.all([
      this.sessions.close(),
      this.traces.close(),
      this.statistics.close(),
      this.poolHistory.close(),
    ]);
    await this.#connection.close();
  }
}
