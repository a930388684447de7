import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Gathered } from '../gathered.js';
import { PollLoop } from '../poll-loop.js';
import type { Log } from './log.js';
import { isMissing, missingAs } from '../missing-file.js';

export interface CdrSpoolOptions {
  /** The folder that mod_json_cdr writes to. */
  readonly folder: string;
  /** Takes one parsed document. The file is deleted once it resolves; on a rejection it is tried again. */
  readonly handle: (document: unknown) => Promise<void>;
  /** Whether a rejection says that nobody can take any document now, rather than this one. Default: never. */
  readonly isOutage?: (error: unknown) => boolean;
  /** What a line of the log about a document names. Default nothing but its file. */
  readonly subjectOf?: (document: unknown) => Readonly<Record<string, string>>;
  readonly log: Log;
  /** Milliseconds between two looks at the folder. */
  readonly intervalMs?: number;
  /** Most documents handled at a time. */
  readonly concurrency?: number;
  /** Milliseconds after its last change from which on a file that does not parse is set aside. */
  readonly giveUpMs?: number;
  /** Longest pause, in milliseconds, before a document is tried again; the first is one interval. */
  readonly longestRetryMs?: number;
  /** Longest pause, in milliseconds, before the folder is looked at again in an outage; the first is one interval. */
  readonly longestOutageMs?: number;
}

/** `<uuid>.cdr.json`, with `a_` in front for A legs when prefix-a-leg is set. */
const CDR_FILE = /^(a_)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.cdr\.json$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Largest document that is read, in bytes; a CDR is some tens of KiB. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Files that are removed together. Each alone would wake a thread for itself, which takes longer than to remove it. */
const REMOVED_TOGETHER = { most: 256, pauseMs: 250 };

interface Retry {
  readonly at: number;
  readonly pauseMs: number;
}

/**
 * The folder where FreeSWITCH leaves a document for every leg that ended, before it posts it. It is what is
 * left when no controller was there to hear the hangup event, nor to take the post.
 *
 * mod_json_cdr writes in place, without a rename, so a file may be half there; it is left alone until
 * it parses. Contents are never logged: they hold real numbers.
 */
export class CdrSpool {
  readonly #options: Required<CdrSpoolOptions>;
  readonly #retries = new Map<string, Retry>();
  /** Set from the first document that nobody could take until the next that somebody took. */
  #outage: Retry | null = null;
  readonly #loop: PollLoop;
  /** Names of files whose documents came in by another way, until they are gone. */
  readonly #dropped = new Set<string>();
  readonly #removals = new Gathered<string>((names) => this.#removeAll(names), REMOVED_TOGETHER);

