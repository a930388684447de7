import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

import { buildApi } from './api/build-api.js';
import type { CallbackStore, Readiness } from './api/deps.js';
import type { Config } from './config.js';
import type { MaskingSession } from './masking/session.js';
import type { Store } from './store/index.js';
import type { Logger } from './telemetry/logger.js';

export interface HttpApiOptions {
  readonly config: Pick<Config, 'account' | 'http' | 'defaultCountry' | 'maxSessionExpiry'>;
  readonly store: Pick<Store, 'sessions' | 'numbers' | 'accounts' | 'notes' | 'originations'>;
  readonly callbacks: CallbackStore;
  /** Fetches the audio that a new or changed session needs. */
  readonly prepare: (session: MaskingSession) => void | Promise<void>;
  readonly readiness: () => Promise<Readiness>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** The HTTP API over the store, with what follows a new or changed session. */
export function httpApi(options: HttpApiOptions): FastifyInstance {
  const { config, store, now, log } = options;
  return buildApi({
    account: config.account,
    publicUrl: config.http.publicUrl,
    defaultCountry: config.defaultCountry,
    maxSessionExpiry: config.maxSessionExpiry,
    rateLimit: config.http.rateLimit,
    sessions: {
      get: (id, at) => store.sessions.get(id, at),
      update: (id, change, at) => store.sessions.update(id, change, at),
      end: (id, at) => store.sessions.end(id, at),
      list: (query, at) => store.sessions.list(query, at),
      create: async (draft) => {
        const session = await store.sessions.create(draft);
        await callFirstParty(session);
        return session;
      },
    },
    numbers: store.numbers,
    notes: store.notes,
    accounts: store.accounts,
    callbacks: options.callbacks,
    onSessionCreated: options.prepare,
    onSessionUpdated: options.prepare,
    readiness: options.readiness,
    clock: { now },
    logger: log,
  });

  /**
   * Queues the call before the client is answered, so that an acknowledged call is on disk. The session
   * exists by now: a failure is logged, and may not look like a create that failed.
   */
  async function callFirstParty(session: MaskingSession): Promise<void> {
    if (!session.settings.initiateCallToFirstParty) return;
    const job = { interactionId: randomUUID(), sessionId: session.id, number: session.virtualNumber };
    try {
      await store.originations.push(job, now());
    } catch (error) {
      log.error({ err: error, session: session.id }, 'the call to the first party was not queued');
    }
  }
}
