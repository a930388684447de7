import { AddressGuard } from '../outbound/address-guard.js';
import { CallbackQueue, type Delivery } from '../store/callback-queue.js';
import type { CallbackAddress, CallbackLog, LoggedCallback } from '../store/callback-log.js';
import type { Store } from '../store/store.js';
import type { Logger } from '../telemetry/logger.js';
import { Courier, type CourierOptions } from './courier.js';
import type { FailureClass, RetryDefaults } from './delivery-rules.js';
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
  /** See CourierOptions. */
  readonly onAttempt?: CourierOptions['onAttempt'];
  readonly longestWait?: number;
  /** See CallbackQueueOptions, RelayOptions. */
  readonly lockDuration?: number;
  readonly mostStalls?: number;
  readonly sweepInterval?: number;
  readonly mostWaiting?: number;
}

const DEFAULT_GRACE = 5_000;
/** Deliveries that are looked at beyond those under way: to be told to wait, they need no more than a moment. */
const SPARE = 16;

/** Tells clients' receivers of what happens to sessions: from the outboxes to the receivers' answers. */
export class Callbacks {
  readonly #options: CallbacksOptions;
  readonly #queue: CallbackQueue;
  readonly #courier: Courier;
  readonly #relay: Relay;

  /** Throws an Error of ipaddr.js when an allowed address is none. */
  constructor(options: CallbacksOptions) {
    const { settings, store, logger, now } = options;
    const log = store.callbacks;
    this.#options = options;
    const defaults: RetryDefaults = { retries: settings.retries, retryOn: settings.retryOn };
    const lanes = new ReceiverLanes({ places: settings.concurrency, most: settings.receiverConcurrency });
    this.#queue = new CallbackQueue({
      url: options.redisUrl,
      concurrency: settings.concurrency + SPARE,
      retryDelays: settings.retryDelays,
      onError: (error) => logger.warn({ err: error }, 'the queue of callbacks failed'),
      onGivenUp: (delivery) => void this.#giveUp(delivery),
      ...(options.lockDuration === undefined ? {} : { lockDuration: options.lockDuration }),
      ...(options.mostStalls === undefined ? {} : { mostStalls: options.mostStalls }),
    });
    this.#courier = new Courier({
      log,
      client: new ReceiverClient(new AddressGuard(settings.allowAddresses)),
      lanes,
      defaults,
      tokensOf: options.tokensOf,
      now,
      logger,
      ...(options.onAttempt === undefined ? {} : { onAttempt: options.onAttempt }),
      ...(options.longestWait === undefined ? {} : { longestWait: options.longestWait }),
    });
    this.#relay = new Relay({
      outbox: store.outbox,
      log,
      queue: this.#queue,
      lanes,
      payloads: options.payloads,
      defaults,
      now,
      logger,
      ...(options.sweepInterval === undefined ? {} : { sweepInterval: options.sweepInterval }),
      ...(options.mostWaiting === undefined ? {} : { mostWaiting: options.mostWaiting }),
    });
  }

  /** How things stand, in words. */
  get detail(): string {
    return this.#relay.detail;
  }

  /** How many wait or are under way, and since when the oldest does. Throws StoreUnavailableError. */
  async standing(): Promise<{ readonly waiting: number; readonly oldestAt: number | null }> {
    const [waiting, oldestAt] = await Promise.all([this.#queue.size(), this.#queue.oldestAt()]);
    return { waiting, oldestAt };
  }

  start(): void {
    this.#queue.work((delivery, turn) => this.#courier.deliver(delivery, turn));
    this.#relay.start();
  }

  /**
   * What is not delivered within `graceMs` milliseconds goes back to the queue, and what is not queued stays in
   * its outbox.
   */
  async stop(graceMs = DEFAULT_GRACE): Promise<void> {
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

  /**
   * Sends a callback once more, with its own retries. False when it is not known.
   * Throws StoreUnavailableError, QueueFullError.
   */
  async resend(address: CallbackAddress): Promise<boolean> {
    const { callbacks, outbox } = this.#options.store;
    void outbox.mark(address.number);
    if (!(await callbacks.resend(address, this.#options.now()))) return false;
    outbox.appended(address.number);
    return true;
  }

  async #giveUp(delivery: Delivery): Promise<void> {
    const { logger } = this.#options;
    const { sessionId: session, sequence } = delivery;
    try {
      logger.error({ session, sequence }, 'a callback is given up: controllers died of it again and again');
      await this.#courier.giveUp(delivery);
    } catch (error) {
      logger.error({ err: error, session, sequence }, 'that a callback was given up could not be noted');
    }
  }
}
