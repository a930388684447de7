import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';

import type { AudioFormat } from './audio-format.js';
import { PromptError } from './errors.js';
import { POINTER_BYTES, sweepFolder, type Swept } from './folder-sweep.js';
import type { Validity } from './validity.js';
import { isMissing } from '../missing-file.js';

/** Paths go into FreeSWITCH's arguments, where other characters mean something. */
const SAFE_PATH = /^[A-Za-z0-9_/.-]+$/;

const POINTER = z.object({
  file: z.string().regex(/^[0-9a-f]{64}\.(?:wav|mp3)$/),
  size: z.int().positive(),
  freshUntil: z.number(),
  etag: z.string(),
  lastModified: z.string(),
});

/** What a URL gave when it was asked last. */
export interface KnownPrompt {
  /** Absolute path of the audio. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly freshUntil: number;
  readonly validity: Validity;
}

/**
 * Prompts on disk. `<SHA-256 of the content>.wav|mp3` is the audio; `urls/<SHA-256 of the URL>` tells
 * which audio the URL gave and how long it is fresh. Both are written beside and renamed, so that a
 * reader, a restart and other controllers on the same folder see a whole file or none. No URL is stored.
 */
export class PromptFolder {
  readonly #folder: string;
  readonly #maxBytes: number;
  /** Bytes in the folder when it was looked at last, and what we have added since. */
  #bytes = 0;

  /**
   * `maxBytes`: beyond that, nothing new is kept.
   * Throws PromptError when the path cannot be given to FreeSWITCH.
   */
  constructor(folder: string, maxBytes: number) {
    if (!isAbsolute(folder) || !SAFE_PATH.test(folder)) {
      throw new PromptError(
        'ERR_PROMPT_FOLDER',
        'the prompts folder is no absolute path of letters, digits and . _ / -',
      );
    }
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /**
   * What `url` gave, or null, also when its audio is gone or has another size than it had. Synchronous:
   * one small read and one stat.
   */
  find(url: string): KnownPrompt | null {
    try {
      const pointer = POINTER.safeParse(parsed(readFileSync(this.#pointer(url), 'utf8')));
      if (!pointer.success) return null;
      const { file, size, freshUntil, etag, lastModified } = pointer.data;
      const path = join(this.#folder, file);
      if (statSync(path).size !== size) return null;
      return { path, freshUntil, validity: { maxAge: null, etag, lastModified } };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /**
   * Keeps `bytes` as what `url` gave, fresh until then (milliseconds since the epoch). Returns the absolute
   * path. Throws PromptError ERR_PROMPT_FOLDER_FULL.
   */
  async keep(
    url: string,
    bytes: Buffer,
    format: AudioFormat,
    fresh: { readonly until: number; readonly validity: Validity },
  ): Promise<string> {
    const file = `${createHash('sha256').update(bytes).digest('hex')}.${format}`;
    const path = join(this.#folder, file);
    const added =
      POINTER_BYTES + (statSync(path, { throwIfNoEntry: false }) === undefined ? bytes.length : 0);
    if (this.#bytes + added > this.#maxBytes) {
      throw new PromptError('ERR_PROMPT_FOLDER_FULL', `the prompts folder holds ${this.#maxBytes} bytes`);
    }
    await mkdir(join(this.#folder, 'urls'), { recursive: true, mode: 0o755 });
    await this.#write(path, bytes);
    await this.#point(url, file, bytes.length, fresh);
    this.#bytes += added;
    return path;
  }

  /** What `url` gave is what it gives still. */
  async confirm(
    url: string,
    { path }: KnownPrompt,
    fresh: { readonly until: number; readonly validity: Validity },
  ): Promise<void> {
    await this.#point(url, path.slice(this.#folder.length + 1), statSync(path).size, fresh);
  }

  /** Removes what no URL of `needed` gave, see sweepFolder. */
  async sweep(needed: ReadonlySet<string>, now: number): Promise<Swept> {
    const crowded = this.#bytes > 0.9 * this.#maxBytes;
    const swept = await sweepFolder(this.#folder, needed, now, crowded);
    this.#bytes = swept.leftBytes;
    return swept;
  }

  async #point(
    url: string,
    file: string,
    size: number,
    { until, validity }: { readonly until: number; readonly validity: Validity },
  ): Promise<void> {
    const { etag, lastModified } = validity;
    const pointer: z.infer<typeof POINTER> = { file, size, freshUntil: until, etag, lastModified };
    await this.#write(this.#pointer(url), Buffer.from(JSON.stringify(pointer)));
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

/** Null for what is no JSON: a pointer that was damaged is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
