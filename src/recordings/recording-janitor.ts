import type { Recording } from '../masking/recording.js';
import type { LeaseHolder } from '../lease-holder.js';
import { PollLoop } from '../poll-loop.js';
import type { Logger } from '../telemetry/logger.js';
import type { RecordingStore } from './ports.js';
import type { FolderEntry } from './recording-files.js';

/** The right to tidy up, held by one controller at a time. */
export type JanitorLease<Lease> = Pick<LeaseHolder<Lease>, 'acquire' | 'release'>;

export interface RecordingJanitorOptions<Lease> {
  readonly controllerId: string;
  readonly leases: JanitorLease<Lease>;
  readonly store: Pick<RecordingStore, 'oldest' | 'areKnown'>;
  /** Removes a recording with its file. */
  readonly remove: (recording: Recording) => Promise<void>;
  readonly files: { entries(most: number): AsyncIterable<FolderEntry> };
  /** Milliseconds that recordings are kept; null for ever. */
  readonly retention: number | null;
  /** Whether the oldest go while the disk is below its floor. */
  readonly makeRoom: boolean;
  /** Those whose files take up the disk, the oldest first, `limit` at most; by default the oldest of all. */
  readonly oldestHere?: (limit: number) => Promise<readonly Recording[]>;
  /** Lets files that should be in a bucket go there; does nothing by default. */
  readonly recall?: (signal: AbortSignal) => Promise<void>;
  readonly disk: { readonly mayRecord: boolean; look(): Promise<void> };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Milliseconds between two rounds. Default one minute. */
  readonly intervalMs?: number;
}

/** Name of the lease; nodes' have a port in theirs. */
const LEASE = 'recordings';
/** Longer than a round takes: a janitor that dies is followed by another within this time. */
const LEASE_MS = 120_000;
/** Recordings removed in one round. */
const MOST_REMOVED = 200;
/** Recordings removed before the disk is looked at again. */
const AT_A_TIME = 20;
/** Files looked at for those that nobody knows, and how many are named. */
const MOST_FILES = 100_000;
const MOST_NAMED = 10;
/** A file may be that of a call that still runs, or was not entered yet: a day is longer than any call. */
const ORPHAN_AGE_MS = 24 * 3_600_000;
const ORPHANS_EVERY_MS = 3_600_000;
/** Ids that are asked for together. */
const BATCH = 200;

/**
 * Removes recordings that are too old, and the oldest while there is no room if it is told to. Files that no
 * record knows are reported, never removed: they may be all that is left of something.
 */
export class RecordingJanitor<Lease> {
  readonly #options: RecordingJanitorOptions<Lease>;
  readonly #loop: PollLoop;
  #orphansAt = -Infinity;

  constructor(options: RecordingJanitorOptions<Lease>) {
    this.#options = options;
    this.#loop = new PollLoop(async (signal) => {
      await this.round(signal);
      return false;
    }, options.intervalMs ?? 60_000);
  }

  start(): void {
    this.#loop.start();
  }

  /** Waits for the removal in progress. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** One round, unless another controller has the lease. Never rejects. */
  async round(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { leases, controllerId, log } = this.#options;
    try {
      const lease = await leases.acquire(LEASE, controllerId, LEASE_MS);
      if (lease === null) return;
      try {
        await this.#tidy(signal);
      } finally {
        await leases.release(LEASE, controllerId, lease);
      }
    } catch (error) {
      log.warn({ err: error }, 'recordings could not be tidied up');
    }
  }

  async #tidy(signal: AbortSignal): Promise<void> {
    const { store, retention, makeRoom, disk, now } = this.#options;
    let removed = 0;
    for (; retention !== null && removed < MOST_REMOVED && !signal.aborted;) {
      const old = await store.oldest(now() - retention, AT_A_TIME);
      if (old.length === 0) break;
      removed += await this.#remove(old, 'too old', signal);
    }
    if (makeRoom && !disk.mayRecord) await this.#makeRoom(MOST_REMOVED - removed, signal);
    if (now() - this.#orphansAt >= ORPHANS_EVERY_MS && !signal.aborted) {
      this.#orphansAt = now();
      await this.#options.recall?.(signal);
      await this.#reportOrphans();
    }
  }

  async #makeRoom(most: number, signal: AbortSignal): Promise<void> {
    const { store, disk, now, oldestHere = (limit: number) => store.oldest(now(), limit) } = this.#options;
    const oldest = await oldestHere(most);
    for (let at = 0; at < oldest.length && !disk.mayRecord && !signal.aborted; at += AT_A_TIME) {
      await this.#remove(oldest.slice(at, at + AT_A_TIME), 'no room', signal);
      await disk.look();
    }
  }

  async #remove(recordings: readonly Recording[], why: string, signal: AbortSignal): Promise<number> {
    for (const recording of recordings) {
      if (signal.aborted) break;
      await this.#options.remove(recording);
    }
    this.#options.log.info({ count: recordings.length, why }, 'recordings were removed');
    return recordings.length;
  }

  async #reportOrphans(): Promise<void> {
    const { files, log, now } = this.#options;
    const named: string[] = [];
    let count = 0;
    let batch: string[] = [];
    const settle = async (): Promise<void> => {
      const orphans = await this.#unknown(batch);
      batch = [];
      count += orphans.length;
      named.push(...orphans.slice(0, MOST_NAMED - named.length));
    };
    for await (const { name, changedAt } of files.entries(MOST_FILES)) {
      if (now() - changedAt >= ORPHAN_AGE_MS) batch.push(name);
      if (batch.length === BATCH) await settle();
    }
    await settle();
    if (count > 0) log.warn({ count, files: named }, 'files in the recordings folder belong to no recording');
  }

  async #unknown(names: readonly string[]): Promise<string[]> {
    const ids = names.map((name) => name.replace(/\.[a-z0-9]+$/, ''));
    const known = await this.#options.store.areKnown(ids);
    return names.filter((_, index) => known[index] !== true);
  }
}
