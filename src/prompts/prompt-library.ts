import type { ResolveHost } from '../outbound/address-guard.js';
import type { Logger } from '../telemetry/logger.js';
import { examineAudio } from './audio-format.js';
import { BoundedQueue } from './bounded-queue.js';
import { PromptError } from './errors.js';
import { PromptFetcher } from './prompt-fetcher.js';
import { PromptFolder, urlHash, type KnownPrompt } from './prompt-folder.js';
import type { Validity } from './validity.js';

export interface PromptLibraryOptions {
  /** Absolute path of letters, digits and `. _ / -`; shared with FreeSWITCH. */
  readonly dir: string;
  /** CIDR blocks of private addresses that prompts may be fetched from. Default: none. */
  readonly allowAddresses?: readonly string[];
  readonly logger: Pick<Logger, 'info' | 'warn' | 'debug'>;
  /** Milliseconds that one fetch may take. Default 15 000. */
  readonly fetchTimeoutMs?: number;
  /** Bytes. Default 5 MiB. */
  readonly maxBytes?: number;
  /** Bytes of audio that the folder may hold. Default 1 GiB. */
  readonly maxFolderBytes?: number;
  /** Milliseconds after which a server that set no time is asked again. Default 1 h. */
  readonly refreshAfterMs?: number;
  /** Bounds of the time that a server sets, in milliseconds. Defaults 1 min and 24 h. */
  readonly refreshMinMs?: number;
  readonly refreshMaxMs?: number;
  /**
   * Milliseconds during which a URL that failed is not tried again; doubled with each further failure, up
   * to 64 times. Default 60 000.
   */
  readonly retryAfterMs?: number;
  /** Fetches at once, default 4, and waiting, default 1000. */
  readonly concurrency?: number;
  readonly maxWaiting?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly resolve?: ResolveHost;
}

/** Failures that are remembered; past that the oldest is forgotten, and its URL tried again early. */
const MOST_FAILURES = 1_000;
/** Doublings of the time until a URL that fails is tried again. */
const MOST_DOUBLINGS = 6;

interface Failure {
  readonly error: PromptError;
  readonly until: number;
  readonly count: number;
}

/** The audio behind prompt URLs, fetched ahead of need and kept on disk as local files. */
export class PromptLibrary {
  readonly #folder: PromptFolder;
  readonly #fetcher: PromptFetcher;
  readonly #queue: BoundedQueue;
  readonly #logger: PromptLibraryOptions['logger'];
  readonly #refreshAfter: number;
  readonly #refreshMin: number;
  readonly #refreshMax: number;
  readonly #retryAfter: number;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  readonly #underWay = new Map<string, Promise<string>>();
  readonly #failures = new Map<string, Failure>();

