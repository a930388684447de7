import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { missingAs } from '../missing-file.js';

/** Milliseconds that a pointer stays once no session needs its URL: the next session often names it again. */
const POINTER_LASTS = 24 * 3_600_000;
/** The same while the folder is nearly full. */
const POINTER_LASTS_CROWDED = 3_600_000;
/** Bytes on disk of a pointer: it takes a block. */
export const POINTER_BYTES = 4_096;
/** Milliseconds that audio stays once no pointer names it: a call may be about to play it. */
const AUDIO_LASTS = 3_600_000;

export interface Swept {
  readonly removed: number;
  readonly leftBytes: number;
}

/**
 * Removes from a prompts folder the pointers that have not been written for a day (an hour, when it is
 * crowded) and whose URL's hash is
 * not in `needed`, then audio that no pointer names and drafts, an hour old. What is not ours stays.
 * Several controllers may sweep one folder: what another one removed first is no error.
 */
export async function sweepFolder(
  folder: string,
  needed: ReadonlySet<string>,
  now: number,
  crowded: boolean,
): Promise<Swept> {
  const pointerLasts = crowded ? POINTER_LASTS_CROWDED : POINTER_LASTS;
  const named = new Set<string>();
  let removed = 0;
  let leftBytes = 0;
  const pointers = join(folder, 'urls');
  for (const name of await namesIn(pointers)) {
    const path = join(pointers, name);
    const age = now - (await writtenAt(path));
    const isDraft = name.includes('.');
    if (isDraft ? age > AUDIO_LASTS : age > pointerLasts && !needed.has(name)) {
      removed += await remove(path);
      continue;
    }
    leftBytes += POINTER_BYTES;
    for (const [file] of (await textOf(path)).matchAll(/[0-9a-f]{64}\.(?:wav|mp3)/g)) named.add(file);
  }
  for (const name of await namesIn(folder)) {
    if (!/^[0-9a-f]{64}\.(?:wav|mp3)(?:\.|$)/.test(name)) continue;
    const path = join(folder, name);
    if (!named.has(name) && now - (await writtenAt(path)) > AUDIO_LASTS) removed += await remove(path);
    else leftBytes += await sizeOf(path);
  }
  return { removed, leftBytes };
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(missingAs<string[]>([]));
}

/** When a file was written, in milliseconds since the epoch; what is gone counts as new. */
async function writtenAt(path: string): Promise<number> {
  return stat(path).then(({ mtimeMs }) => mtimeMs, missingAs(Infinity));
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(({ size }) => size, missingAs(0));
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(missingAs(''));
}

async function remove(path: string): Promise<number> {
  return unlink(path).then(() => 1, missingAs(0));
}
