import { fetch } from 'undici';
import { CDR_PATH, CDR_USER } from './cdr-server.js';
import { CdrRefusedError, CdrUnreachableError } from './errors.js';

export interface CdrClientOptions {
  /** `host:port` of the controllers, at least one. */
  readonly hosts: readonly string[];
  readonly secret: string;
  /** Milliseconds for one attempt; default 5000. */
  readonly timeoutMs?: number;
}

/** Answers that are about one document: the others are not held up by it. */
const OF_THE_DOCUMENT: ReadonlySet<number> = new Set([400, 413, 500]);

/** Posts documents to the controller that took the last one, and goes through the others when it does not. */
export class CdrClient {
  readonly #options: Required<CdrClientOptions>;
  readonly #authorization: string;
  #current = 0;

  constructor(options: CdrClientOptions) {
    this.#options = { timeoutMs: 5_000, ...options };
    this.#authorization = `Basic ${Buffer.from(`${CDR_USER}:${options.secret}`).toString('base64')}`;
  }

  /**
   * Resolves once a controller has the document on its disk.
   * @throws CdrRefusedError for a document that no controller will take, CdrUnreachableError when none can now.
   */
  async post(document: unknown): Promise<void> {
    const { hosts } = this.#options;
    const body = JSON.stringify(document);
    let cause: unknown;
    for (let attempt = 0; attempt < hosts.length; attempt += 1) {
      const index = (this.#current + attempt) % hosts.length;
      try {
        await this.#try(hosts[index] ?? '', body);
        this.#current = index;
        return;
      } catch (error) {
        if (error instanceof CdrRefusedError && OF_THE_DOCUMENT.has(error.status)) throw error;
        cause = error;
      }
    }
    throw new CdrUnreachableError('no controller takes CDRs', { cause });
  }

  async #try(host: string, body: string): Promise<void> {
    const response = await fetch(`http://${host}${CDR_PATH}`, {
      method: 'POST',
      headers: { authorization: this.#authorization, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(this.#options.timeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok)
      throw new CdrRefusedError(response.status, `${host} answered ${response.status} to a CDR`);
  }
}
