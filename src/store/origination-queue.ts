import type { E164 } from '../masking/phone-number.js';
import type { HoldProof } from '../lease-holder.js';
import { LeaseLostError, QueueFullError } from './errors.js';
import { ORIGINATION_FENCES_KEY, ORIGINATIONS_DUE_KEY, ORIGINATIONS_KEY } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** A call to the first party that a controller is to originate, on whichever node it has. */
export interface OriginationJob {
  /** Also the job's own id. */
  readonly interactionId: string;
  readonly sessionId: string;
  /** Virtual number. */
  readonly number: E164;
}

export interface TakenJobs {
  readonly job: OriginationJob | null;
  /** Jobs that grew too old to place; they are gone. */
  readonly dropped: readonly OriginationJob[];
}

export interface OriginationQueueOptions {
  /** Milliseconds after which a job that was taken and not done is given out again. Default 15 s. */
  readonly visibility?: number;
  /** Milliseconds after its instant at which a job is dropped: nobody expects the call any more. Default 60 s. */
  readonly maxAge?: number;
  /** Jobs at most. Default 10 000. */
  readonly bound?: number;
}

/** Calls to originate. A job is given out again unless it is done in time, so no crash loses it. */
export class OriginationQueue {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #visibility: number;
  readonly #maxAge: number;
  readonly #bound: number;

  constructor(client: RedisClient, scripts: Scripts, options: OriginationQueueOptions = {}) {
    this.#client = client;
    this.#scripts = scripts;
    this.#visibility = options.visibility ?? 15_000;
    this.#maxAge = options.maxAge ?? 60_000;
    this.#bound = options.bound ?? 10_000;
  }

  /** Queues a job that may be taken from `at` (milliseconds since the epoch). Throws QueueFullError. */
  async push(job: OriginationJob, at: number): Promise<void> {
    const { interactionId, sessionId, number } = job;
    const text = JSON.stringify({ interactionId, sessionId, number, at });
    const keys = [ORIGINATIONS_DUE_KEY, ORIGINATIONS_KEY];
    const pushed = await this.#scripts.run('push-origination', keys, [interactionId, text, at, this.#bound]);
    if (pushed !== 1) throw new QueueFullError('too many calls wait to be originated');
  }

  /** Takes the job that has waited longest, if one is due at `now`, for the node of `proof`. Throws LeaseLostError. */
  async claim(now: number, { endpoint, fence }: HoldProof): Promise<TakenJobs> {
    const keys = [ORIGINATIONS_DUE_KEY, ORIGINATIONS_KEY, ORIGINATION_FENCES_KEY];
    const args = [now, this.#visibility, this.#maxAge, endpoint, fence];
    const reply = await this.#scripts.run('take-origination', keys, args);
    if (reply === null) throw new LeaseLostError('calls are taken by the next holder of the node');
    const [job, dropped] = reply as [string | null, string[]];
    return { job: job === null ? null : jobFrom(job), dropped: dropped.map(jobFrom) };
  }

  /** Throws LeaseLostError when the node's next holder has taken calls. */
  async confirm({ endpoint, fence }: HoldProof): Promise<void> {
    if ((await this.#scripts.run('confirm-hold', [ORIGINATION_FENCES_KEY], [endpoint, fence])) === 1) return;
    throw new LeaseLostError('the next holder of the node places its calls');
  }

  /** Nothing was done with a job that was claimed: it may be taken from `at` on, by any node. */
  async giveBack(job: OriginationJob, at: number): Promise<void> {
    // Not one that is done meanwhile.
    await guarded(() => this.#client.zadd(ORIGINATIONS_DUE_KEY, 'XX', at, job.interactionId));
  }

  /** The job was placed, or is given up: it does not come back. */
  async done(job: OriginationJob): Promise<void> {
    // The job itself first: an id without a job is dropped when it is met, a job without an id never is.
    await guarded(() => this.#client.hdel(ORIGINATIONS_KEY, job.interactionId));
    await guarded(() => this.#client.zrem(ORIGINATIONS_DUE_KEY, job.interactionId));
  }
}

function jobFrom(text: string): OriginationJob {
  const { interactionId, sessionId, number } = JSON.parse(text) as OriginationJob;
  return { interactionId, sessionId, number };
}
