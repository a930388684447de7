import type { ResolveHost } from '../outbound/address-guard.js';
import type { Logger } from '../telemetry/logger.js';
import { audioFormatOf } from './audio-format.js';
import { BoundedQueue } from './bounded-queue.js';
import { PromptError } from './errors.js';
import { PromptFetcher } from './prompt-fetcher.js';
import { PromptFolder, urlHash } from './prompt-folder.js';

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
  /** Milliseconds after which a prompt that we have is fetched again when a session names it. Default 1 h. */
  readonly refreshAfterMs?: number;
  /** Milliseconds during which a URL that failed is not tried again. Default 60 000. */
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

/** The audio behind prompt URLs, fetched ahead of need and kept on disk as local files. */
export class PromptLibrary {
  readonly #folder: PromptFolder;
  readonly #fetcher: PromptFetcher;
  readonly #queue: BoundedQueue;
  readonly #logger: PromptLibraryOptions['logger'];
  readonly #refreshAfter: number;
  readonly #retryAfter: number;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  readonly #underWay = new Map<string, Promise<string>>();
  readonly #failures = new Map<string, { readonly error: PromptError; readonly until: number }>();

  /** Throws PromptError ERR_PROMPT_FOLDER. */
  constructor(options: PromptLibraryOptions) {
    this.#folder = new PromptFolder(options.dir);
    this.#fetcher = new PromptFetcher({
      allowAddresses: options.allowAddresses ?? [],
      timeout: options.fetchTimeoutMs ?? 15_000,
      maxBytes: options.maxBytes ?? 5 * 1024 * 1024,
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    });
    this.#queue = new BoundedQueue(options.concurrency ?? 4, options.maxWaiting ?? 1_000);
    this.#logger = options.logger;
    this.#refreshAfter = options.refreshAfterMs ?? 3_600_000;
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
      path = this.#folder.find(url);
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

  async #obtain(url: string, key: string): Promise<string> {
    let known: string | null = null;
    try {
      const age = await this.#folder.age(url, this.#now());
      known = age === Infinity ? null : this.#folder.find(url);
      if (known !== null && age < this.#refreshAfter) return known;
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
      return await this.#queue.run(() => this.#fetch(url, key));
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

  async #fetch(url: string, key: string): Promise<string> {
    const { signal } = this.#closing;
    if (signal.aborted) throw new PromptError('ERR_PROMPT_CLOSED', 'the prompt library was closed');
    const bytes = await this.#fetcher.fetch(url, signal);
    const format = audioFormatOf(bytes);
    if (format === null)
      throw new PromptError('ERR_PROMPT_NOT_AUDIO', 'the prompt is neither PCM WAVE nor MP3');
    const path = await this.#folder.keep(url, bytes, format, this.#now());
    this.#failures.delete(key);
    this.#logger.info({ prompt: key, format, sizeBytes: bytes.length }, 'a prompt was fetched');
    return path;
  }

  #remember(key: string, error: PromptError): void {
    this.#failures.delete(key);
    this.#failures.set(key, { error, until: this.#now() + this.#retryAfter });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MOST_FAILURES && oldest !== undefined) this.#failures.delete(oldest);
  }
}

/** Audio that we had before is better than none. */
function fallBack(known: string | null, error: PromptError): string {
  if (known === null) throw error;
  return known;
}
