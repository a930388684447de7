import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { Readiness } from './api/deps.js';
import { CallClaims } from './calls/call-claims.js';
import { DestinationGuard } from './calls/destination-guard.js';
import { FirstPartyDialer } from './calls/first-party-dialer.js';
import { NodeCommands } from './calls/node-commands.js';
import { LapsedCalls } from './calls/lapsed-calls.js';
import { Reconciler } from './calls/reconciler.js';
import { CallRecords } from './calls/records.js';
import { logPinGuard, PinGuardWatch } from './calls/pin-guard-watch.js';
import { SessionSweep } from './calls/session-sweep.js';
import { NodeLease } from './calls/node-lease.js';
import { NodeSharing } from './calls/node-sharing.js';
import { NodeSupervisor, type SupervisorOptions } from './calls/supervisor.js';
import type { Config } from './config.js';
import { FreeswitchNode } from './freeswitch/node.js';
import { letsIn } from './freeswitch/probe.js';
import type { Callbacks } from './callbacks/callbacks.js';
import { callbacksOf } from './callbacks-of.js';
import { CdrIntake } from './cdr-intake.js';
import type { VirtualNumber } from './masking/virtual-number.js';
import { PromptKeeper } from './prompts/prompt-keeper.js';
import { httpApi, type HttpApiOptions } from './http-api.js';
import { inTime } from './in-time.js';
import { QuestionDesk, type QuestionDeskOptions } from './question-desk.js';
import { PromptLibrary } from './prompts/prompt-library.js';
import { SessionPrompts } from './prompts/session-prompts.js';
import { addNumbers } from './seeding.js';
import { StatusReporter } from './status-reporter.js';
import { RecordingService } from './recordings/recording-service.js';
import { Store } from './store/index.js';
import type { Lease } from './store/lease-repository.js';
import { proofOf } from './lease-holder.js';
import type { Logger } from './telemetry/logger.js';
import { Metrics, type Snapshot } from './telemetry/metrics.js';
import { Tracing } from './telemetry/tracing.js';
import { VERSION } from './version.js';
import { withdrawalLog } from './withdrawal-log.js';

/** Milliseconds that what runs has to finish when the controller stops; less when the deadline is short. */
const LONGEST_GRACE_MS = 5_000;
const QUESTION_GRACE_MS = 3_000;
/** Milliseconds that what is left of traces may take to be sent. */
const TRACING_GRACE_MS = 2_000;
/** Milliseconds that what a scrape asks for may take. */
const SNAPSHOT_MS = 2_500;

export interface ControllerOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Adds routes of its own to the HTTP server, beside those of the API. */
  readonly routes?: (app: FastifyInstance) => void;
  /** Whether its phones are simulated, so that the console may play with them. Default false. */
  readonly isSandbox?: boolean;
}

/** One controller: everything it is made of, and the order in which that starts and stops. */
export class Controller {
  /** Tells this controller from every other, and from what it was before a restart. */
  readonly #id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #metrics: Metrics;
  readonly #tracing: Tracing;
  readonly #store: Store;
  readonly #prompts: PromptLibrary;
  readonly #sessionPrompts: SessionPrompts;
  readonly #promptKeeper: PromptKeeper;
  readonly #questions: QuestionDesk;
  readonly #nodes: FreeswitchNode[] = [];
  readonly #supervisors: NodeSupervisor[];
  readonly #sharing: NodeSharing;
  readonly #status: StatusReporter;
  readonly #sweep: SessionSweep<Lease>;
  readonly #pinGuards: PinGuardWatch;
  readonly #lapsed: LapsedCalls;
  readonly #cdrs: CdrIntake;
  readonly #callbacks: Callbacks;
  readonly #recordings: RecordingService<Lease>;
  readonly #api: FastifyInstance;
  readonly #stopping = new AbortController();
  /** Endpoint of each node's name, as far as this controller supervises them. */
  readonly #nodeNames = new Map<string, string>();
  #seeding: Promise<void> = Promise.resolve();
  #started = false;

