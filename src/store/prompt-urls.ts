import { UnreadableDocumentError } from './errors.js';
import { NEEDED_PROMPTS_KEY, PROMPT_URLS_KEY } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';
import type { Vault } from './vault.js';

/** URLs kept; beyond that, the one that is needed for the shortest time is forgotten, and fetched when called for. */
const MOST_URLS = 100_000;
const PAGE = 500;
const CONTEXT = 'prompt url';

/**
 * The prompt URLs of all live sessions, so that a controller can fetch them before a call needs them.
 * They are sealed: a URL may carry a secret or a number.
 */
export class PromptUrls {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;

  constructor(client: RedisClient, scripts: Scripts, vault: Vault) {
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
  }

  /** Remembers that `urls` are needed until then. Milliseconds since the epoch. Throws StoreUnavailableError. */
  async need(urls: readonly string[], until: number, now: number): Promise<void> {
    if (urls.length === 0) return;
    const pairs = [...new Set(urls)].flatMap((url) => [
      this.#vault.urlToken(url),
      this.#vault.seal(url, CONTEXT),
    ]);
    await this.#scripts.run(
      'need-prompts',
      [NEEDED_PROMPTS_KEY, PROMPT_URLS_KEY],
      [now, until, MOST_URLS, ...pairs],
    );
  }

  /**
   * Those that are needed at `now`, in pages; each at least once. What is added or ends meanwhile may be missed.
   * Throws StoreUnavailableError, UnreadableDocumentError.
   */
  async *needed(now: number): AsyncGenerator<readonly string[]> {
    for (let skipped = 0; ; skipped += PAGE) {
      const reply = await this.#scripts.run(
        'needed-prompts',
        [NEEDED_PROMPTS_KEY, PROMPT_URLS_KEY],
        [now, skipped, PAGE],
      );
      const sealed = Array.isArray(reply) ? reply : [];
      const urls = sealed.filter((text) => typeof text === 'string');
      yield urls.map((text) => this.#vault.open(text, CONTEXT));
      if (sealed.length < PAGE) return;
    }
  }

  /** Forgets URLs that hold `digits`. Throws StoreUnavailableError. */
  async forgetNaming(digits: string): Promise<void> {
    let cursor = '0';
    do {
      const from = cursor;
      const [next, flat] = await guarded(() => this.#client.hscan(PROMPT_URLS_KEY, from, 'COUNT', PAGE));
      cursor = next;
      for (let index = 0; index + 1 < flat.length; index += 2) {
        const [token = '', sealed = ''] = flat.slice(index, index + 2);
        if (!this.#opened(sealed).includes(digits)) continue;
        await guarded(() => this.#client.zrem(NEEDED_PROMPTS_KEY, token));
        await guarded(() => this.#client.hdel(PROMPT_URLS_KEY, token));
      }
    } while (cursor !== '0');
  }

  /** "" for one whose data key is gone: nobody can fetch it either. */
  #opened(sealed: string): string {
    try {
      return this.#vault.open(sealed, CONTEXT);
    } catch (error) {
      if (!(error instanceof UnreadableDocumentError)) throw error;
      return '';
    }
  }
}
