import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Everything comes from this host, nothing inline; audio is decoded by the page itself. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
  "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Maskline console</title>
<h1>The console is not built</h1>
<p>Build it where the controller runs from: <code>npm run build:console</code>, then load this page again.</p>
</html>
`;

interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly brotli: Buffer | null;
  readonly gzip: Buffer | null;
}

interface Manifest {
  readonly index: string;
  readonly files: readonly string[];
}

/** The built page, read once when it is first asked for, as scripts/build-console.mjs leaves it. */
export class PageFiles {
  readonly #folder: string;
  #index = '';
  #files: ReadonlyMap<string, PageFile> | null = null;

  /** Absolute path of dist/console. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The page itself; says what to do where it is not built. */
  async sendIndex(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const files = await this.#read();
    const page = files?.get(this.#index);
    reply.header('content-security-policy', POLICY);
    if (page === undefined)
      return reply
        .code(503)
        .type(TYPES['html'] ?? '')
        .send(NOT_BUILT);
    return send(request, reply, page);
  }

  /** A file of the page; false when there is none of that name. */
  async sendAsset(name: string, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const file = (await this.#read())?.get(`assets/${name}`);
    if (file === undefined) return false;
    // Its name holds a hash of its content.
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    send(request, reply, file);
    return true;
  }

  /** Null while there is no build; one that comes later is found. */
  async #read(): Promise<ReadonlyMap<string, PageFile> | null> {
    if (this.#files !== null) return this.#files;
    let manifest: Manifest;
    try {
      manifest = JSON.parse(await readFile(join(this.#folder, 'manifest.json'), 'utf8')) as Manifest;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const names = [manifest.index, ...manifest.files];
    const read = await Promise.all(
      names.map(async (name): Promise<[string, PageFile]> => [name, await this.#file(name)]),
    );
    this.#index = manifest.index;
    this.#files = new Map(read);
    return this.#files;
  }

  async #file(name: string): Promise<PageFile> {
    const path = join(this.#folder, name);
    const [plain, brotli, gzip] = await Promise.all([
      readFile(path),
      readFile(`${path}.br`).catch(() => null),
      readFile(`${path}.gz`).catch(() => null),
    ]);
    const extension = name.slice(name.lastIndexOf('.') + 1);
    return { type: TYPES[extension] ?? 'application/octet-stream', plain, brotli, gzip };
  }
}

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  const given = request.headers['accept-encoding'];
  const accepted = Array.isArray(given) ? given.join() : (given ?? '');
  reply.type(file.type).header('vary', 'accept-encoding');
  if (file.brotli !== null && /\bbr\b/.test(accepted)) {
    return reply.header('content-encoding', 'br').send(file.brotli);
  }
  if (file.gzip !== null && /\bgzip\b/.test(accepted)) {
    return reply.header('content-encoding', 'gzip').send(file.gzip);
  }
  return reply.send(file.plain);
}