  constructor(
    config: Config,
    log: Logger,
    { now = Date.now, routes, isSandbox = false }: ControllerOptions = {},
  ) {
    this.#config = config;
    this.#log = log;
    this.#now = now;
    this.#metrics = new Metrics(() => this.#snapshot(), VERSION);
    const about = { wanted: config.tracing, instance: this.#id, version: VERSION };
    this.#tracing = new Tracing({ ...about, now, log });
    this.#store = new Store({
      url: config.redisUrl,
      now,
      dataKeys: config.dataKeys,
      retention: config.sessionRetention,
      tariff: config.tariff,
      callLimits: config.callLimits,
      pinGuard: config.pinGuard,
      onPinGuard: (news) => logPinGuard(log, news),
      audit: {
        ...config.audit,
        onLost: (entries) =>
          log.warn({ entries }, 'the audit log of the day is full: its oldest entries gave way'),
      },
      onError: (error) => log.warn({ err: error }, 'Redis failed'),
      onWithdrawal: withdrawalLog(log),
      traceRetention: config.traceRetention,
      onTraceLost: (steps) => log.warn({ steps }, 'steps of calls were not noted: Redis is away or too slow'),
      onLegWritten: (leg, address) => {
        this.#metrics.legEnded(leg);
        this.#tracing.legEnded(leg, address);
      },
      onScript: (name, elapsedMs, isFailure) => {
        this.#metrics.redisAnswered(name, elapsedMs, isFailure);
        this.#tracing.scriptRun(name, elapsedMs, isFailure);
      },
    });
    this.#prompts = new PromptLibrary({
      dir: config.folders.prompts,
      allowAddresses: config.prompts.allowAddresses,
      fetchTimeoutMs: config.prompts.fetchTimeout,
      maxFolderBytes: config.prompts.maxFolderBytes,
      now,
      refreshAfterMs: config.prompts.refreshAfter,
      logger: log,
    });
    const prompts = { library: this.#prompts, urls: this.#store.promptUrls, now, log };
    this.#sessionPrompts = new SessionPrompts({ ...prompts, notes: this.#store.notes });
    this.#promptKeeper = new PromptKeeper(prompts);
    this.#recordings = new RecordingService({
      folder: config.folders.recordings,
      settings: config.recordings,
      publicUrl: config.http.publicUrl,
      dataKeys: config.dataKeys,
      store: this.#store.recordings,
      transfers: this.#store.transfers,
      meter: this.#metrics,
      interactions: this.#store.callLog,
      leases: this.#store.leases,
      controllerId: this.#id,
      now,
      log,
    });
    const records = new CallRecords({
      store: this.#store.calls,
      log,
      meter: this.#metrics,
      tracer: this.#store.traces,
      now,
    });
    this.#cdrs = new CdrIntake({ config, records, log });
    const destinations = new DestinationGuard({
      rules: config.destinations,
      numbers: this.#store.numbers,
      now,
    });
    const { calls: store, admissions, notes } = this.#store;
    const claims = new CallClaims({ store, admissions, destinations, notes, now, log });
    this.#questions = new QuestionDesk({
      ...{ config, store: this.#store, claims, destinations, records, now, log },
      prompts: this.#prompts,
      recordings: this.#recordings,
      nodes: this.#nodes,
      meter: this.#questionMeter(),
      tracing: this.#tracing,
      signal: this.#stopping.signal,
    });
    this.#supervisors = this.#nodeSupervisors(records, claims);
    const places = new Map(config.freeswitch.nodes.map((node) => [`${node.host}:${node.port}`, node]));
    this.#sharing = new NodeSharing({
      controllerId: this.#id,
      nodes: this.#supervisors,
      board: this.#store.board,
      reach: async (endpoint) => {
        const place = places.get(endpoint);
        return place !== undefined && letsIn({ ...place, password: config.freeswitch.password, log });
      },
      log,
    });
    const startedAt = Date.now();
    this.#status = new StatusReporter({
      identity: { id: this.#id, host: hostname(), version: VERSION, startedAt },
      board: this.#store.board,
      nodes: () => Promise.all(this.#supervisors.map((supervisor) => supervisor.report(config.trunks))),
      wants: () => this.#sharing.wants,
      log,
    });
    this.#lapsed = new LapsedCalls({
      store: this.#store.calls,
      names: () => this.#store.nodes.names(),
      sightings: this.#store.nodes,
      recordWaits: (uuid) => this.#cdrs.holds(uuid),
      now,
      log,
    });
    this.#sweep = new SessionSweep({
      controllerId: this.#id,
      leases: this.#store.leases,
      expiry: this.#store.expiry,
      mendIndex: (at) => this.#store.sessions.mendIndex(at),
      now,
      log,
    });
    this.#pinGuards = new PinGuardWatch({ guards: this.#store.pinGuards, now, log });
    this.#callbacks = callbacksOf(
      config,
      this.#store,
      this.#recordings.urls,
      (tried) => {
        this.#metrics.callbackAttempted(tried.result, tried.durationMs);
        this.#tracing.callbackTried(tried);
      },
      now,
      log,
    );
    this.#api = httpApi({
      config,
      callbacks: this.#callbacks,
      destinations,
      store: this.#store,
      recordings: this.#recordings,
      remembered: this.#questions.routes,
      prepare: (session) => this.#sessionPrompts.prepare(session),
      readiness: () => this.#readiness(),
      metrics: this.#requestMeter(),
      console: {
        enabled: config.console,
        isSandbox,
        softphones: config.browserPhones !== null,
        callbacks: () => this.#callbacks.standing(),
      },
      ...(routes === undefined ? {} : { routes }),
      now,
      log,
    });
  }

  /** What becomes of questions, for Prometheus and for the charts that need none. */
  #questionMeter(): QuestionDeskOptions['meter'] {
    const metrics = this.#metrics;
    return {
      pinChecked: (result) => metrics.pinChecked(result),
      questionTaken: (outcome, elapsedMs) => metrics.questionTaken(outcome, elapsedMs),
      unconnected: (why) => {
        metrics.unconnected(why);
        this.#store.statistics.unconnected(why, this.#now());
      },
    };
  }

  /** What becomes of requests, for Prometheus and OpenTelemetry. */
  #requestMeter(): HttpApiOptions['metrics'] {
    const metrics = this.#metrics;
    return {
      contentType: metrics.contentType,
      text: () => metrics.text(),
      sessionCreated: (code) => metrics.sessionCreated(code),
      requestAnswered: (request) => {
        metrics.requestAnswered(request);
        this.#tracing.requestAnswered(request);
      },
    };
  }

  /** Resolves once the API listens. What it depends on may still be on its way: /readyz tells. */
  async start(): Promise<void> {
    const { folders, http } = this.#config;
    for (const folder of [folders.recordings, folders.prompts]) await mkdir(folder, { recursive: true });
    // What waits here holds real numbers.
    await mkdir(folders.cdr, { recursive: true, mode: 0o700 });
    await this.#tracing.start();
    await this.#questions.start();
    for (const supervisor of this.#supervisors) supervisor.start();
    await this.#cdrs.start();
    this.#sharing.start();
    this.#status.start();
    this.#sweep.start();
    this.#pinGuards.start();
    this.#lapsed.start();
    this.#callbacks.start();
    this.#promptKeeper.start();
    this.#recordings.start();
    this.#seeding = addNumbers(this.#config.virtualNumbers, this.#store.numbers, this.#store.audit, {
      now: this.#now,
      log: this.#log,
      signal: this.#stopping.signal,
    });
    await this.#api.listen({ host: http.host, port: http.port });
    if (this.#stopping.signal.aborted) return;
    this.#started = true;
    this.#log.info({ http: `${http.host}:${http.port}` }, 'the controller is up');
  }

  /**
   * Drains: at once no new question is taken and every lease is handed over; what runs is finished. Calls that
   * are up go on without us. Side by side, so that nothing that hangs holds up the rest; each part has a limit.
   */
  async stop(): Promise<void> {
    this.#started = false;
    this.#stopping.abort();
    const graceMs = Math.min(LONGEST_GRACE_MS, this.#config.shutdownDeadline * 250);
    await Promise.all([
      this.#questions.stop(Math.min(QUESTION_GRACE_MS, graceMs)),
      this.#sharing.stop(),
      ...this.#supervisors.map((supervisor) => supervisor.stop()),
      this.#status.stop(),
      this.#sweep.stop(),
      this.#pinGuards.stop(),
      this.#lapsed.stop(),
      this.#recordings.stop(),
      this.#cdrs.stop(),
      this.#callbacks.stop(graceMs),
      this.#seeding,
    ]);
    // Until here the API has told balancers, at /readyz, that this controller goes.
    await this.#closeApi(graceMs);
    await this.#recordings.close();
    await this.#prompts.close();
    await this.#promptKeeper.stop();
    await this.#store.close();
    await this.#tracing.stop(Math.min(TRACING_GRACE_MS, graceMs));
    this.#log.info('the controller is down');
  }

  /** Requests under way are answered; who takes longer than `graceMs` milliseconds over one is cut off. */
  async #closeApi(graceMs: number): Promise<void> {
    const limit = setTimeout(() => {
      this.#log.warn({ graceMs }, 'requests that took too long were cut off');
      this.#api.server.closeAllConnections();
    }, graceMs);
    try {
      await this.#api.close();
    } finally {
      clearTimeout(limit);
    }
  }

  #nodeSupervisors(records: CallRecords, claims: CallClaims): NodeSupervisor[] {
    const { freeswitch, trunks } = this.#config;
    const store = this.#store;
    const now = this.#now;
    const log = this.#log;
    return freeswitch.nodes.map(({ host, port }) => {
      const endpoint = `${host}:${port}`;
      const lease = new NodeLease({ endpoint, controllerId: this.#id, leases: store.leases, log });
      const checkHold = (): void => void proofOf(lease);
      const isEndKnown = (uuid: string): boolean => records.isWritten(uuid);
      const node = new FreeswitchNode({
        ...{ host, port, password: freeswitch.password, log },
        ...{ checkHold, isEndKnown },
      });
      this.#nodes.push(node);
      const dialer = new FirstPartyDialer({
        node,
        hold: lease,
        source: store.originations,
        store: store.calls,
        claims,
        sessions: { get: (id) => store.sessions.get(id, now()) },
        numbers: store.numbers,
        records,
        tracer: store.traces,
        trunks,
        hasOthers: freeswitch.nodes.length > 1,
        now,
        log,
      });
      const reconciler = new Reconciler({
        node,
        hold: lease,
        store: store.calls,
        sightings: store.nodes,
        names: () => this.#namesOf(endpoint, node.name),
        knownNames: () => store.nodes.namesOf(endpoint),
        recordWaits: (uuid) => this.#cdrs.holds(uuid),
        now,
        log,
      });
      // A wish to hang up waits in real time, whatever clock calls go by.
      const commands = new NodeCommands({ node, hold: lease, source: store.commands, now: Date.now, log });
      const onLedNowhere: SupervisorOptions['onLedNowhere'] = (leg, unmarked) =>
        this.#tracing.ledNowhere(leg, unmarked);
      return new NodeSupervisor({ lease, node, records, dialer, commands, reconciler, log, onLedNowhere });
    });
  }

  /**
   * The names that the node at `endpoint` has had. Two nodes of one name would end each other's calls in
   * the records, so neither is reconciled then.
   */
  async #namesOf(endpoint: string, name: string): Promise<readonly string[]> {
    const owner = this.#nodeNames.get(name);
    if (owner !== undefined && owner !== endpoint) {
      this.#log.error({ name, endpoints: [owner, endpoint] }, 'two nodes have one name: set NODE_NAME');
      return [];
    }
    this.#nodeNames.set(name, endpoint);
    return this.#store.nodes.remember(endpoint, name);
  }

  /** What is only known when somebody asks. What Redis does not say in time is left out. */
  async #snapshot(): Promise<Snapshot> {
    // A Redis that was never there rejects nothing.
    const known = <T>(asked: Promise<T>): Promise<T | null> => inTime(asked, SNAPSHOT_MS).catch(() => null);
    const [redis, inventory, calls, callbacks, transfers] = await Promise.all([
      known(this.#store.ready().then(() => true)),
      known(this.#store.numbers.inventory()),
      known(this.#store.admissions.running()),
      known(this.#callbacks.standing()),
      known(this.#recordings.objects.waiting()),
    ]);
    return {
      redisUp: redis === true,
      nodes: this.#supervisors.map(({ endpoint, state, holding }) => ({
        node: endpoint,
        up: state === 'up',
        held: holding,
      })),
      numbers: countedNumbers(inventory ?? []),
      calls,
      bucket: { up: this.#recordings.objects.isUp, waiting: transfers },
      callbacks:
        callbacks === null
          ? null
          : {
              waiting: callbacks.waiting,
              oldest: callbacks.oldestAt === null ? 0 : Math.max(0, Date.now() - callbacks.oldestAt) / 1_000,
            },
    };
  }

  async #readiness(): Promise<Readiness> {
    const redis = await this.#store.ready().then(
      () => ({ ok: true, detail: 'answers' }),
      () => ({ ok: false, detail: 'does not answer' }),
    );
    // A node that is gone, or still to come, takes nothing from what the others are here for.
    const isOneThere = this.#supervisors.some(({ state }) => state === 'up' || state === 'standby');
    const nodes = this.#supervisors.map(({ state }, index): [string, Readiness[string]] => [
      `freeswitch-${index}`,
      { ok: isOneThere, detail: state },
    ]);
    const questions = this.#questions.accepting;
    return {
      redis,
      questions: { ok: questions, detail: questions ? 'listening' : 'closed' },
      ...Object.fromEntries(nodes),
      // Calls go on without it.
      recordings: { ok: true, detail: this.#recordings.detail },
      callbacks: { ok: true, detail: this.#callbacks.detail },
      controller: { ok: this.#started, detail: this.#started ? 'running' : 'starting or stopping' },
    };
  }
}

function countedNumbers(
  inventory: readonly Pick<VirtualNumber, 'country' | 'enabled'>[],
): Snapshot['numbers'] {
  const counts = new Map<string, { country: string; enabled: boolean; count: number }>();
  for (const { country, enabled } of inventory) {
    const key = `${country} ${String(enabled)}`;
    const counted = counts.get(key) ?? { country, enabled, count: 0 };
    counts.set(key, { ...counted, count: counted.count + 1 });
  }
  return [...counts.values()];
}
