import type { Logger } from '../telemetry/logger.js';
import { DiskWatch } from './disk-watch.js';
import type { InteractionReader, RecordingStore } from './ports.js';
import { RecordingFiles } from './recording-files.js';
import { RecordingJanitor, type JanitorLease } from './recording-janitor.js';
import { RecordingKeeper } from './recording-keeper.js';
import { recordingPath } from './recording-path.js';
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
}

export interface RecordingServiceOptions<Lease> {
  /** Absolute path of the folder that FreeSWITCH records to. */
  readonly folder: string;
  readonly settings: RecordingSettings;
  readonly publicUrl: string;
  readonly dataKeys: readonly string[];
  readonly store: RecordingStore;
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
  readonly #janitor: RecordingJanitor<Lease>;

  constructor(options: RecordingServiceOptions<Lease>) {
    const { settings, publicUrl, dataKeys, store, interactions, leases, controllerId, now, log } = options;
    const files = new RecordingFiles(options.folder);
    const disk = new DiskWatch({ files, floor: settings.diskFloor, log });
    const keeper = new RecordingKeeper({ store, interactions, files, now, log });
    this.files = files;
    this.disk = disk;
    this.keeper = keeper;
    this.urls = new RecordingUrls({ publicUrl, dataKeys, lifetime: settings.urlLifetime });
    this.#janitor = new RecordingJanitor({
      controllerId,
      leases,
      store,
      remove: (recording) => keeper.remove(recording),
      files,
      retention: settings.retentionDays === 0 ? null : settings.retentionDays * DAY_MS,
      makeRoom: settings.makeRoom,
      disk,
      now,
      log,
    });
  }

  /** Absolute path of a recording by its file name. Throws BadRecordingNameError. */
  path(fileName: string): string {
    return recordingPath(this.files.folder, fileName);
  }

  start(): void {
    this.disk.start();
    this.keeper.start();
    this.#janitor.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.disk.stop(), this.keeper.stop(), this.#janitor.stop()]);
  }
}
