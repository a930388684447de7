import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { missingAs } from '../missing-file.js';
import { CliFailedError, CliUsageError } from './errors.js';
import type { Invocation } from './invocation.js';
import { size } from './text.js';

export interface DownloadOptions {
  /** A path, `-` for stdout, or undefined for one made of the id. */
  readonly output: string | undefined;
  /** A file that is there is replaced. */
  readonly force: boolean;
}

/**
 * Fetches the audio of a recording, with progress. A file appears under its name only once it is whole. Null when it
 * went to stdout.
 */
export async function download(
  run: Invocation,
  id: string,
  { output, force }: DownloadOptions,
): Promise<{ file: string; bytes: number } | null> {
  const recording = await run.client.get(`Recording/${id}/`);
  if (recording['state'] === 'failed') {
    throw new CliFailedError(
      `the recording has no audio (${String(recording['problem'])}): nothing can be had`,
    );
  }
  const name = `${id}.${String(recording['recording_format'])}`;
  const file = output === '-' ? null : resolve(run.world.folder, output ?? name);
  if (file !== null && !force && (await exists(file))) {
    throw new CliUsageError(
      'that file is there already: choose another with --output, or replace it with --force',
    );
  }
  const response = await run.client.open('GET', `Recording/${name}`);
  if (!response.ok || response.body === null) throw await run.client.refusalOf(response);
  const expected = Number(response.headers.get('content-length') ?? 0);
  const progress = run.terminal.progress();
  let bytes = 0;
  const meter = new Transform({
    transform: (chunk: Buffer, _, done) => {
      bytes += chunk.length;
      progress.update(`${size(bytes)} of ${size(expected)}`);
      done(null, chunk);
    },
  });
  const source = Readable.fromWeb(response.body);
  try {
    if (file === null) {
      for await (const chunk of source.pipe(meter)) await run.terminal.write(chunk as Buffer);
      return null;
    }
    await store(source, meter, file);
    return { file, bytes };
  } finally {
    progress.end();
  }
}

async function store(source: Readable, meter: Transform, file: string): Promise<void> {
  const part = `${file}.part`;
  try {
    // What people said: for nobody else on this machine.
    await pipeline(source, meter, createWriteStream(part, { mode: 0o600 }));
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it broke off';
    throw new CliFailedError(
      `the audio could not be stored (${reason}): check folder and free space, then try again`,
      {
        cause: error,
      },
    );
  }
}

function exists(file: string): Promise<boolean> {
  return access(file)
    .then(() => true)
    .catch(missingAs(false));
}
