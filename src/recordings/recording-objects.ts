import type { Readable } from 'node:stream';

import type { Recording } from '../masking/recording.js';
import { PollLoop } from '../poll-loop.js';
import { StoreUnavailableError } from '../store/errors.js';
import type { Logger } from '../telemetry/logger.js';
import { BucketError, ObjectMissingError } from './bucket-errors.js';
import { BucketWatch } from './bucket-watch.js';
import type { RecordingStore, RecordingTransferQueue } from './ports.js';
import type { ByteRange, RecordingBucket } from './recording-bucket.js';
import type { FolderEntry } from './recording-files.js';

/** Hears what became of every transfer. */
export interface TransferMeter {
  transferred(kind: 'upload' | 'remove', result: 'done' | 'failed', elapsedMs: number): void;
}

export interface RecordingObjectsOptions {
  /** Null when recordings stay in their folder. */
  readonly bucket: Pick<RecordingBucket, 'put' | 'read' | 'remove' | 'close'> | null;
  readonly transfers: RecordingTransferQueue;
  readonly store: Pick<RecordingStore, 'get' | 'noteStored'>;
  readonly files: {
    path(name: string): string;
    facts(name: string): Promise<{ readonly bytes: number; readonly changedAt: number } | null>;
    remove(name: string): Promise<void>;
    entries(most: number): AsyncIterable<FolderEntry>;
  };
  readonly meter: TransferMeter;
  /** Milliseconds since the epoch, of the clock that files go by. */
  readonly now: () => number;
  readonly log: Logger;
  /** Milliseconds between two looks at what waits, when there was nothing. Default 2 s. */
  readonly pollMs?: number;
}

/** Uploads of this controller at a time. */
const WORKERS = 4;
/** Milliseconds for which a transfer is this controller's, and after which that is said again while it lasts. */
const HOLD_MS = 30_000;
const RENEW_MS = 10_000;
/** Milliseconds after which what failed is due again; that of a single recording, not of the bucket. */
const AGAIN_MS = 5_000;
const AGAIN_ALONE_MS = 300_000;
/** A file that has not changed for so long is closed: FreeSWITCH writes on for a moment after the hangup. */
const SETTLED_MS = 3_000;
const UNSETTLED_MS = 1_000;
/** So long after its call a file is closed, whatever the clock says that gave it its time. */
const LONG_OVER_MS = 120_000;
/** Files looked at in the folder, and records asked for together. */
const MOST_FILES = 100_000;
const BATCH = 100;

/**
 * Takes recordings from their folder to the bucket and, when they are removed, from there. What is to be done waits in
 * Redis, so that it outlives controllers and outages; every controller takes its part, a bounded number at a time. A
 * file goes from the folder only when its object was checked and noted. Done twice, each step does nothing.
 */
export class RecordingObjects {
  readonly #options: RecordingObjectsOptions;
  readonly #watch: BucketWatch;
  readonly #loops: readonly PollLoop[];

