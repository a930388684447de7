import { open, opendir, rm, stat, statfs } from 'node:fs/promises';

import type { FileFound } from '../masking/recording.js';
import { HEAD_BYTES, mp3Length, wavLength } from './audio-length.js';
import { mendedWav } from './wav-mending.js';
import { isRecordingName, recordingPath } from './recording-path.js';
import { missingAs } from '../missing-file.js';

/** A file in the folder, and since when it has not changed, in milliseconds since the epoch. */
export interface FolderEntry {
  readonly name: string;
  readonly changedAt: number;
}

/** The folder that FreeSWITCH records to. Files have names `<id>.mp3` and `<id>.wav`, and no others are touched. */
export class RecordingFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get folder(): string {
    return this.#folder;
  }

  /** What is in the file. Throws BadRecordingNameError, and the system's error but for a missing file. */
  async look(name: string): Promise<FileFound> {
    const path = recordingPath(this.#folder, name);
    const file = await open(path, 'r').catch(missingAs(null));
    if (file === null) return { kind: 'missing' };
    try {
      const { size, mtimeMs } = await file.stat();
      const changedAt = Math.floor(mtimeMs);
      if (size === 0) return { kind: 'empty', bytes: 0, changedAt };
      const head = Buffer.alloc(Math.min(size, HEAD_BYTES));
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      const seen = head.subarray(0, bytesRead);
      const length = name.endsWith('.wav') ? wavLength(seen, size) : mp3Length(seen, size);
      if (length === null) return { kind: 'unreadable', bytes: size, changedAt };
      return { kind: 'audio', bytes: size, changedAt, ...length };
    } finally {
      await file.close();
    }
  }

  /**
   * Gives a wav file that was not closed the lengths that it has, so that every player plays it; what is left of
   * an unfinished sample goes. Does nothing to an mp3 file: its frames stand each for itself. To be called once
   * nobody writes the file any more; it may be called again. Throws as `look`.
   */
  async repair(name: string): Promise<void> {
    if (!name.endsWith('.wav')) return;
    const file = await open(recordingPath(this.#folder, name), 'r+');
    try {
      const { size } = await file.stat();
      const head = Buffer.alloc(Math.min(size, HEAD_BYTES));
      await file.read(head, 0, head.length, 0);
      const mended = mendedWav(head, size);
      if (mended === null) return;
      await file.truncate(mended.size);
      await file.write(mended.head, 0, mended.head.length, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Whether the file is there. Throws BadRecordingNameError. */
  async has(name: string): Promise<boolean> {
    return (await stat(recordingPath(this.#folder, name)).catch(missingAs(null)))?.isFile() === true;
  }

  /** Absolute path of a recording by its file name. Throws BadRecordingNameError. */
  path(name: string): string {
    return recordingPath(this.#folder, name);
  }

  /** Size and last change of the file, or null when it is not there. Throws as `look`. */
  async facts(name: string): Promise<{ readonly bytes: number; readonly changedAt: number } | null> {
    const found = await stat(recordingPath(this.#folder, name)).catch(missingAs(null));
    return found === null ? null : { bytes: found.size, changedAt: Math.floor(found.mtimeMs) };
  }

  /** Also when it is not there. Throws BadRecordingNameError, and the system's error. */
  async remove(name: string): Promise<void> {
    await rm(recordingPath(this.#folder, name), { force: true });
  }

  /** Bytes that can still be written to the folder's disk. Throws the system's error. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize;
  }

  /** Recordings in the folder, in no order, `most` at most. Whatever else lies there is left out. */
  async *entries(most: number): AsyncGenerator<FolderEntry> {
    let seen = 0;
    for await (const entry of await opendir(this.#folder)) {
      if (seen >= most) return;
      seen += 1;
      if (!entry.isFile() || !isRecordingName(entry.name)) continue;
      const found = await stat(recordingPath(this.#folder, entry.name)).catch(missingAs(null));
      if (found !== null) yield { name: entry.name, changedAt: Math.floor(found.mtimeMs) };
    }
  }
}
