import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

import { buildApi } from './api/build-api.js';
import { folderOfPage } from './api/plugins/built-page.js';
import type {
  ApiDeps,
  CallbackStore,
  ConsoleDeps,
  DestinationJudge,
  MetricsPage,
  Readiness,
} from './api/deps.js';
import { callDirectory, recordingDirectory } from './call-resources.js';
import { HangUps } from './calls/hang-ups.js';
import type { LegAddress } from './calls/ports.js';
import { Rehearsals } from './calls/rehearsal.js';
import type { Config } from './config.js';
import { MasklineError } from './errors.js';
import type { E164 } from './masking/phone-number.js';
import type { PoolLook } from './masking/pool.js';
import type { MaskingSession } from './masking/session.js';
import type { SessionDraft } from './masking/session-draft.js';
import { PersonErasure } from './person-erasure.js';
import type { RecordingService } from './recordings/recording-service.js';
import type { VirtualNumber } from './masking/virtual-number.js';
import type { Lease, NumberLoad, Store } from './store/index.js';
import type { Logger } from './telemetry/logger.js';
import { VERSION } from './version.js';

export interface HttpApiOptions {
  readonly config: Pick<
    Config,
    | 'account'
    | 'browserPhones'
    | 'http'
    | 'folders'
    | 'defaultCountry'
    | 'maxSessionExpiry'
    | 'sessionEndHangsUp'
    | 'tariff'
    | 'trunks'
    | 'dataKeys'
    | 'callLimits'
    | 'pinGuard'
  >;
  readonly store: Store;
  readonly recordings: Pick<RecordingService<Lease>, 'files' | 'keeper' | 'objects' | 'urls'>;
  readonly callbacks: CallbackStore;
  readonly destinations: DestinationJudge;
  /** What this controller remembers of sessions, to be told of what is not true any more. */
  readonly remembered: {
    forget(sessionId: string): void;
    forgetNumber(number: E164): void;
    forgetPerson(person: E164): void;
  };
  /** Fetches the audio that a new or changed session needs. */
  readonly prepare: (session: MaskingSession) => void | Promise<void>;
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: Omit<MetricsPage, 'allow'> & { sessionCreated(code: string | null): void };
  readonly console: Pick<ConsoleDeps, 'enabled' | 'isSandbox' | 'softphones' | 'callbacks'>;
  /** Adds routes of its own. */
  readonly routes?: (app: FastifyInstance) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

const MINUTE = 60_000;
/** The HTTP API over the store, with what follows a new or changed session. */
export function httpApi(options: HttpApiOptions): FastifyInstance {
  const { config, store, remembered, metrics, now, log } = options;
  const erasure = new PersonErasure({
    ...{ store, now, log, recordings: options.recordings, cdrFolder: config.folders.cdr },
  });
  const hangUps = new HangUps({ commands: store.commands, now: Date.now });
  return buildApi({
    account: config.account,
    publicUrl: config.http.publicUrl,
    defaultCountry: config.defaultCountry,
    maxSessionExpiry: config.maxSessionExpiry,
    limits: config.http.limits,
    sessions: {
      get: (id, at) => store.sessions.get(id, at),
      // Forgotten also when it fails: Redis may have carried it out, and only its answer is lost.
      update: (id, change, at) => store.sessions.update(id, change, at).finally(() => remembered.forget(id)),
      end: async (id, at) => {
        const ended = await store.sessions.end(id, at).finally(() => remembered.forget(id));
        if (config.sessionEndHangsUp && ended.running !== null) await hangUp(ended.running);
        return ended;
      },
      list: (query, at) => store.sessions.list(query, at),
      create: async (draft, along) => {
        const session = await created(draft, along);
        await callFirstParty(session);
        return session;
      },
    },
    numbers: {
      add: (number) => store.numbers.add(number),
      get: (number) => store.numbers.get(number),
      listed: (numbers) => store.numbers.listed(numbers),
      list: (query) => store.numbers.list(query),
      update: (number, change) =>
        store.numbers.update(number, change).finally(() => remembered.forgetNumber(number)),
      remove: (number, at) => store.numbers.remove(number, at).finally(() => remembered.forgetNumber(number)),
    },
    destinations: options.destinations,
    rehearsals: new Rehearsals({
      looks: store.calls,
      admissions: store.admissions,
      destinations: options.destinations,
      nodes: () => store.nodes.names(),
      trunks: config.trunks,
      now,
    }),
    traces: store.traces,
    feed: store.feed,
    statistics: store.statistics,
    pool: {
      guessRisk: config.pinGuard.guessRisk,
      maxCallsPerNumber: config.callLimits.MAX_CALLS_PER_NUMBER,
      past: (end, days) => store.poolHistory.read(end, days),
      loads: (numbers, at) => loadsOf(numbers, at),
    },
    pinGuards: store.pinGuards,
    notes: store.notes,
    accounts: store.accounts,
    audit: store.audit,
    persons: {
      erase: (person) => erasure.erase(person).finally(() => remembered.forgetPerson(person)),
    },
    callbacks: options.callbacks,
    calls: callDirectory(store, hangUps),
    recordings: recordingDirectory(store, options.recordings),
    tariff: config.tariff,
    browserPhones: config.browserPhones,
    onSessionCreated: options.prepare,
    onSessionUpdated: options.prepare,
    readiness: options.readiness,
    ...(options.routes === undefined ? {} : { routes: options.routes }),
    metrics: {
      allow: config.http.metricsAllow,
      contentType: metrics.contentType,
      text: () => metrics.text(),
      requestAnswered: (request) => metrics.requestAnswered(request),
    },
    console: {
      ...options.console,
      folder: folderOfPage('console'),
      dataKeys: config.dataKeys,
      version: VERSION,
      maxCallsPerNumber: config.callLimits.MAX_CALLS_PER_NUMBER,
      board: store.board,
      callsOn: (node) => store.liveCalls.countOn(node),
      callsRunning: () => store.admissions.running(),
      loads: (numbers, at) => loadsOf(numbers, at),
      creates: async (start, end) => {
        const step = Math.ceil((end - start) / MINUTE) * MINUTE;
        const from = start - (start % MINUTE);
        const spans = await store.statistics.read(from, from + step + MINUTE, step + MINUTE);
        return { created: spans[0]?.counts.created ?? 0, exhausted: spans[0]?.counts.exhausted ?? 0 };
      },
    },
    clock: { now },
    logger: log,
  });

  function loadsOf(numbers: readonly VirtualNumber[], at: number): Promise<NumberLoad[]> {
    return store.numberLoads.of(
      numbers.map(({ number }) => number),
      at,
    );
  }

  async function created(
    draft: SessionDraft,
    { permit, alongside }: Parameters<ApiDeps['sessions']['create']>[1],
  ): Promise<MaskingSession> {
    let refusal: unknown = null;
    let seen: PoolLook = { held: 0, livePins: null };
    const onLook = (look: PoolLook): void => {
      seen = look;
    };
    try {
      const session = await store.sessions.create(draft, {
        permit: async () => {
          await permit().catch((error: unknown) => {
            refusal = error;
            throw error;
          });
        },
        ...{ alongside, onLook },
      });
      metrics.sessionCreated(null);
      store.statistics.created(false, now());
      store.poolHistory.created(draft, seen, false, now());
      return session;
    } catch (error) {
      // What the API refuses was not to be created.
      if (error === refusal) throw error;
      const code = error instanceof MasklineError ? error.code : '';
      metrics.sessionCreated(code);
      if (code === 'ERR_NUMBER_POOL_EXHAUSTED') {
        store.statistics.created(true, now());
        store.poolHistory.created(draft, seen, true, now());
      }
      throw error;
    }
  }

  /** The session is over by now: a call that cannot be hung up goes on to its own limit. */
  async function hangUp(call: LegAddress): Promise<void> {
    try {
      await hangUps.hangUp({ uuid: call.interactionId, call: call.interactionId, node: call.node });
    } catch (error) {
      log.error(
        { err: error, call: call.interactionId, session: call.sessionId },
        'the call of a session that was ended was not hung up',
      );
    }
  }

  /**
   * Queues the call before the client is answered, so that an acknowledged call is on disk. The session
   * exists by now: a failure is logged, and may not look like a create that failed.
   */
  async function callFirstParty(session: MaskingSession): Promise<void> {
    if (!session.settings.initiateCallToFirstParty) return;
    const job = { interactionId: randomUUID(), sessionId: session.id, number: session.virtualNumber };
    try {
      await store.originations.push(job, now());
      log.debug({ call: job.interactionId, session: session.id }, 'a call to a first party was queued');
    } catch (error) {
      const told = { call: job.interactionId, session: session.id };
      log.error({ err: error, ...told }, 'the call to the first party was not queued');
    }
  }
}
