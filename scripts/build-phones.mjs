// Builds phones/ into dist/phones/: one page, one script and one style sheet whose names change with their contents.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../', import.meta.url);
const out = new URL('dist/phones/', root);

await rm(out, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: fileURLToPath(root),
  entryPoints: { phones: 'phones/main.tsx', style: 'phones/style.css' },
  outdir: fileURLToPath(new URL('assets/', out)),
  entryNames: '[name]-[hash]',
  bundle: true,
  format: 'esm',
  target: ['es2022', 'chrome110', 'firefox115', 'safari16.4'],
  minify: true,
  legalComments: 'eof',
  tsconfig: fileURLToPath(new URL('phones/tsconfig.json', root)),
  metafile: true,
  logLevel: 'warning',
});

const named = (ending) => {
  const [path] = Object.keys(metafile.outputs).filter((file) => file.endsWith(ending));
  return `assets/${basename(path)}`;
};

await mkdir(out, { recursive: true });
await writeFile(
  new URL('index.html', out),
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Maskline phones</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${named('.css')}">
<script type="module" src="${named('.js')}"></script>
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript: the phones are programs that run in your browser.</noscript>
</body>
</html>
`,
);
