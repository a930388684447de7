import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';

import { DestinationGuard } from '../../src/calls/destination-guard.js';
import { httpApi } from '../../src/http-api.js';
import { NO_LIMITS } from '../../src/masking/call-limits.js';
import { DEFAULT_PIN_GUARD } from '../../src/masking/pin-guard.js';
import { ANY_COUNTRY } from '../../src/masking/destinations.js';
import { FREE } from '../../src/masking/billing.js';
import { RecordingFiles } from '../../src/recordings/recording-files.js';
import { RecordingObjects } from '../../src/recordings/recording-objects.js';
import { RecordingKeeper } from '../../src/recordings/recording-keeper.js';
import { RecordingUrls } from '../../src/recordings/recording-urls.js';
import { Store, type WithdrawalNews } from '../../src/store/index.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { withdrawalLog } from '../../src/withdrawal-log.js';
import { RedisServer } from './redis-server.js';

export interface RunningApiOptions {
  readonly sessionEndHangsUp?: boolean;
  /** Milliseconds until a command to Redis fails. Default 2000, as in a controller. */
  readonly commandTimeout?: number;
}

/** The HTTP API on a port of its own, over a Redis of its own. No FreeSWITCH. */
export class RunningApi {
  readonly account = { id: 'MATESTTESTTESTTEST00', token: randomBytes(24).toString('base64url') };
  /** Ids of the sessions whose audio was to be fetched. */
  readonly prepared: string[] = [];
  /** Lines of the log. */
  readonly lines: string[] = [];
  /** What became of creates that failed while Redis did not answer. */
  readonly withdrawals: WithdrawalNews[] = [];
  readonly store: Store;
  readonly #app: FastifyInstance;

  private constructor(
    readonly redis: RedisServer,
    { sessionEndHangsUp, commandTimeout, key }: Required<RunningApiOptions> & { readonly key: string },
  ) {
    const log = createLogger({
      level: 'debug',
      destination: { write: (line) => void this.lines.push(line) },
    });
    const store = new Store({
      ...{ url: redis.url, dataKeys: [key], commandTimeout },
      onWithdrawal: (news) => {
        this.withdrawals.push(news);
        withdrawalLog(log)(news);
      },
    });
    this.store = store;
    const files = new RecordingFiles(redis.dir);
    this.#app = httpApi({
      config: {
        account: this.account,
        http: {
          ...{ host: '127.0.0.1', port: 0, publicUrl: 'https://masking.example.com' },
          limits: {
            perCredential: 0,
            anonymous: 300,
            wrongTokens: 10,
            connections: 2_000,
            trustedProxies: [],
          },
          metricsAllow: ['127.0.0.0/8'],
        },
        defaultCountry: '',
        maxSessionExpiry: 86_400,
        sessionEndHangsUp,
        tariff: FREE,
        browserPhones: null,
        trunks: ['carrier'],
        dataKeys: [key],
        callLimits: NO_LIMITS,
        pinGuard: DEFAULT_PIN_GUARD,
        folders: { recordings: redis.dir, prompts: redis.dir, cdr: redis.dir },
      },
      store,
      destinations: new DestinationGuard({
        rules: ANY_COUNTRY,
        numbers: store.numbers,
        now: Date.now,
      }),
      remembered: { forget: () => undefined, forgetNumber: () => undefined, forgetPerson: () => undefined },
      callbacks: {
        list: (...query) => store.callbacks.list(...query),
        read: (address) => store.callbacks.read(address),
        // Nothing is sent from here.
        resend: () => Promise.resolve(false),
      },
      recordings: {
        files,
        keeper: new RecordingKeeper({
          store: store.recordings,
          interactions: store.callLog,
          files,
          now: Date.now,
          log,
        }),
        objects: new RecordingObjects({
          ...{ bucket: null, transfers: store.transfers, store: store.recordings, files },
          meter: { transferred: () => undefined },
          now: Date.now,
          log,
        }),
        urls: new RecordingUrls({ publicUrl: 'https://masking.example.com', dataKeys: [key], lifetime: 600 }),
      },
      prepare: ({ id }) => void this.prepared.push(id),
      readiness: () => Promise.resolve({}),
      console: {
        enabled: true,
        isSandbox: false,
        softphones: false,
        callbacks: () => Promise.resolve({ waiting: 0, oldestAt: null }),
      },
      metrics: new Metrics(() => Promise.reject(new Error('nobody scrapes here')), 'test'),
      now: Date.now,
      log,
    });
  }

  static async start(options: RunningApiOptions = {}): Promise<RunningApi> {
    const { sessionEndHangsUp = false, commandTimeout = 2_000 } = options;
    const redis = await RedisServer.start();
    const key = randomBytes(32).toString('base64');
    const api = new RunningApi(redis, { sessionEndHangsUp, commandTimeout, key });
    await api.#app.listen({ host: '127.0.0.1', port: 0 });
    return api;
  }

  /** Where it listens, without a trailing slash. */
  get url(): string {
    return `http://127.0.0.1:${(this.#app.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await this.#app.close();
    await this.store.close();
    await this.redis.stop();
  }
}
