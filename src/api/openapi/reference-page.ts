import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

import { notFound } from '../errors.js';
import { resource } from '../plugins/resource.js';
import { sendFile, sendPage, servedFile, type ServedFile } from '../plugins/served-file.js';

/**
 * A browsable page for /openapi.json, from files of swagger-ui-dist that the controller serves itself:
 * it works without the Internet, and its policy forbids the browser to ask any other host.
 */

const FROM_PACKAGE: Readonly<Record<string, string>> = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Maskline API</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="icon" type="image/png" href="favicon-32x32.png">
</head>
<body>
<div id="reference"></div>
<noscript>The description of the API is at <a href="../openapi.json">/openapi.json</a>.</noscript>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
`;

/** validatorUrl null: the badge would ask a public service. */
const START = `SwaggerUIBundle({
  url: '../openapi.json',
  dom_id: '#reference',
  validatorUrl: null,
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
});
`;

const OWN: Readonly<Record<string, readonly [type: string, text: string]>> = {
  'start.js': ['text/javascript; charset=utf-8', START],
};

/** Pictures inside the style sheet are data: URLs. Everything else comes from this host, nothing inline. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  // The URL of a file says nothing about its version.
  'cache-control': 'no-cache',
};

/** `/docs/` and its files. Open to everybody: the page shows no more than the source code does. */
export function referencePage(app: FastifyInstance): void {
  const files = new Map<string, ServedFile>();
  const page = servedFile('text/html; charset=utf-8', Buffer.from(PAGE));

  resource(app, '/docs', {
    GET: {
      operation: {
        id: 'getReference',
        tag: 'health',
        summary: 'A page to browse this document',
        answers: { 200: { description: 'The page.', media: ['text/html'] } },
        open: true,
      },
      handler: (request, reply) => sendPage(request, reply, page, HEADERS),
    },
  });
  resource(app, '/docs/:file', {
    GET: {
      operation: {
        id: 'getReferenceFile',
        tag: 'health',
        summary: 'A file of that page',
        answers: {
          200: { description: 'The file.', media: ['text/javascript', 'text/css', 'image/png'] },
        },
        open: true,
      },
      handler: async (request, reply) => {
        const { file: name } = request.params as { file: string };
        if (!Object.hasOwn(FROM_PACKAGE, name) && !Object.hasOwn(OWN, name)) throw notFound();
        return sendFile(request, reply, await cached(name), HEADERS);
      },
    },
  });

  async function cached(name: string): Promise<ServedFile> {
    const known = files.get(name);
    if (known !== undefined) return known;
    const loaded = await load(name);
    files.set(name, loaded);
    return loaded;
  }
}

async function load(name: string): Promise<ServedFile> {
  const own = OWN[name];
  if (own !== undefined) return servedFile(own[0], Buffer.from(own[1]));
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  return servedFile(FROM_PACKAGE[name] ?? '', await readFile(join(folder, name)));
}
