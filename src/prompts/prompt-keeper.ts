import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '../telemetry/logger.js';

export interface PromptKeeperOptions {
  readonly library: {
    ensure(url: string): Promise<string>;
    sweep(needed: readonly string[]): Promise<number>;
  };
  /** URLs that live sessions name, in pages. */
  readonly urls: { needed(now: number): AsyncIterable<readonly string[]> };
  readonly log: Pick<Logger, 'warn' | 'debug'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds between two rounds. Default 30 000. */
  readonly intervalMs?: number;
  /** Milliseconds between two sweeps of the folder. Default 1 h. */
  readonly sweepIntervalMs?: number;
}

/** Prompts that one round asks for at once; fewer than may wait, so that new sessions find room. */
const WIDTH = 8;

/**
 * Keeps the prompts of all live sessions on disk and fresh: after a start on an empty folder, after the
 * folder was lost, and when what is at a URL may have changed. Removes what no session needs any more.
 */
export class PromptKeeper {
  readonly #options: PromptKeeperOptions;
  readonly #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #sweptAt: number | null = null;

  constructor(options: PromptKeeperOptions) {
    this.#options = options;
  }

  /** Begins with a round at once. */
  start(): void {
    this.#work = this.#run();
  }

  /** Resolves when nothing of it runs any more. Close the library first: it ends the fetches under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { log, intervalMs = 30_000 } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#round();
      } catch (error) {
        log.warn({ err: error }, 'prompts could not be kept ready');
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Looks at every prompt that is needed; those that are there and fresh cost one small read each. */
  async #round(): Promise<void> {
    const { urls, library, now, sweepIntervalMs = 3_600_000 } = this.#options;
    const needed: string[] = [];
    for await (const page of urls.needed(now())) {
      for (let from = 0; from < page.length && !this.#stopping.signal.aborted; from += WIDTH) {
        await Promise.all(page.slice(from, from + WIDTH).map((url) => this.#keep(url)));
      }
      needed.push(...page);
    }
    const due = this.#sweptAt === null || now() - this.#sweptAt >= sweepIntervalMs;
    if (!due || this.#stopping.signal.aborted) return;
    await library.sweep(needed);
    this.#sweptAt = now();
  }

  async #keep(url: string): Promise<void> {
    await this.#options.library.ensure(url).catch((error: unknown) => {
      // The library warns of each failure once; this is the round that meets it again.
      this.#options.log.debug({ err: error }, 'a prompt that is needed is not there');
    });
  }
}
