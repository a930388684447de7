import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { DelayedError, Queue, Worker, type Job } from 'bullmq';

import type { CallbackAddress } from './callback-log.js';
import { CallbackNotTakenError, StoreUnavailableError } from './errors.js';
import { CALLBACK_QUEUE_PREFIX } from './keys.js';
import { RedisConnection } from './redis.js';

export interface CallbackQueueOptions {
  /** REDIS_URL. */
  readonly url: string;
  /** Deliveries that are looked at at once: those under way, and some more, or nobody could be told to wait. */
  readonly concurrency: number;
  /** Milliseconds before the first retry, the second, …; the last one counts for all after it. */
  readonly retryDelays: readonly number[];
  /** Milliseconds after which a delivery whose controller died is taken up by another. Default 15 000. */
  readonly lockDuration?: number;
  /** How often a delivery may be taken up again after a controller's death. Default 1000. */
  readonly mostStalls?: number;
  readonly onError?: (error: unknown) => void;
  /** Hears of a delivery that is given up because every controller that took it up died. */
  readonly onGivenUp?: (delivery: Delivery) => void;
}

/** One callback, in the round in which it was queued: see LoggedCallback. */
export interface Delivery extends CallbackAddress {
  readonly round: number;
}

/**
 * What a worker made of a delivery: `done`; `retry` uses up one of its attempts; `later` does not, and brings
 * it back after so many milliseconds.
 */
export type DeliveryResult = 'done' | 'retry' | { readonly later: number };

export interface DeliveryTurn {
  /** No attempt is left after this one. */
  readonly last: boolean;
  /** Aborted when the controller stops. */
  readonly signal: AbortSignal;
  /** Since when it is queued, in milliseconds since the epoch. */
  readonly queuedAt: number;
}

export type Deliver = (delivery: Delivery, turn: DeliveryTurn) => Promise<DeliveryResult>;

type DeliveryJob = Job<Delivery>;

const NAME = 'deliveries';
/** A delivery that found Redis away, or a defect of ours, comes back after so many milliseconds. */
const STORE_PATIENCE = 5_000;
const DEFECT_PATIENCE = 60_000;
const MOST_STALLS = 1_000;
/** Deliveries that wait for another attempt, at either end, that are looked at for the oldest. */
const DELAYED_SEEN = 500;
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
  readonly #queue: Queue<Delivery>;
  readonly #stopping = new AbortController();
  #patient: RedisConnection | undefined;
  #worker: Worker<Delivery> | undefined;

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
   * Queues a delivery, once: while it waits or is under way, adding it again changes nothing.
   * Throws StoreUnavailableError.
   */
  async add({ number, sessionId, sequence, round }: Delivery, attempts: number): Promise<void> {
    const jobId = [sessionId, sequence, ...(round === 0 ? [] : [round])].join('_');
    try {
      await this.#queue.add(NAME, { number, sessionId, sequence, round }, { jobId, attempts });
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

  /**
   * When the oldest of those that wait was queued, in milliseconds since the epoch; null when none does. Of those that
   * wait for another attempt it knows the 500 that are due soonest and latest.
   */
  async oldestAt(): Promise<number | null> {
    try {
      const oldest = await Promise.all([
        this.#queue.getJobs('wait', 0, 0, true),
        this.#queue.getJobs('delayed', 0, DELAYED_SEEN - 1, true),
        this.#queue.getJobs('delayed', 0, DELAYED_SEEN - 1, false),
      ]);
      const instants = oldest.flat().map(({ timestamp }) => timestamp);
      return instants.length === 0 ? null : Math.min(...instants);
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
    this.#worker = new Worker<Delivery>(NAME, (job, token) => this.#process(deliver, job, token), {
      connection: this.#patient.client,
      prefix: CALLBACK_QUEUE_PREFIX,
      concurrency,
      lockDuration,
      stalledInterval: lockDuration / 2,
      maxStalledCount: this.#options.mostStalls ?? MOST_STALLS,
      settings: {
        backoffStrategy: (made) => retryDelays[Math.min(made, retryDelays.length) - 1] ?? 0,
      },
    });
    this.#worker.on('error', onError);
    this.#worker.on('failed', (job, error) => {
      // A callback that was not taken is tried again. Nothing else of ours fails a job.
      if (job !== undefined && !(error instanceof CallbackNotTakenError)) this.#options.onGivenUp?.(job.data);
    });
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
      result = await deliver(job.data, { last, signal: this.#stopping.signal, queuedAt: job.timestamp });
    } catch (error) {
      this.#options.onError?.(error);
      result = { later: error instanceof StoreUnavailableError ? STORE_PATIENCE : DEFECT_PATIENCE };
    }
    if (result === 'done') return;
    // What is thrown here is stored with the job: it says nothing of the callback.
    if (result === 'retry') throw new CallbackNotTakenError('the receiver did not take the callback');
    try {
      await job.moveToDelayed(Date.now() + Math.max(1, Math.round(result.later)), token);
    } catch (error) {
      // It stays as if we had died, and is taken up again; any other error would cost it an attempt.
      this.#options.onError?.(error);
    }
    throw new DelayedError();
  }
}
