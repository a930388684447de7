import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A file of a page, as browsers are given it. */
export interface ServedFile {
  /** Media type. */
  readonly type: string;
  readonly body: Buffer;
  readonly tag: string;
}

export function servedFile(type: string, body: Buffer): ServedFile {
  return { type, body, tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

/** Answers with `file`, or with 304 to a browser that has it. `headers` take the place of those that every answer has. */
export function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, body, tag }: ServedFile,
  headers: Readonly<Record<string, string>>,
): FastifyReply {
  reply.headers({ ...headers, etag: tag });
  if (request.headers['if-none-match'] === tag) return reply.code(304).send();
  return reply.type(type).send(body);
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
