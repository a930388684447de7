import { EslClosedError, EslQueueFullError, EslTimeoutError } from './errors.js';

interface Job {
  readonly resolve: (result: string) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Background commands that await their BACKGROUND_JOB event, by the Job-UUID that we chose. */
export class BackgroundJobs {
  readonly #jobs = new Map<string, Job>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /**
   * Waits for a job's result. Rejects with EslTimeoutError after `timeoutMs` milliseconds.
   * @throws EslQueueFullError at once.
   */
  add(id: string, timeoutMs: number): Promise<string> {
    if (this.#jobs.size >= this.#limit) throw new EslQueueFullError('too many background jobs');
    return new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.fail(id, new EslTimeoutError(`a background job gave no result within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#jobs.set(id, { resolve, reject, timer });
    });
  }

  /** The result of a job. Jobs of other connections are not ours and are passed over. */
  settle(id: string, result: string): void {
    const job = this.#take(id);
    job?.resolve(result);
  }

  fail(id: string, error: Error): void {
    this.#take(id)?.reject(error);
  }

  /** Rejects everything that waits. */
  close(cause: Error | undefined): void {
    for (const id of [...this.#jobs.keys()]) {
      this.fail(id, new EslClosedError('the connection closed before the result of a job', { cause }));
    }
  }

  #take(id: string): Job | undefined {
    const job = this.#jobs.get(id);
    if (job === undefined) return undefined;
    clearTimeout(job.timer);
    this.#jobs.delete(id);
    return job;
  }
}
