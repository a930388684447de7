import basicAuth from '@fastify/basic-auth';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';

import type { AccountStore } from '../deps.js';
import { ApiError, TEXT } from '../errors.js';
import { isSubaccountId, requestAccount, setAccount, type RequestAccount } from './account.js';

export interface Credentials {
  readonly account: { readonly id: string; readonly token: string };
  readonly accounts: Pick<AccountStore, 'authenticate' | 'get'>;
  /** Without a trailing slash. */
  readonly publicUrl: string;
}

/**
 * Every request to `scope` needs the id and token of an account (HTTP Basic). The account in its path has
 * to be that one, or, with the main account's credentials, a subaccount: the request counts as that
 * subaccount's then. What is compared is compared in constant time, and all of it always, so that the
 * answer's timing tells nothing about the main account. Redis is asked only about subaccounts.
 * `isPermitted` excepts requests that prove themselves in another way.
 */
export async function requireAccount(
  scope: FastifyInstance,
  credentials: Credentials,
  isPermitted: (request: FastifyRequest) => boolean = () => false,
): Promise<void> {
  const id = digest(credentials.account.id);
  const token = digest(credentials.account.token);
  await scope.register(basicAuth, {
    authenticate: { realm: 'Maskline' },
    validate: async (username, password, request) => {
      const { authId = '' } = request.params as { authId?: string };
      const isMain = [timingSafeEqual(digest(username), id), timingSafeEqual(digest(password), token)].every(
        Boolean,
      );
      const pathIsMain = timingSafeEqual(digest(authId), id);
      const account =
        isMain && pathIsMain
          ? requestAccount(credentials.account.id, true, credentials.publicUrl)
          : await subaccount(authId, isMain ? null : { username, password }, credentials);
      if (account === null) throw new ApiError(401, TEXT.unauthorized);
      setAccount(request, account);
    },
  });
  const { basicAuth: authenticate } = scope;
  scope.addHook('onRequest', function (request, reply, done) {
    if (isPermitted(request)) done();
    else authenticate.call(this, request, reply, done);
  });
}

/** The subaccount of the path, or null. `given` null for the main account's credentials. */
async function subaccount(
  authId: string,
  given: { readonly username: string; readonly password: string } | null,
  { accounts, publicUrl }: Credentials,
): Promise<RequestAccount | null> {
  if (!isSubaccountId(authId) || (given !== null && given.username !== authId)) return null;
  try {
    if (given === null) {
      const account = await accounts.get(authId);
      return account === null ? null : requestAccount(authId, false, publicUrl);
    }
    const account = await accounts.authenticate(authId, given.password);
    return account?.enabled === true ? requestAccount(authId, false, publicUrl) : null;
  } catch (cause) {
    // Without a status it would be taken for wrong credentials.
    throw new ApiError(500, TEXT.internal, { cause });
  }
}

/** Of one length for every text, as timingSafeEqual demands. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
