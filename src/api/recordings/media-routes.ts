import { Readable } from 'node:stream';

import send from '@fastify/send';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Recording } from '../../masking/recording.js';
import type { RecordFormat } from '../../masking/session.js';
import type { ApiDeps } from '../deps.js';
import { ApiError, notFound, TEXT } from '../errors.js';
import { accountOf, sees } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { namesTag, rangeIn } from './byte-range.js';

/** In lower case, as files are named: what has another form names no file. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const TYPES: Readonly<Record<RecordFormat, string>> = { mp3: 'audio/mpeg', wav: 'audio/wav' };

/** A request that brings its permission with it: a signed URL. */
export function isSigned(request: FastifyRequest): boolean {
  return typeof (request.query as { signature?: unknown }).signature === 'string';
}

/** The audio of recordings: `Recording/<id>.<format>`, for whoever has a signed URL or credentials. */
export function mediaRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  for (const format of ['mp3', 'wav'] as const) {
    resource(scope, `/Recording/:recordingId.${format}`, {
      GET: {
        operation: {
          id: format === 'mp3' ? 'getRecordingMp3' : 'getRecordingWav',
          tag: 'recordings',
          summary: `Get the audio of a recording in ${format}`,
          description:
            'The `recording_url` of a recording: signed, so that it needs no credentials until it expires; with ' +
            'credentials it needs no signature. `Range`, `If-Range` and `If-None-Match` are understood.',
          refusals: [403, 416, 503],
          answers: {
            200: { description: 'All of it.', media: [TYPES[format]] },
            206: { description: 'A range of it.', media: [TYPES[format]] },
          },
        },
        handler: async (request, reply) => {
          const { recordingId: id, authId = '' } = request.params as { recordingId: string; authId?: string };
          const signed = isSigned(request);
          if (signed && !isPermitted(request, authId, `${id}.${format}`)) {
            throw new ApiError(403, TEXT.badSignature);
          }
          const recording = UUID.test(id) ? await deps.recordings.get(id) : null;
          const isSeen =
            recording !== null &&
            (signed ? recording.accountId === authId : sees(accountOf(request), recording.accountId));
          if (!isSeen || recording.format !== format || recording.state === 'failed') throw notFound();
          return sendFile(request, reply, recording);
        },
      },
    });
  }

  function isPermitted(request: FastifyRequest, accountId: string, file: string): boolean {
    const { expires, signature } = request.query as { expires?: unknown; signature?: unknown };
    if (typeof expires !== 'string' || typeof signature !== 'string') return false;
    return deps.recordings.accepts({ accountId, file, expires, signature }, deps.clock.now());
  }

  /** From the folder, or when it is not there from the bucket. */
  async function sendFile(
    request: FastifyRequest,
    reply: FastifyReply,
    { id, format }: Recording,
  ): Promise<FastifyReply> {
    const found = await send(request.raw, `/${id}.${format}`, {
      root: deps.recordings.folder,
      cacheControl: false,
      dotfiles: 'deny',
      index: false,
    });
    if (found.type === 'error') {
      if (found.statusCode === 404) return sendObject(request, reply, id);
      if (found.statusCode === 416) throw badRange(reply, found.headers['Content-Range']);
      throw found.statusCode === 412 ? new ApiError(412, TEXT.badRequest) : notFound();
    }
    return answer(reply, format).code(found.statusCode).headers(found.headers).send(found.stream);
  }

  /**
   * From the bucket, through us: a URL of the bucket would outlive the recording and its signature, and would tell
   * whoever sees it the bucket and the key that signed it. Read anew, because the file may have gone there just now.
   */
  async function sendObject(request: FastifyRequest, reply: FastifyReply, id: string): Promise<FastifyReply> {
    const recording = await deps.recordings.get(id);
    if (recording?.stored === undefined) throw notFound();
    const { bytes, md5, at } = recording.stored;
    const { headers, method } = request;
    const etag = `"${md5}"`;
    const changed = new Date(at).toUTCString();
    answer(reply, recording.format).headers({ 'accept-ranges': 'bytes', etag, 'last-modified': changed });
    if (headers['if-match'] !== undefined && !namesTag(headers['if-match'], etag)) {
      throw new ApiError(412, TEXT.badRequest);
    }
    const known = headers['if-none-match'];
    const isKnown = known === undefined ? headers['if-modified-since'] === changed : namesTag(known, etag);
    if (isKnown) return reply.code(304).send();
    const isSame = [undefined, etag, changed].includes(headers['if-range'] as string | undefined);
    const range = isSame ? rangeIn(headers.range, bytes) : null;
    if (range === 'unsatisfiable') throw badRange(reply, `bytes */${bytes}`);
    const { start, end } = range ?? { start: 0, end: bytes - 1 };
    reply.code(range === null ? 200 : 206).header('content-length', end - start + 1);
    if (range !== null) reply.header('content-range', `bytes ${start}-${end}/${bytes}`);
    // Of an answer without a body Fastify would say that it has none.
    if (method === 'HEAD') return reply.send(Readable.from([]));
    return reply.send(await deps.recordings.read(recording, { start, end }));
  }

  function answer(reply: FastifyReply, format: RecordFormat): FastifyReply {
    return reply
      .header('content-type', TYPES[format])
      .header('cache-control', 'private, max-age=0, must-revalidate');
  }
}

function badRange(reply: FastifyReply, range: string | undefined): ApiError {
  if (range !== undefined) reply.header('content-range', range);
  return new ApiError(416, TEXT.badRange);
}
