import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../telemetry/logger.js';

export interface WatchdogOptions {
  /** Milliseconds of silence after which the process counts as hung, from 500. */
  readonly limitMs: number;
  readonly log: Logger;
}

/** Milliseconds between two signs of life; several fit into any limit. */
const BEAT_MS = 100;
/** Milliseconds until a watcher that died is replaced. */
const REPLACE_AFTER_MS = 1_000;

/** Compiled, the watcher is JavaScript; under tsx it is what it was written as. */
const WATCHER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './watcher.ts' : './watcher.js', import.meta.url),
);

/**
 * Has this process killed when it hangs, by a small process beside it (watcher.ts). Whoever keeps the
 * controller running (Docker's restart policy, systemd) starts it again.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #watcher: ChildProcess | null = null;
  #beat: NodeJS.Timeout | null = null;
  #replace: NodeJS.Timeout | null = null;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  start(): void {
    if (process.pid === 1) {
      // The kernel lets nobody inside a container kill its first process.
      this.#options.log.warn('no watchdog: the controller is process 1; run the container with --init');
      return;
    }
    this.#beat = setInterval(() => this.#sendBeat(), BEAT_MS);
    this.#beat.unref();
    this.#launch();
  }

  /** From here on the process may take its time. */
  stop(): void {
    if (this.#beat !== null) clearInterval(this.#beat);
    if (this.#replace !== null) clearTimeout(this.#replace);
    this.#beat = this.#replace = null;
    const watcher = this.#watcher;
    this.#watcher = null;
    // At once: a disconnect is only sent when this process comes to its event loop again.
    watcher?.kill('SIGKILL');
  }

  #launch(): void {
    const watcher = fork(WATCHER, [String(this.#options.limitMs)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#watcher = watcher;
    // A failure to start or to hear us ends in `exit` or `error`; both lead to another one.
    watcher.once('error', (error) => this.#lost(watcher, error));
    watcher.once('exit', () => this.#lost(watcher, null));
    // The controller may end while its watcher runs.
    watcher.unref();
    watcher.channel?.unref();
  }

  #sendBeat(): void {
    const watcher = this.#watcher;
    if (watcher?.connected !== true) return;
    // A beat that cannot be sent is a watcher that is gone, and `exit` tells of that.
    watcher.send(0, () => undefined);
  }

  #lost(watcher: ChildProcess, error: Error | null): void {
    if (this.#watcher !== watcher) return;
    this.#watcher = null;
    this.#options.log.warn({ err: error ?? undefined }, 'the watchdog was lost and is started again');
    this.#replace = setTimeout(() => this.#launch(), REPLACE_AFTER_MS);
    this.#replace.unref();
  }
}
