import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { DelayedError, Queue, UnrecoverableError, Worker, type Job } from 'bullmq';

import type { CallbackAddress } from './callback-log.js';
import { CallbackNotTakenError, StoreUnavailableError } from './errors.js';
import { CALLBACK_QUEUE_PREFIX } from './keys.js';
import { RedisConnection } from './redis.js';

export interface CallbackQueueOptions {
  /** REDIS_URL. */
  readonly url: string;
  /** Deliveries under way at once. */
  readonly concurrency: number;
  /** Milliseconds before the first retry, the second, …; the last one counts for all after it. */
  readonly retryDelays: readonly number[];
  /** Milliseconds after which a delivery whose controller died is taken up by another. Default 15 000. */
  readonly lockDuration?: number;
  readonly onError?: (error: unknown) => void;
}

/**
 * What a worker made of a delivery: `done`; `retry` uses up one of its attempts; `later` does not, and brings
 * it back after so many milliseconds.
 */
export type DeliveryResult = 'done' | 'retry' | { readonly later: number };

/** `last`: no attempt is left after this one. `signal` is aborted when the controller stops. */
export type Deliver = (
  address: CallbackAddress,
  attempt: { readonly last: boolean; readonly signal: AbortSignal },
) => Promise<DeliveryResult>;

type DeliveryJob = Job<CallbackAddress>;

const NAME = 'deliveries';
/** A delivery that found Redis away comes back after so many milliseconds. */
const STORE_PATIENCE = 5_000;
/** How often a delivery may be taken up after a controller's death. */
const MOST_STALLS = 1_000;
/** Milliseconds that Redis has for a goodbye. */
const REDIS_PATIENCE = 2_000;

/**
 * Deliveries that wait for their turn or for a retry, on disk. BullMQ keeps them: a delivery whose
 * controller dies is given to another one, so receivers may be told twice, and never not at all.
 *
 * A job holds no more than an address: what is sent lies sealed in the callback log.
 */
export class CallbackQueue {
  readonly #options: CallbackQueueOptions;
  readonly #connection: RedisConnection;
  readonly #queue: Queue<CallbackAddress>;
  readonly #stopping = new AbortController();
  #patient: RedisConnection | undefined;
  #worker: Worker<CallbackAddress> | undefined;

  /** Begins to connect. Throws BadRedisUrlError. */
  constructor(options: CallbackQueueOptions) {
    this.#options = options;
    // Every delivery under way listens.
    setMaxListeners(0, this.#stopping.signal);
    const onError = options.onError ?? (() => undefined);
    this.#connection = new RedisConnection(options.url, { onError });
    this.#queue = new Queue(NAME, {
      connection: this.#connection.client,
      prefix: CALLBACK_QUEUE_PREFIX,
      // Nobody reads the stream of BullMQ's events.
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: {
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: true,
        stackTraceLimit: 0,
      },
    });
    this.#queue.on('error', onError);
  }

  /**
   * Queues a delivery, once: while one of this address waits, adding it again changes nothing, unless it
   * is an `again`, which has an id of its own. Throws StoreUnavailableError.
   */
  async add(address: CallbackAddress, attempts: number, again = ''): Promise<void> {
    const { number, sessionId, sequence } = address;
    const jobId = [sessionId, sequence, ...(again === '' ? [] : [again])].join('_');
    try {
      await this.#queue.add(NAME, { number, sessionId, sequence }, { jobId, attempts });
    } catch (cause) {
      throw new StoreUnavailableError('a callback was not queued', { cause });
    }
  }

  /** Deliveries that wait or are under way. Throws StoreUnavailableError. */
  async size(): Promise<number> {
    try {
      return await this.#queue.count();
    } catch (cause) {
      throw new StoreUnavailableError('the queue of callbacks does not answer', { cause });
    }
  }

  /** Begins to work on deliveries. */
  work(deliver: Deliver): void {
    if (this.#worker !== undefined) return;
    const { url, concurrency, retryDelays, lockDuration = 15_000 } = this.#options;
    const onError = this.#options.onError ?? (() => undefined);
    this.#patient = new RedisConnection(url, { patient: true, onError });
    this.#worker = new Worker<CallbackAddress>(NAME, (job, token) => this.#process(deliver, job, token), {
      connection: this.#patient.client,
      prefix: CALLBACK_QUEUE_PREFIX,
      concurrency,
      lockDuration,
      stalledInterval: lockDuration / 2,
      maxStalledCount: MOST_STALLS,
      settings: {
        backoffStrategy: (made) => retryDelays[Math.min(made, retryDelays.length) - 1] ?? 0,
      },
    });
    this.#worker.on('error', onError);
  }

  /**
   * Takes nothing more; deliveries under way have `grace` milliseconds, then go back to the queue. A Redis that
   * is silent holds nobody up: what could not be given back is given out again when its lock lapses.
   */
  async stop(grace: number): Promise<void> {
    const timer = setTimeout(() => this.#stopping.abort(), grace);
    try {
      await this.#unlessSilent(this.#worker?.close(), grace + REDIS_PATIENCE);
      await this.#unlessSilent(this.#queue.close(), REDIS_PATIENCE);
    } finally {
      clearTimeout(timer);
    }
    await Promise.all([this.#connection.close(), this.#patient?.close()]);
  }

  /** Waits for `closed`, for at most so many milliseconds. Never rejects. */
  async #unlessSilent(closed: Promise<void> | undefined, withinMs: number): Promise<void> {
    if (closed === undefined) return;
    const late = new AbortController();
    const settled = closed.catch((error: unknown) => this.#options.onError?.(error));
    const limit = sleep(withinMs, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([settled, limit]);
    late.abort();
  }

  async #process(deliver: Deliver, job: DeliveryJob, token: string | undefined): Promise<void> {
    const last = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    let result: DeliveryResult;
    try {
      result = await deliver(job.data, { last, signal: this.#stopping.signal });
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) {
        this.#options.onError?.(error);
        throw new UnrecoverableError('a defect');
      }
      result = { later: STORE_PATIENCE };
    }
    if (result === 'done') return;
    // What is thrown here is stored with the job: it says nothing of the callback.
    if (result === 'retry') throw new CallbackNotTakenError('the receiver did not take the callback');
    await job.moveToDelayed(Date.now() + Math.max(1, Math.round(result.later)), token);
    throw new DelayedError();
  }
}