  constructor(options: RecordingObjectsOptions) {
    this.#options = options;
    this.#watch = new BucketWatch({ log: options.log });
    const pollMs = options.pollMs ?? 2_000;
    this.#loops =
      options.bucket === null
        ? []
        : [
            ...Array.from({ length: WORKERS }, (_, worker) => {
              // One finds out whether the bucket is back; the others wait for that.
              const mayTry = (): boolean => this.#watch.isUp || (worker === 0 && this.#watch.mayTry);
              return new PollLoop((signal) => this.#round('upload', mayTry, signal), pollMs);
            }),
            new PollLoop((signal) => this.#round('remove', () => this.#watch.mayTry, signal), pollMs),
          ];
  }

  /** Whether there is a bucket. */
  get isOn(): boolean {
    return this.#options.bucket !== null;
  }

  /** Null when there is no bucket. */
  get isUp(): boolean | null {
    return this.isOn ? this.#watch.isUp : null;
  }

  /** For readiness: nothing private; "" when there is no bucket. */
  get detail(): string {
    return this.isOn ? this.#watch.detail : '';
  }

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Breaks off what is under way: another controller goes on with it at once. */
  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
  }

  /** Lets go of the bucket, when nobody listens to a recording any more. */
  async close(): Promise<void> {
    await this.#options.bucket?.close();
  }

  /** A recording is complete: its file is to go to the bucket, if there is one. */
  async offer(name: string): Promise<void> {
    if (this.isOn) await this.#options.transfers.add('upload', [name], this.#options.now());
  }

  /**
   * A recording's record is gone, and its object is to follow: at once, and if the bucket is away as soon as it is
   * back. Not before the record is gone: an upload that ends later finds nothing to be noted at, and removes what
   * it brought.
   */
  async discard(name: string): Promise<void> {
    const { bucket, transfers, now } = this.#options;
    await transfers.schedule('remove', name, now() + AGAIN_MS);
    if (bucket !== null && this.#watch.mayTry)
      await this.#settle('remove', name, new AbortController().signal);
  }

  /** Objects of removed recordings that the bucket has yet to remove. */
  async undiscarded(): Promise<number> {
    return this.#options.transfers.waiting('remove');
  }

  /** How many transfers wait; null when there is no bucket. */
  async waiting(): Promise<{ readonly uploads: number; readonly removals: number } | null> {
    if (!this.isOn) return null;
    const { transfers } = this.#options;
    return { uploads: await transfers.waiting('upload'), removals: await transfers.waiting('remove') };
  }

  /**
   * The bytes of a recording that is in the bucket. Throws BucketError, ObjectMissingError, ObjectMismatchError; the
   * stream fails when the connection does.
   */
  async read(recording: Pick<Recording, 'id' | 'format'>, range: ByteRange): Promise<Readable> {
    const { bucket, log } = this.#options;
    if (bucket === null) throw new BucketError('none is configured');
    try {
      return await bucket.read(`${recording.id}.${recording.format}`, range);
    } catch (error) {
      if (error instanceof ObjectMissingError) {
        log.error({ call: recording.id }, 'the object of a recording is not in the bucket any more');
      }
      throw error;
    }
  }

  /**
   * Lets every recording in the folder go to the bucket that should and does not wait for it: of a time when there was
   * no bucket, or of a Redis that was restored.
   */
  async recall(signal: AbortSignal): Promise<void> {
    if (!this.isOn) return;
    const { files, transfers, now } = this.#options;
    let batch: string[] = [];
    const settle = async (): Promise<void> => {
      const known = await this.#recordingsOf(batch);
      batch = [];
      const wanted = known.filter(({ recording }) => recording.state !== 'failed').map(({ name }) => name);
      await transfers.add('upload', wanted, now());
    };
    for await (const { name } of files.entries(MOST_FILES)) {
      if (signal.aborted) return;
      batch.push(name);
      if (batch.length === BATCH) await settle();
    }
    await settle();
  }

  /** The recordings whose files have been in the folder for longest, and nowhere else; `limit` at most. */
  async oldestHere(limit: number): Promise<Recording[]> {
    const { files } = this.#options;
    const entries: FolderEntry[] = [];
    for await (const entry of files.entries(MOST_FILES)) entries.push(entry);
    entries.sort((a, b) => a.changedAt - b.changedAt);
    const found: Recording[] = [];
    for (let at = 0; at < entries.length && found.length < limit; at += BATCH) {
      for (const { recording } of await this.#recordingsOf(
        entries.slice(at, at + BATCH).map(({ name }) => name),
      )) {
        // What is in the bucket as well gives up its file to the transfer that waits for it.
        if (recording.stored === undefined && found.length < limit) found.push(recording);
      }
    }
    return found;
  }

  async #recordingsOf(names: readonly string[]): Promise<{ name: string; recording: Recording }[]> {
    const { store } = this.#options;
    const found = await Promise.all(
      names.map(async (name) => ({ name, recording: await store.get(idOf(name)) })),
    );
    return found.flatMap(({ name, recording }) => (recording === null ? [] : [{ name, recording }]));
  }