  /** Throws PromptError ERR_PROMPT_FOLDER. */
  constructor(options: PromptLibraryOptions) {
    this.#folder = new PromptFolder(options.dir, options.maxFolderBytes ?? 1024 ** 3);
    this.#fetcher = new PromptFetcher({
      allowAddresses: options.allowAddresses ?? [],
      timeout: options.fetchTimeoutMs ?? 15_000,
      maxBytes: options.maxBytes ?? 5 * 1024 * 1024,
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    });
    this.#queue = new BoundedQueue(options.concurrency ?? 4, options.maxWaiting ?? 1_000);
    this.#logger = options.logger;
    this.#refreshAfter = options.refreshAfterMs ?? 3_600_000;
    this.#refreshMin = options.refreshMinMs ?? 60_000;
    this.#refreshMax = options.refreshMaxMs ?? 24 * 3_600_000;
    this.#retryAfter = options.retryAfterMs ?? 60_000;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Absolute path of the audio of `url`, or null while we do not have it; "" has none. Synchronous and
   * never waits for the network: a caller is on the line. A miss begins a fetch for the next caller.
   */
  fileFor(url: string): string | null {
    if (url === '') return null;
    let path: string | null = null;
    try {
      path = this.#folder.find(url)?.path ?? null;
    } catch (error) {
      this.#logger.warn({ err: error, prompt: urlHash(url) }, 'the prompts folder cannot be read');
    }
    if (path === null) this.prefetch(url);
    return path;
  }

  /** Begins to fetch `url` unless we have it. Failures are logged; "" is nothing to fetch. */
  prefetch(url: string): void {
    if (url === '' || this.#closing.signal.aborted) return;
    this.ensure(url).catch((error: unknown) => {
      this.#logger.debug({ err: error, prompt: urlHash(url) }, 'a prompt is not there');
    });
  }

  /**
   * Resolves with the absolute path of the audio of `url` once we have it. Audio that we had before
   * stays in use when it cannot be fetched again. Throws PromptError.
   */
  async ensure(url: string): Promise<string> {
    const key = urlHash(url);
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const work = this.#obtain(url, key).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, work);
    return work;
  }

  /** Ends every fetch and refuses new ones. Files that are there can still be found. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay.values());
    await this.#fetcher.close();
  }

  /**
   * Removes files that none of `needed` (every URL of a live session) gave, a while after the last use.
   * Resolves with how many. Throws when the folder cannot be read.
   */
  async sweep(needed: readonly string[]): Promise<number> {
    const { removed, leftBytes } = await this.#folder.sweep(new Set(needed.map(urlHash)), this.#now());
    this.#logger.debug({ removed, leftBytes }, 'the prompts folder was swept');
    return removed;
  }

  async #obtain(url: string, key: string): Promise<string> {
    let known: KnownPrompt | null = null;
    try {
      known = this.#folder.find(url);
      if (known !== null && this.#now() < known.freshUntil) return known.path;
      const failure = this.#failures.get(key);
      if (failure !== undefined && this.#now() < failure.until) return fallBack(known, failure.error);
      if (this.#queue.full) {
        return fallBack(known, new PromptError('ERR_PROMPT_BUSY', 'too many prompts wait to be fetched'));
      }
    } catch (error) {
      if (error instanceof PromptError) throw error;
      return fallBack(known, this.#failed(key, error, known !== null));
    }
    try {
      return await this.#queue.run(() => this.#fetch(url, key, known));
    } catch (error) {
      return fallBack(known, this.#failed(key, error, known !== null));
    }
  }

  /** Logs and remembers why a prompt cannot be had. */
  #failed(key: string, error: unknown, keptOld: boolean): PromptError {
    const reason =
      error instanceof PromptError
        ? error
        : new PromptError('ERR_PROMPT_FOLDER', 'the prompts folder cannot be used', { cause: error });
    if (reason.code !== 'ERR_PROMPT_CLOSED') {
      this.#remember(key, reason);
      this.#logger.warn({ err: reason, prompt: key, keptOld }, 'a prompt cannot be had');
    }
    return reason;
  }

  async #fetch(url: string, key: string, known: KnownPrompt | null): Promise<string> {
    const { signal } = this.#closing;
    if (signal.aborted) throw new PromptError('ERR_PROMPT_CLOSED', 'the prompt library was closed');
    const { bytes, validity } = await this.#fetcher.fetch(url, signal, known?.validity ?? null);
    const fresh = { until: this.#now() + this.#freshFor(validity), validity };
    if (bytes === null) {
      if (known === null)
        throw new PromptError('ERR_PROMPT_FETCH', 'the prompt was answered with status 304');
      await this.#folder.confirm(url, known, fresh);
      this.#failures.delete(key);
      return known.path;
    }
    const { format, fault } = examineAudio(bytes);
    if (format === null) throw new PromptError('ERR_PROMPT_NOT_AUDIO', `the prompt cannot be used: ${fault}`);
    const path = await this.#folder.keep(url, bytes, format, fresh);
    this.#failures.delete(key);
    this.#logger.info({ prompt: key, format, sizeBytes: bytes.length }, 'a prompt was fetched');
    return path;
  }

  #freshFor({ maxAge }: Validity): number {
    if (maxAge === null) return this.#refreshAfter;
    return Math.min(this.#refreshMax, Math.max(this.#refreshMin, maxAge));
  }

  #remember(key: string, error: PromptError): void {
    const count = this.#failures.get(key)?.count ?? 0;
    const wait = this.#retryAfter * 2 ** Math.min(count, MOST_DOUBLINGS);
    this.#failures.delete(key);
    this.#failures.set(key, { error, until: this.#now() + wait, count: count + 1 });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MOST_FAILURES && oldest !== undefined) this.#failures.delete(oldest);
  }
}

/** Audio that we had before is better than none. */
function fallBack(known: KnownPrompt | null, error: PromptError): string {
  if (known === null) throw error;
  return known.path;
}
