import send from '@fastify/send';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { RecordFormat } from '../../masking/session.js';
import type { ApiDeps } from '../deps.js';
import { ApiError, notFound, TEXT } from '../errors.js';
import { accountOf, sees } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';

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
          refusals: [403, 416],
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
          return sendFile(request, reply, id, format);
        },
      },
    });
  }

  function isPermitted(request: FastifyRequest, accountId: string, file: string): boolean {
    const { expires, signature } = request.query as { expires?: unknown; signature?: unknown };
    if (typeof expires !== 'string' || typeof signature !== 'string') return false;
    return deps.recordings.accepts({ accountId, file, expires, signature }, deps.clock.now());
  }

  async function sendFile(
    request: FastifyRequest,
    reply: FastifyReply,
    id: string,
    format: RecordFormat,
  ): Promise<FastifyReply> {
    const found = await send(request.raw, `/${id}.${format}`, {
      root: deps.recordings.folder,
      cacheControl: false,
      dotfiles: 'deny',
      index: false,
    });
    if (found.type === 'error') {
      const range = found.headers['Content-Range'];
      if (found.statusCode !== 416)
        throw found.statusCode === 412 ? new ApiError(412, TEXT.badRequest) : notFound();
      if (range !== undefined) reply.header('content-range', range);
      throw new ApiError(416, TEXT.badRange);
    }
    return reply
      .code(found.statusCode)
      .headers(found.headers)
      .header('content-type', TYPES[format])
      .header('cache-control', 'private, max-age=0, must-revalidate')
      .send(found.stream);
  }
}
