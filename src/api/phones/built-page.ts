import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';

import { servedFile, type ServedFile } from '../plugins/served-file.js';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** A page that a build script left in dist/. */
export interface BuiltPage {
  readonly page: ServedFile;
  /** By name; a name changes with what the file holds. */
  readonly assets: ReadonlyMap<string, ServedFile>;
}

/** Reads dist/`name`, or answers null where it was not built. This file lies one folder further down once it is built itself. */
export async function builtPage(name: string): Promise<BuiltPage | null> {
  const folder = [`../../../dist/${name}/`, `../../../${name}/`]
    .map((path) => new URL(path, import.meta.url))
    .find((place) => existsSync(new URL('index.html', place)));
  if (folder === undefined) return null;
  const assets = new URL('assets/', folder);
  const files = await Promise.all(
    (await readdir(assets))
      .filter((file) => Object.hasOwn(TYPES, extname(file)))
      .map(async (file) => {
        const body = await readFile(new URL(file, assets));
        return [file, servedFile(TYPES[extname(file)] ?? '', body)] as const;
      }),
  );
  return {
    page: servedFile('text/html; charset=utf-8', await readFile(new URL('index.html', folder))),
    assets: new Map(files),
  };
}
