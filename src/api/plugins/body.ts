import type { FastifyInstance } from 'fastify';

import { ApiError, TEXT } from '../errors.js';

/** Bytes that a request's body may have. */
export const BODY_LIMIT = 65_536;

/**
 * JSON is the only body that the API takes. An empty one counts as missing, and what comes with a
 * DELETE is not looked at: SDKs send `{}`, arguments, or nothing there.
 */
export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body);
    if (request.method === 'DELETE' || text.trim() === '') {
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
