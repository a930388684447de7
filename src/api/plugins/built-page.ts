import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isMissing } from '../../missing-file.js';
import { servedFile, type ServedFile } from './served-file.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** For files whose names change with what they hold. */
export const FOREVER = { 'cache-control': 'public, max-age=31536000, immutable' } as const;

/** Absolute path of dist/`name`. This file lies one folder further down once it is built itself. */
export function folderOfPage(name: string): string {
  const folders = [`../../../${name}/`, `../../../dist/${name}/`].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const [built = '', fromSource = ''] = folders;
  return existsSync(join(built, 'index.html')) && import.meta.url.includes('/dist/') ? built : fromSource;
}

interface Built {
  readonly page: ServedFile;
  /** By name. */
  readonly assets: ReadonlyMap<string, ServedFile>;
}

/** A page that a build script left in a folder: index.html, and in assets/ files whose names change with what they hold. */
export class BuiltPage {
  readonly #folder: string;
  readonly #notBuilt: ServedFile;
  #built: Built | null = null;

  /** `name` of the page for people; `script` is what builds it. */
  constructor(folder: string, name: string, script: string) {
    this.#folder = folder;
    this.#notBuilt = servedFile(
      TYPES['.html'] ?? '',
      Buffer.from(
        `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${name}</title>\n` +
          `<p>This page was not built. Run <code>npm run ${script}</code> where the controller runs from, then load it again.</p>\n</html>\n`,
      ),
    );
  }

  /** The page, or one that says how to build it. */
  async page(): Promise<ServedFile> {
    return (await this.#read())?.page ?? this.#notBuilt;
  }

  async asset(name: string): Promise<ServedFile | null> {
    return (await this.#read())?.assets.get(name) ?? null;
  }

  /** Null while there is no build; one that comes later is found. */
  async #read(): Promise<Built | null> {
    if (this.#built !== null) return this.#built;
    const assets = join(this.#folder, 'assets');
    let names: string[];
    try {
      names = await readdir(assets);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
    const files = await Promise.all(
      names
        .filter((name) => Object.hasOwn(TYPES, extname(name)))
        .map(async (name): Promise<[string, ServedFile]> => [name, await fileAt(join(assets, name))]),
    );
    this.#built = { page: await fileAt(join(this.#folder, 'index.html')), assets: new Map(files) };
    return this.#built;
  }
}

/** With its compressed siblings, where the build made some. */
async function fileAt(path: string): Promise<ServedFile> {
  const sibling = async (ending: string): Promise<Buffer | null> => {
    const file = `${path}.${ending}`;
    return existsSync(file) ? readFile(file) : null;
  };
  return servedFile(TYPES[extname(path)] ?? '', await readFile(path), {
    br: await sibling('br'),
    gzip: await sibling('gz'),
  });
}
