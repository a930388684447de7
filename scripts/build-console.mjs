// npm run build:console: the operator console, from console/ to dist/console. Names of files hold a hash of their content, so
// that a browser may keep them for ever; each has compressed siblings, so that nobody compresses while serving.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { build } from 'esbuild';

/** Most that a browser may have to load before the first page shows: bytes, compressed with gzip (brotli is less). */
const MOST_BYTES = 150_000;
const NOTICE =
  '/*! The console of Maskline. Contains Preact: MIT License, Copyright (c) 2015-present Jason Miller. */';

const source = fileURLToPath(new URL('../console/', import.meta.url));
const target = fileURLToPath(new URL('../dist/console/', import.meta.url));

const { outputFiles } = await build({
  absWorkingDir: source,
  entryPoints: { main: 'src/main.tsx', style: 'src/styles/main.css' },
  outdir: target,
  bundle: true,
  write: false,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  banner: { js: NOTICE },
});

const files = new Map();
for (const { path, contents } of outputFiles) {
  const [, name, extension] = /([^/\\]+)\.(js|css)$/.exec(path) ?? [];
  if (extension !== undefined) add(name, extension, Buffer.from(contents));
}
add('icon', 'svg', await readFile(`${source}icon.svg`));
const page = await readFile(`${source}index.html`, 'utf8');
const index = page.replace(/%(\w+)%/g, (_, name) => {
  const file = [...files.keys()].find((each) =>
    each.startsWith(`assets/${name === 'script' ? 'main' : name}-`),
  );
  if (file === undefined) throw new Error(`console/index.html names ${name}, which was not built`);
  return file;
});

await rm(target, { recursive: true, force: true });
await mkdir(`${target}assets`, { recursive: true });
let firstLoad = 0;
for (const [name, contents] of [...files, ['index.html', Buffer.from(index)]]) {
  const gzip = gzipSync(contents, { level: 9 });
  const brotli = brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  firstLoad += gzip.length;
  await writeFile(`${target}${name}`, contents);
  await writeFile(`${target}${name}.gz`, gzip);
  await writeFile(`${target}${name}.br`, brotli);
}
// Last: whoever finds it finds everything that it names.
const manifest = { index: 'index.html', files: [...files.keys()] };
await writeFile(`${target}manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);

process.stdout.write(`console: the first load is ${(firstLoad / 1_000).toFixed(1)} kB, compressed\n`);
if (firstLoad > MOST_BYTES) {
  process.stderr.write(`console: that is more than ${MOST_BYTES / 1_000} kB\n`);
  process.exitCode = 1;
}

function add(name, extension, contents) {
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 10);
  files.set(`assets/${name}-${hash}.${extension}`, contents);
}
