import basicAuth from '@fastify/basic-auth';
import type { FastifyInstance } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';

import { ApiError, TEXT } from '../errors.js';
import { requestAccount, setAccount } from './account.js';

/**
 * Every request to `scope` needs the account's id and token (HTTP Basic), and the account in its path
 * has to be that one. All three are compared in constant time, and all of them always, so that the
 * answer's timing tells nothing.
 */
export async function requireAccount(
  scope: FastifyInstance,
  account: { readonly id: string; readonly token: string },
  publicUrl: string,
): Promise<void> {
  const id = digest(account.id);
  const token = digest(account.token);
  await scope.register(basicAuth, {
    authenticate: { realm: 'Maskline' },
    validate: (username, password, request, _reply, done) => {
      const { authId = '' } = request.params as { authId?: string };
      const verdicts = [
        timingSafeEqual(digest(username), id),
        timingSafeEqual(digest(password), token),
        timingSafeEqual(digest(authId), id),
      ];
      if (!verdicts.every(Boolean)) {
        done(new ApiError(401, TEXT.unauthorized));
        return;
      }
      setAccount(request, requestAccount(account.id, true, publicUrl));
      done();
    },
  });
  scope.addHook('onRequest', scope.basicAuth);
}

/** Of one length for every text, as timingSafeEqual demands. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
