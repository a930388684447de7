import { fastifyCookie } from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { ApiDeps } from '../deps.js';
import { ApiError, notFound, TEXT } from '../errors.js';
import type { AuthWatch } from '../plugins/auth.js';
import { areSame, digestOf } from '../plugins/constant-time.js';
import type { Attempt } from '../plugins/credential-guard.js';
import { BuiltPage, FOREVER } from '../plugins/built-page.js';
import { peerOf } from '../plugins/peer.js';
import { refuseForNow } from '../plugins/rate-limit.js';
import { sendFile, sendPage } from '../plugins/served-file.js';
import { ConsoleAccess } from './console-access.js';
import { CONSOLE_COOKIE, ConsoleCookies, LOGIN_LASTS } from './console-cookie.js';
import { numbersPage, poolSums } from './numbers.js';
import { overviewOf } from './overview.js';
import { revealRoute } from './reveal.js';

/** Everything comes from this host, nothing inline; audio is decoded by the page itself. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-cache',
} as const;

const LOGIN = z.object({ auth_id: z.string().max(128), auth_token: z.string().max(1_024) });

/**
 * `/console/`: the operator's page, its log-in, and what it needs beyond the API. None of it is part of the API: it may
 * change with the page.
 */
export function consoleRoutes(app: FastifyInstance, deps: ApiDeps, watch: AuthWatch): ConsoleAccess {
  app.register(fastifyCookie);
  const { account, publicUrl, clock } = deps;
  const cookies = new ConsoleCookies({ dataKeys: deps.console.dataKeys, account });
  // By the real time, whatever clock calls go by: the browser keeps it by that.
  const access = new ConsoleAccess(cookies, () => Date.now());
  const built = new BuiltPage(deps.console.folder, 'Maskline console', 'build:console');
  const setting = {
    httpOnly: true,
    sameSite: 'strict',
    secure: publicUrl.startsWith('https:'),
    path: '/',
  } as const;

  app.get('/console', async (request, reply) => sendPage(request, reply, await built.page(), HEADERS));
  app.get('/console/assets/:file', async (request, reply) => {
    const { file } = request.params as { file: string };
    const asset = await built.asset(file);
    if (asset === null) throw notFound();
    return sendFile(request, reply, asset, FOREVER);
  });

  const sums = poolSums(deps);
  app.post('/console/login', async (request, reply) => {
    const given = LOGIN.safeParse(request.body);
    const { auth_id: id, auth_token: token } = given.data ?? { auth_id: '', auth_token: '' };
    const attempt: Attempt = { peer: peerOf(request.ip), id, token };
    const wait = watch.guard.wait(attempt, watch.now());
    if (wait > 0) throw refuseForNow(reply, wait);
    const isRight = areSame([
      [id, digestOf(account.id)],
      [token, digestOf(account.token)],
    ]);
    if (!isRight) {
      if (watch.guard.wrong(attempt, watch.now())) watch.onGuessing(request, id);
      const rest = watch.countAnonymous(request);
      throw rest === 0 ? new ApiError(401, TEXT.unauthorized) : refuseForNow(reply, rest);
    }
    watch.guard.right(attempt, watch.now());
    setCookie(reply, cookies.issue(Date.now()), LOGIN_LASTS / 1_000);
    request.log.info({ peer: request.ip }, 'somebody logged in at the console');
    return reply.code(204).send();
  });

  app.post('/console/logout', async (request, reply) => {
    requirePage(request);
    setCookie(reply, '', 0);
    return reply.code(204).send();
  });

  app.get('/console/session', (request, reply) => {
    // Nobody has failed at anything by not having logged in yet.
    if (!access.isFromPage(request)) return reply.code(204).send();
    const { version, isSandbox, softphones } = deps.console;
    return { auth_id: account.id, version, public_url: publicUrl, sandbox: isSandbox, softphones };
  });
  app.get('/console/api/overview', async (request) => {
    requirePage(request);
    return overviewOf(deps.console, Date.now());
  });
  app.get('/console/api/numbers', async (request) => {
    requirePage(request);
    return numbersPage(deps, request.query, clock.now(), sums);
  });
  app.register((scope, _options, done) => {
    scope.addHook('onRequest', (request, _reply, next) => {
      requirePage(request);
      next();
    });
    revealRoute(scope, deps, access);
    done();
  });
  return access;

  /** `maxAge` in seconds; 0 has the browser forget it. */
  function setCookie(reply: FastifyReply, value: string, maxAge: number): void {
    reply.setCookie(CONSOLE_COOKIE, value, { ...setting, maxAge });
  }

  /** Throws ApiError 401. */
  function requirePage(request: FastifyRequest): void {
    if (!access.isFromPage(request)) throw new ApiError(401, TEXT.unauthorized);
  }
}
