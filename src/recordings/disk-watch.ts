import type { Logger } from '../telemetry/logger.js';

export interface DiskWatchOptions {
  readonly files: { freeBytes(): Promise<number> };
  /** Bytes below which new calls are not recorded; 0 for never. */
  readonly floor: number;
  readonly log: Logger;
  /** Milliseconds between two looks. Default 10 s. */
  readonly intervalMs?: number;
}

/** Free space beyond the floor at which recording begins again, as a part of the floor. */
const MARGIN = 0.1;

/**
 * Keeps recordings from filling their disk: below the floor, calls go on and are not recorded. A disk that
 * cannot be looked at counts as it was.
 */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<void> = Promise.resolve();
  #low = false;
  #free: number | null = null;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  /** False while the disk is below its floor. */
  get mayRecord(): boolean {
    return !this.#low;
  }

  /** For readiness: nothing private. */
  get detail(): string {
    if (this.#free === null) return 'free space is not known';
    const free = `${Math.floor(this.#free / 1_048_576)} MiB free`;
    return this.#low ? `${free}, below the floor: new calls are not recorded` : free;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      this.#look = this.look();
    }, this.#options.intervalMs ?? 10_000);
    this.#look = this.look();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#look;
  }

  /** Looks once. Never rejects. */
  async look(): Promise<void> {
    const { files, floor, log } = this.#options;
    try {
      this.#free = await files.freeBytes();
    } catch (error) {
      log.warn({ err: error }, 'the free space for recordings cannot be read');
      return;
    }
    const limit = this.#low ? floor + floor * MARGIN : floor;
    const low = this.#free < limit;
    if (low === this.#low) return;
    this.#low = low;
    const facts = { freeBytes: this.#free, floorBytes: floor };
    if (low) log.error(facts, 'too little space for recordings: new calls are not recorded');
    else log.info(facts, 'there is space for recordings again');
  }
}
