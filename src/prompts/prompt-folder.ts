import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, open, rename, stat, unlink, utimes } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

import type { AudioFormat } from './audio-format.js';
import { PromptError } from './errors.js';

/** Paths go into FreeSWITCH's arguments, where other characters mean something. */
const SAFE_PATH = /^[A-Za-z0-9_/.-]+$/;
const FILE_NAME = /^[0-9a-f]{64}\.(?:wav|mp3)$/;

/**
 * Prompts on disk. `<SHA-256 of the content>.wav|mp3` is the audio; `urls/<SHA-256 of the URL>` holds
 * the name of the audio that the URL gave. Both are written beside and renamed, so that a reader, a
 * restart and a second controller on the same folder see a whole file or none. No URL is stored.
 */
export class PromptFolder {
  readonly #folder: string;

  /** Throws PromptError when the path cannot be given to FreeSWITCH. */
  constructor(folder: string) {
    if (!isAbsolute(folder) || !SAFE_PATH.test(folder)) {
      throw new PromptError(
        'ERR_PROMPT_FOLDER',
        'the prompts folder is no absolute path of letters, digits and . _ / -',
      );
    }
    this.#folder = folder;
  }

  /** Absolute path of the audio that `url` gave, or null. Synchronous: one small read and one stat. */
  find(url: string): string | null {
    try {
      const name = readFileSync(this.#pointer(url), 'latin1');
      if (!FILE_NAME.test(name)) return null;
      const path = join(this.#folder, name);
      return statSync(path).size > 0 ? path : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Milliseconds since the audio of `url` was fetched; Infinity when it never was. */
  async age(url: string, now: number): Promise<number> {
    try {
      return now - (await stat(this.#pointer(url))).mtimeMs;
    } catch (error) {
      if (isMissing(error)) return Infinity;
      throw error;
    }
  }

  /** Keeps `bytes` as what `url` gave at `now` (milliseconds since the epoch). Returns the absolute path. */
  async keep(url: string, bytes: Buffer, format: AudioFormat, now: number): Promise<string> {
    await mkdir(join(this.#folder, 'urls'), { recursive: true, mode: 0o755 });
    const name = `${createHash('sha256').update(bytes).digest('hex')}.${format}`;
    const path = join(this.#folder, name);
    await this.#write(path, bytes);
    const pointer = this.#pointer(url);
    await this.#write(pointer, Buffer.from(name, 'latin1'));
    await utimes(pointer, now / 1_000, now / 1_000);
    return path;
  }

  async #write(path: string, bytes: Buffer): Promise<void> {
    const draft = `${path}.${randomUUID()}`;
    try {
      const file = await open(draft, 'wx', 0o644);
      try {
        await file.writeFile(bytes);
        // FreeSWITCH may run as another user, whatever our umask is.
        await file.chmod(0o644);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (error) {
      // Best effort: the draft may not exist, and the first error is the one that matters.
      await unlink(draft).catch(() => undefined);
      throw error;
    }
  }

  #pointer(url: string): string {
    return join(this.#folder, 'urls', urlHash(url));
  }
}

/** What stands for a URL on disk and in logs. */
export function urlHash(url: string): string {
  return createHash('sha256').update(url).digest('hex');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
