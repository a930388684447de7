import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A file of a page, as browsers are given it. */
export interface ServedFile {
  /** Media type. */
  readonly type: string;
  readonly body: Buffer;
  readonly tag: string;
  /** The same compressed, by the name of its encoding, best first; null where it is not. */
  readonly compressed: Readonly<Record<string, Buffer | null>>;
}

export function servedFile(
  type: string,
  body: Buffer,
  compressed: ServedFile['compressed'] = {},
): ServedFile {
  return {
    type,
    body,
    compressed,
    tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}

/** Answers with `file`, or with 304 to a browser that has it. `headers` take the place of those that every answer has. */
export function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, body, tag, compressed }: ServedFile,
  headers: Readonly<Record<string, string>>,
): FastifyReply {
  const accepted = String(request.headers['accept-encoding']).split(/[\s,;]+/);
  const [encoding, packed] =
    Object.entries(compressed).find(([name, bytes]) => bytes !== null && accepted.includes(name)) ?? [];
  // Each form of it has a tag of its own (RFC 9110, 8.8.3).
  const etag = encoding === undefined ? tag : `${tag.slice(0, -1)}-${encoding}"`;
  reply.headers({ ...headers, etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  return reply.type(type).send(packed ?? body);
}

/**
 * Answers with the page of a folder, or leads to it with a trailing slash: a page names its files relative to
 * itself, so that it works below any path of a proxy.
 */
export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  page: ServedFile,
  headers: Readonly<Record<string, string>>,
): FastifyReply {
  const [path = ''] = request.url.split('?');
  if (path.endsWith('/')) return sendFile(request, reply, page, headers);
  return reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`);
}