  constructor(options: CdrSpoolOptions) {
    this.#options = {
      intervalMs: 1_000,
      concurrency: 8,
      giveUpMs: 60_000,
      longestRetryMs: 60_000,
      longestOutageMs: 5_000,
      isOutage: () => false,
      subjectOf: () => ({}),
      ...options,
    };
    this.#loop = new PollLoop(() => this.#round(), this.#options.intervalMs);
  }

  start(): void {
    this.#loop.start();
  }

  /** Stops looking, waits for the documents in progress, and removes what was dropped. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#removals.flush();
  }

  /**
   * Looks once at everything that is due. Resolves to the number of documents that were handled. In an outage
   * it looks less often, and stops at the first document that still cannot be taken: there may be thousands.
   */
  async sweep(): Promise<number> {
    const began = performance.now();
    if (this.#outage !== null && began < this.#outage.at) return 0;
    const names = (await readdir(this.#options.folder)).filter((name) => CDR_FILE.test(name));
    const present = new Set(names);
    for (const name of this.#retries.keys()) if (!present.has(name)) this.#retries.delete(name);
    const due = names.filter(
      (name) => !this.#dropped.has(name) && (this.#retries.get(name)?.at ?? 0) <= performance.now(),
    );
    let handled = 0;
    const worker = async (): Promise<void> => {
      for (let name = due.shift(); name !== undefined; name = due.shift()) {
        if (this.#loop.isStopped || (this.#outage?.at ?? 0) > began) return;
        if (await this.#take(name, began)) handled += 1;
      }
    };
    await Promise.all(Array.from({ length: this.#options.concurrency }, worker));
    return handled;
  }

  /** Whether the document of a channel waits here. Rejects with the system's error. */
  async holds(uuid: string): Promise<boolean> {
    const name = nameOf(uuid);
    if (name === null || this.#dropped.has(name)) return false;
    return (await stat(join(this.#options.folder, name)).catch(missingAs(null))) !== null;
  }

  /**
   * Has the document of a channel, which came in by another way, removed if it is here, some time after and together
   * with others. From now on it does not wait here any more; one that could not be removed is taken as any other.
   */
  drop(uuid: string): void {
    const name = nameOf(uuid);
    if (name === null || this.#dropped.has(name)) return;
    this.#dropped.add(name);
    void this.#removals.add('', name);
  }

  /** Never rejects. */
  async #removeAll(names: readonly string[]): Promise<void> {
    const { folder, log } = this.#options;
    const remove = async (name: string): Promise<void> => {
      try {
        await unlink(join(folder, name)).catch(missingAs(undefined));
      } catch (err) {
        log.warn({ err, file: name }, 'the file of a CDR that was taken from a post could not be removed');
      }
      this.#dropped.delete(name);
    };
    await Promise.all(names.map(remove));
  }

  async #round(): Promise<boolean> {
    try {
      await this.sweep();
    } catch (err) {
      this.#options.log.error({ err }, 'the CDR folder cannot be read');
    }
    return false;
  }

  async #take(name: string, began: number): Promise<boolean> {
    const path = join(this.#options.folder, name);
    let document: unknown;
    try {
      document = await this.#parse(path, name);
      if (document === undefined) return false;
      await this.#options.handle(document);
      await unlink(path).catch(missingAs(undefined));
      this.#retries.delete(name);
      if (this.#outage !== null) this.#options.log.info({}, 'CDRs are taken from the folder again');
      this.#outage = null;
      return true;
    } catch (err) {
      // Another controller that shares the folder took it first.
      if (isMissing(err)) return false;
      if (this.#options.isOutage(err)) this.#pause(err, began);
      else this.#later(name, document, err);
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
    await mkdir(rejected, { recursive: true, mode: 0o700 });
    await rename(path, join(rejected, name));
    this.#options.log.error({ file: name, bytes: size }, 'a CDR that cannot be read was set aside');
    return undefined;
  }

  /** One pause, and one line, for all documents of a sweep that began at `began`. */
  #pause(err: unknown, began: number): void {
    if ((this.#outage?.at ?? 0) > began) return;
    this.#outage = this.#retryAfter(this.#outage, this.#options.longestOutageMs);
    this.#options.log.warn({ err, retryMs: this.#outage.pauseMs }, 'CDRs wait in the folder');
  }

  #retryAfter(previous: Retry | null, longestMs: number): Retry {
    const { intervalMs } = this.#options;
    const pauseMs = Math.min(previous === null ? intervalMs : previous.pauseMs * 2, longestMs);
    return { at: performance.now() + pauseMs, pauseMs };
  }

  #later(name: string, document: unknown, err: unknown): void {
    const retry = this.#retryAfter(this.#retries.get(name) ?? null, this.#options.longestRetryMs);
    const { pauseMs } = retry;
    this.#retries.set(name, retry);
    const { log, subjectOf } = this.#options;
    log.warn({ err, ...subjectOf(document), file: name, retryMs: pauseMs }, 'a CDR could not be taken');
  }
}

function nameOf(uuid: string): string | null {
  return UUID.test(uuid) ? `${uuid}.cdr.json` : null;
}
