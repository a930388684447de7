import { basename, extname } from 'node:path';
import type { Clock } from './clock.js';

/** A file that a phone heard. Times in simulated milliseconds since the epoch. */
export interface HeardFile {
  /** File name without folder and ending. */
  readonly name: string;
  readonly file: string;
  readonly startedAt: number;
  /** Null while it plays. */
  endedAt: number | null;
  /** False when it was cut off: by a key, a hangup, a transfer. */
  completed: boolean;
}

/** What one phone heard in one call, in order. */
export class HeardFiles {
  readonly files: HeardFile[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(file: string): (completed: boolean) => void {
    const heard: HeardFile = {
      name: basename(file, extname(file)),
      file,
      startedAt: this.#clock.now(),
      endedAt: null,
      completed: false,
    };
    this.files.push(heard);
    return (completed) => {
      heard.endedAt = this.#clock.now();
      heard.completed = completed;
    };
  }
}
