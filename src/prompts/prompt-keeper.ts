import { PollLoop } from '../poll-loop.js';
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
  readonly #loop: PollLoop;
  #sweptAt: number | null = null;

  constructor(options: PromptKeeperOptions) {
    this.#options = options;
    this.#loop = new PollLoop((signal) => this.#round(signal), options.intervalMs ?? 30_000);
  }

  /** Begins with a round at once. */
  start(): void {
    this.#loop.start();
  }

  /** Resolves when nothing of it runs any more. Close the library first: it ends the fetches under way. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  async #round(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#keepAll(signal);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'prompts could not be kept ready');
    }
    return false;
  }

  /** Looks at every prompt that is needed; those that are there and fresh cost one small read each. */
  async #keepAll(signal: AbortSignal): Promise<void> {
    const { urls, library, now, sweepIntervalMs = 3_600_000 } = this.#options;
    const needed: string[] = [];
    for await (const page of urls.needed(now())) {
      for (let from = 0; from < page.length && !signal.aborted; from += WIDTH) {
        await Promise.all(page.slice(from, from + WIDTH).map((url) => this.#keep(url)));
      }
      needed.push(...page);
    }
    const due = this.#sweptAt === null || now() - this.#sweptAt >= sweepIntervalMs;
    if (!due || signal.aborted) return;
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