  /** True when there may be more to do at once. */
  async #round(kind: 'upload' | 'remove', mayTry: () => boolean, signal: AbortSignal): Promise<boolean> {
    const { transfers, now, log } = this.#options;
    if (!mayTry()) return false;
    try {
      const [name] = await transfers.take(kind, now(), 1, HOLD_MS);
      if (name === undefined) {
        await this.#hearOfOthers();
        return false;
      }
      await this.#settle(kind, name, signal);
      return this.#watch.isUp;
    } catch (error) {
      log.warn({ err: error }, 'what is due between recordings and their bucket cannot be read');
      return false;
    }
  }

  /** Nothing leaves the queues undone: when they are empty after a failure of ours, others could use the bucket. */
  async #hearOfOthers(): Promise<void> {
    if (this.#watch.isUp) return;
    const waiting = await this.waiting();
    if (waiting?.uploads === 0 && waiting.removals === 0) this.#watch.worked();
  }

  /** Does what was taken. Never rejects but for Redis: what it does not get done is due again. */
  async #settle(kind: 'upload' | 'remove', name: string, signal: AbortSignal): Promise<void> {
    const { transfers, meter, now } = this.#options;
    const renewal = setInterval(() => {
      // Late at worst: another controller does the same, and nothing comes of it.
      transfers.hold(kind, name, now() + HOLD_MS).catch(() => undefined);
    }, RENEW_MS);
    const begun = performance.now();
    try {
      const again = kind === 'upload' ? await this.#upload(name, signal) : await this.#remove(name, signal);
      clearInterval(renewal);
      if (again > 0) {
        await transfers.schedule(kind, name, now() + again);
        return;
      }
      await transfers.done(kind, name);
      meter.transferred(kind, 'done', performance.now() - begun);
    } catch (error) {
      clearInterval(renewal);
      if (signal.aborted) {
        await transfers.schedule(kind, name, now());
        return;
      }
      meter.transferred(kind, 'failed', performance.now() - begun);
      // When Redis is away for this too, it is due again when its hold has ended.
      await transfers.schedule(kind, name, now() + this.#pauseAfter(error, kind, name));
    } finally {
      clearInterval(renewal);
    }
  }

  /** Milliseconds after which what failed is due again: soon when it failed for a reason that all share. */
  #pauseAfter(error: unknown, kind: 'upload' | 'remove', name: string): number {
    const { log } = this.#options;
    const call = idOf(name);
    if (error instanceof BucketError) {
      this.#watch.failed(error.reason);
      return AGAIN_MS;
    }
    if (error instanceof StoreUnavailableError) {
      log.warn({ err: error, call, kind }, 'a recording and its object wait for Redis');
      return AGAIN_MS;
    }
    log.error({ err: error, call, kind }, 'a recording and its object could not be dealt with');
    return AGAIN_ALONE_MS;
  }

  async #remove(name: string, signal: AbortSignal): Promise<number> {
    const { bucket, log } = this.#options;
    await bucket?.remove(name, signal);
    this.#watch.worked();
    log.info({ call: idOf(name) }, 'a recording was removed from the bucket');
    return 0;
  }

  /** Milliseconds after which it is to be looked at again; 0 when it is done. */
  async #upload(name: string, signal: AbortSignal): Promise<number> {
    const { bucket, store, files, now, log } = this.#options;
    if (bucket === null) return AGAIN_ALONE_MS;
    const call = idOf(name);
    const recording = await store.get(call);
    // Removed meanwhile, perhaps by somebody who found no object yet.
    if (recording === null) return this.#remove(name, signal);
    if (recording.stored === undefined) {
      const before = await files.facts(name);
      if (before === null) {
        log.error({ call }, 'the file of a recording is gone, and the bucket has not got it');
        return 0;
      }
      const isSettled = now() - before.changedAt >= SETTLED_MS || now() - recording.endedAt >= LONG_OVER_MS;
      if (!isSettled) return UNSETTLED_MS;
      const object = await bucket.put(files.path(name), name, signal);
      this.#watch.worked();
      const after = await files.facts(name);
      const isSame = after === null || (after.bytes === object.bytes && after.changedAt === before.changedAt);
      if (!isSame) return UNSETTLED_MS;
      if (!(await store.noteStored(recording, { ...object, at: now() }))) return this.#remove(name, signal);
      log.info({ call, bytes: object.bytes }, 'a recording was put into the bucket');
    }
    await files.remove(name);
    return 0;
  }
}

function idOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}
