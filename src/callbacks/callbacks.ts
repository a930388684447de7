import { AddressGuard } from '../outbound/address-guard.js';
import { CallbackQueue } from '../store/callback-queue.js';
import type { CallbackAddress, CallbackLog, LoggedCallback } from '../store/callback-log.js';
import type { Store } from '../store/store.js';
import type { Logger } from '../telemetry/logger.js';
import { Courier } from './courier.js';
import { rulesOf, type FailureClass, type RetryDefaults } from './delivery-rules.js';
import { ReceiverLanes } from './lanes.js';
import type { PayloadContext } from './parameters.js';
import { ReceiverClient } from './receiver-client.js';
import { Relay } from './relay.js';
import type { SigningTokens } from './signature.js';

/** What the operator decides about callbacks. */
export interface CallbackSettings {
  /** CIDR blocks and addresses outside the public Internet that receivers may be at. */
  readonly allowAddresses: readonly string[];
  readonly retries: number;
  readonly retryOn: readonly FailureClass[];
  /** Milliseconds before each retry; the last one counts for all after it. */
  readonly retryDelays: readonly number[];
  /** Attempts under way on this controller, and at one receiver. */
  readonly concurrency: number;
  readonly receiverConcurrency: number;
}

export interface CallbacksOptions {
  readonly settings: CallbackSettings;
  /** REDIS_URL. */
  readonly redisUrl: string;
  readonly store: Store;
  readonly payloads: PayloadContext;
  readonly tokensOf: (accountId: string) => Promise<SigningTokens>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
  /** See CallbackQueueOptions, RelayOptions. */
  readonly lockDuration?: number;
  readonly sweepInterval?: number;
}

/** Tells clients' receivers of what happens to sessions: from the outboxes to the receivers' answers. */
export class Callbacks {
  readonly #options: CallbacksOptions;
  readonly #defaults: RetryDefaults;
  readonly #queue: CallbackQueue;
  readonly #courier: Courier;
  readonly #relay: Relay;

  /** Throws an Error of ipaddr.js when an allowed address is none. */
  constructor(options: CallbacksOptions) {
    const { settings, store, logger, now } = options;
    const log = store.callbacks;
    this.#options = options;
    this.#defaults = { retries: settings.retries, retryOn: settings.retryOn };
    this.#queue = new CallbackQueue({
      url: options.redisUrl,
      concurrency: settings.concurrency,
      retryDelays: settings.retryDelays,
      onError: (error) => logger.warn({ err: error }, 'the queue of callbacks failed'),
      ...(options.lockDuration === undefined ? {} : { lockDuration: options.lockDuration }),
    });
    this.#courier = new Courier({
      log,
      client: new ReceiverClient(new AddressGuard(settings.allowAddresses)),
      lanes: new ReceiverLanes(settings.receiverConcurrency),
      defaults: this.#defaults,
      tokensOf: options.tokensOf,
      now,
      logger,
    });
    this.#relay = new Relay({
      outbox: store.outbox,
      log,
      queue: this.#queue,
      payloads: options.payloads,
      defaults: this.#defaults,
      now,
      logger,
      ...(options.sweepInterval === undefined ? {} : { sweepInterval: options.sweepInterval }),
    });
  }

  start(): void {
    this.#queue.work((address, attempt) => this.#courier.deliver(address, attempt));
    this.#relay.start();
  }

  /**
   * What is not delivered within `graceMs` milliseconds goes back to the queue, and what is not queued stays in
   * its outbox.
   */
  async stop(graceMs = 5_000): Promise<void> {
    await this.#relay.stop();
    await this.#queue.stop(graceMs);
  }

  /** Callbacks of a session, newest first. Throws StoreUnavailableError, UnreadableDocumentError. */
  list(...query: Parameters<CallbackLog['list']>): ReturnType<CallbackLog['list']> {
    return this.#options.store.callbacks.list(...query);
  }

  /** One callback, or null. Throws as list does. */
  read(address: CallbackAddress): Promise<LoggedCallback | null> {
    return this.#options.store.callbacks.read(address);
  }

  /** Sends a callback once more, with its own retries. False when it is not known. Throws StoreUnavailableError. */
  async resend(address: CallbackAddress): Promise<boolean> {
    const { callbacks } = this.#options.store;
    const callback = await callbacks.read(address);
    if (callback === null || !(await callbacks.note(address, 'queued'))) return false;
    const attempts = 1 + rulesOf(callback.record.url, this.#defaults).retries;
    await this.#queue.add(address, attempts, `again-${this.#options.now()}`);
    return true;
  }
}
