import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PollLoop } from '../poll-loop.js';
import type { Log } from './log.js';

export interface CdrSpoolOptions {
  /** The folder that mod_json_cdr writes to. */
  readonly folder: string;
  /** Takes one parsed document. The file is deleted once it resolves; on a rejection it is tried again. */
  readonly handle: (document: unknown) => Promise<void>;
  readonly log: Log;
  /** Milliseconds between two looks at the folder. */
  readonly intervalMs?: number;
  /** Most documents handled at a time. */
  readonly concurrency?: number;
  /** Milliseconds after its last change from which on a file that does not parse is set aside. */
  readonly giveUpMs?: number;
  /** Longest pause, in milliseconds, before a document is tried again; the first is one interval. */
  readonly longestRetryMs?: number;
}

/** `<uuid>.cdr.json`, with `a_` in front for A legs when prefix-a-leg is set. */
const CDR_FILE = /^(a_)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.cdr\.json$/i;

/** Largest document that is read, in bytes; a CDR is some tens of KiB. */
const MAX_BYTES = 4 * 1024 * 1024;

interface Retry {
  readonly at: number;
  readonly pauseMs: number;
}

/**
 * The folder where FreeSWITCH leaves a document for every leg that ended. It is what is left when no
 * controller was there to hear the hangup event.
 *
 * mod_json_cdr writes in place, without a rename, so a file may be half there; it is left alone until
 * it parses. Contents are never logged: they hold real numbers.
 */
export class CdrSpool {
  readonly #options: Required<CdrSpoolOptions>;
  readonly #retries = new Map<string, Retry>();
  readonly #loop: PollLoop;

  constructor(options: CdrSpoolOptions) {
    this.#options = {
      intervalMs: 1_000,
      concurrency: 8,
      giveUpMs: 60_000,
      longestRetryMs: 60_000,
      ...options,
    };
    this.#loop = new PollLoop(() => this.#round(), this.#options.intervalMs);
  }

  start(): void {
    this.#loop.start();
  }

  /** Stops looking and waits for the documents in progress. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** True while the CDR of that channel is in the folder. */
  async holds(uuid: string): Promise<boolean> {
    const names = [`${uuid}.cdr.json`, `a_${uuid}.cdr.json`];
    const found = names.map((name) =>
      stat(join(this.#options.folder, name)).catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw error;
      }),
    );
    return (await Promise.all(found)).some((file) => file !== null);
  }

  /** Looks once at everything that is due. Resolves to the number of documents that were handled. */
  async sweep(): Promise<number> {
    const names = (await readdir(this.#options.folder)).filter((name) => CDR_FILE.test(name));
    const present = new Set(names);
    for (const name of this.#retries.keys()) if (!present.has(name)) this.#retries.delete(name);
    const due = names.filter((name) => (this.#retries.get(name)?.at ?? 0) <= performance.now());
    let handled = 0;
    const worker = async (): Promise<void> => {
      for (let name = due.shift(); name !== undefined; name = due.shift()) {
        if (this.#loop.isStopped) return;
        if (await this.#take(name)) handled += 1;
      }
    };
    await Promise.all(Array.from({ length: this.#options.concurrency }, worker));
    return handled;
  }

  async #round(): Promise<boolean> {
    try {
      await this.sweep();
    } catch (err) {
      this.#options.log.error({ err }, 'the CDR folder cannot be read');
    }
    return false;
  }

  async #take(name: string): Promise<boolean> {
    const path = join(this.#options.folder, name);
    try {
      const document = await this.#parse(path, name);
      if (document === undefined) return false;
      await this.#options.handle(document);
      await rm(path, { force: true });
      this.#retries.delete(name);
      return true;
    } catch (err) {
      // Another controller that shares the folder took it first.
      if (isMissing(err)) return false;
      this.#later(name, err);
      return false;
    }
  }

  /** The document, or undefined when it is not whole yet or has been set aside. */
  async #parse(path: string, name: string): Promise<unknown> {
    const { size, mtimeMs } = await stat(path);
    if (size <= MAX_BYTES) {
      try {
        const document: unknown = JSON.parse(await readFile(path, 'utf8'));
        return document ?? null;
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }
    if (Date.now() - mtimeMs < this.#options.giveUpMs) return undefined;
    const rejected = join(this.#options.folder, 'rejected');
    await mkdir(rejected, { recursive: true });
    await rename(path, join(rejected, name));
    this.#options.log.error({ file: name, bytes: size }, 'a CDR that cannot be read was set aside');
    return undefined;
  }

  #later(name: string, err: unknown): void {
    const previous = this.#retries.get(name)?.pauseMs;
    const pauseMs = Math.min(
      previous === undefined ? this.#options.intervalMs : previous * 2,
      this.#options.longestRetryMs,
    );
    this.#retries.set(name, { at: performance.now() + pauseMs, pauseMs });
    this.#options.log.warn({ err, file: name, retryMs: pauseMs }, 'a CDR could not be taken');
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
