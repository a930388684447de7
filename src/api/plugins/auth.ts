import basicAuth from '@fastify/basic-auth';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { AccountStore } from '../deps.js';
import { ApiError, TEXT } from '../errors.js';
import { isSubaccountId, requestAccount, setAccount, type RequestAccount } from './account.js';
import { areSame, digestOf } from './constant-time.js';
import type { Attempt, CredentialGuard } from './credential-guard.js';
import { peerOf } from './peer.js';
import { refuseForNow } from './rate-limit.js';

export interface Credentials {
  readonly account: { readonly id: string; readonly token: string };
  readonly accounts: Pick<AccountStore, 'authenticate' | 'get'>;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /**
   * Of a request of our own page in a browser: whether somebody is logged in to the main account there; null for any
   * other request. Default: there is no page.
   */
  readonly loginOf?: (request: FastifyRequest) => boolean | null;
}

/** What watches over the attempts to get in. */
export interface AuthWatch {
  readonly guard: CredentialGuard;
  /** Counts a request without right credentials; milliseconds until its address may come again, or 0. */
  countAnonymous(request: FastifyRequest): number;
  /** An address is refused from now on, for guessing at the account `id`. */
  onGuessing(request: FastifyRequest, id: string): void;
  /** Milliseconds since the epoch. */
  now(): number;
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
  watch: AuthWatch,
  isPermitted: (request: FastifyRequest) => boolean = () => false,
): Promise<void> {
  const id = digestOf(credentials.account.id);
  const token = digestOf(credentials.account.token);
  await scope.register(basicAuth, {
    authenticate: { realm: 'Maskline' },
    validate: async (username, password, request, reply) => {
      const attempt: Attempt = { peer: peerOf(request.ip), id: username, token: password };
      const wait = watch.guard.wait(attempt, watch.now());
      if (wait > 0) throw refuseForNow(reply, wait);
      const account = await accountFor(username, password, request);
      if (account === null) {
        const isLast = watch.guard.wrong(attempt, watch.now());
        if (isLast) watch.onGuessing(request, username);
        throw new ApiError(401, TEXT.unauthorized);
      }
      watch.guard.right(attempt, watch.now());
      setAccount(request, account);
    },
  });
  const { basicAuth: authenticate } = scope;
  scope.addHook('onRequest', function (request, reply, done) {
    if (isPermitted(request)) {
      done();
      return;
    }
    const isLoggedIn = credentials.loginOf?.(request) ?? null;
    if (isLoggedIn !== null) {
      const { authId = '' } = request.params as { authId?: string };
      if (isLoggedIn && areSame([[authId, id]])) {
        setAccount(request, requestAccount(credentials.account.id, true, credentials.publicUrl));
        done();
      } else {
        // Without a WWW-Authenticate, upon which the browser would ask for a password in a window of its own.
        done(counted(request, reply, new ApiError(401, TEXT.unauthorized)));
      }
      return;
    }
    authenticate.call(this, request, reply, (error) =>
      done(error === undefined ? error : counted(request, reply, error)),
    );
  });

  async function accountFor(
    username: string,
    password: string,
    request: FastifyRequest,
  ): Promise<RequestAccount | null> {
    const { authId = '' } = request.params as { authId?: string };
    const isMain = areSame([
      [username, id],
      [password, token],
    ]);
    const pathIsMain = areSame([[authId, id]]);
    return isMain && pathIsMain
      ? requestAccount(credentials.account.id, true, credentials.publicUrl)
      : subaccount(authId, isMain ? null : { username, password }, credentials);
  }

  /** A refusal for want of right credentials counts for its address, and becomes a 429 past the limit. */
  function counted(request: FastifyRequest, reply: FastifyReply, error: Error): Error {
    const { statusCode } = error as { statusCode?: unknown };
    if (statusCode !== 401) return error;
    const wait = watch.countAnonymous(request);
    return wait === 0 ? error : refuseForNow(reply, wait);
  }
}

/** The subaccount of the path, or null. `given` null for the main account's credentials. */
async function subaccount(
  authId: string,
  given: { readonly username: string; readonly password: string } | null,
  { account: main, accounts, publicUrl }: Credentials,
): Promise<RequestAccount | null> {
  // Both are the client's own words: that they differ tells it nothing.
  if (!isSubaccountId(authId) || (given !== null && given.username !== authId)) return null;
  try {
    if (given === null) {
      const account = await accounts.get(authId);
      return account === null ? null : requestAccount(authId, false, publicUrl, main.id);
    }
    const account = await accounts.authenticate(authId, given.password);
    return account?.enabled === true ? requestAccount(authId, false, publicUrl) : null;
  } catch (cause) {
    // Without a status it would be taken for wrong credentials.
    throw new ApiError(500, TEXT.internal, { cause });
  }
}
