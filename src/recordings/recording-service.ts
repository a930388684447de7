import type { Logger } from '../telemetry/logger.js';
import { DiskWatch } from './disk-watch.js';
import type { InteractionReader, RecordingStore, RecordingTransferQueue } from './ports.js';
import { RecordingBucket, type BucketSettings } from './recording-bucket.js';
import { RecordingFiles } from './recording-files.js';
import { RecordingJanitor, type JanitorLease } from './recording-janitor.js';
import { RecordingKeeper } from './recording-keeper.js';
import { RecordingObjects, type TransferMeter } from './recording-objects.js';
import { RecordingUrls } from './recording-urls.js';

/** What the environment decides about recordings. */
export interface RecordingSettings {
  /** Days that recordings are kept; 0 for ever. */
  readonly retentionDays: number;
  /** Bytes of free disk space below which new calls are not recorded; 0 for never. */
  readonly diskFloor: number;
  /** Below the floor, the oldest recordings go. */
  readonly makeRoom: boolean;
  /** Seconds that a signed URL is good for. */
  readonly urlLifetime: number;
  /** Where recordings go once they are complete; null when they stay in their folder. */
  readonly bucket: BucketSettings | null;
}

export interface RecordingServiceOptions<Lease> {
  /** Absolute path of the folder that FreeSWITCH records to. */
  readonly folder: string;
  readonly settings: RecordingSettings;
  readonly publicUrl: string;
  readonly dataKeys: readonly string[];
  readonly store: RecordingStore;
  readonly transfers: RecordingTransferQueue;
  readonly meter: TransferMeter;
  readonly interactions: InteractionReader;
  readonly leases: JanitorLease<Lease>;
  readonly controllerId: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

const DAY_MS = 24 * 3_600_000;

/** Everything about recordings that a controller runs. */
export class RecordingService<Lease> {
  readonly urls: RecordingUrls;
  readonly files: RecordingFiles;
  readonly keeper: RecordingKeeper;
  readonly disk: DiskWatch;
  readonly objects: RecordingObjects;
  readonly #janitor: RecordingJanitor<Lease>;

  constructor(options: RecordingServiceOptions<Lease>) {
    const { settings, publicUrl, dataKeys, store, interactions, leases, controllerId, now, log } = options;
    const files = new RecordingFiles(options.folder);
    const disk = new DiskWatch({ files, floor: settings.diskFloor, log });
    const objects = new RecordingObjects({
      bucket: settings.bucket === null ? null : new RecordingBucket(settings.bucket),
      transfers: options.transfers,
      store,
      files,
      meter: options.meter,
      // Files and other machines go by real time, whatever clock calls go by.
      now: Date.now,
      log,
    });
    const keeper = new RecordingKeeper({ store, interactions, files, objects, now, log });
    this.files = files;
    this.disk = disk;
    this.keeper = keeper;
    this.objects = objects;
    this.urls = new RecordingUrls({ publicUrl, dataKeys, lifetime: settings.urlLifetime });
    this.#janitor = new RecordingJanitor({
      controllerId,
      leases,
      store,
      remove: (recording) => keeper.remove(recording),
      files,
      retention: settings.retentionDays === 0 ? null : settings.retentionDays * DAY_MS,
      makeRoom: settings.makeRoom,
      ...(objects.isOn ? { oldestHere: (limit) => objects.oldestHere(limit) } : {}),
      recall: (signal) => objects.recall(signal),
      disk,
      now,
      log,
    });
  }

  /** For readiness: nothing private. */
  get detail(): string {
    return [this.disk.detail, this.objects.detail].filter((detail) => detail !== '').join('; ');
  }

  /** Absolute path of a recording by its file name. Throws BadRecordingNameError. */
  path(fileName: string): string {
    return this.files.path(fileName);
  }

  start(): void {
    this.disk.start();
    this.keeper.start();
    this.#janitor.start();
    this.objects.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.disk.stop(), this.keeper.stop(), this.#janitor.stop(), this.objects.stop()]);
  }

  /** To be called when nobody listens to a recording any more. */
  async close(): Promise<void> {
    await this.objects.close();
  }
}
