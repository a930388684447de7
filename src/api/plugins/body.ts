import type { FastifyInstance } from 'fastify';

import { ApiError, TEXT } from '../errors.js';

/** Bytes that a request's body may have. */
export const BODY_LIMIT = 65_536;

/** RFC 8259 has JSON in UTF-8. Anything else would be kept with U+FFFD in the place of what was meant. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/**
 * JSON is the only body that the API takes. An empty one counts as missing, and what comes with a
 * DELETE is not looked at: SDKs send `{}`, arguments, or nothing there.
 */
export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (request.method === 'DELETE') {
      done(null, undefined);
      return;
    }
    let text: string;
    try {
      text = UTF_8.decode(body as Buffer);
    } catch (cause) {
      done(new ApiError(400, TEXT.notJson, { cause }), undefined);
      return;
    }
    if (text.trim() === '') {
      done(null, undefined);
      return;
    }
    // The parser's own return value belongs to promises; this one answers by the callback.
    void parse(request, text, (error, value) => {
      if (error === null) done(null, value);
      else done(new ApiError(400, TEXT.notJson, { cause: error }), undefined);
    });
  });
}
