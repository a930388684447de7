import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
} from 'fastify';

import { auditRoutes } from './audit/routes.js';
import { callbackRoutes } from './callbacks/routes.js';
import { callRoutes } from './calls/routes.js';
import type { ConsoleAccess } from './console/console-access.js';
import { KnownNumbers, masked } from './console/masking.js';
import { consoleRoutes } from './console/routes.js';
import type { ApiDeps } from './deps.js';
import { eventRoutes } from './events/routes.js';
import { feedRoutes } from './explain/feed-routes.js';
import { explainRoutes } from './explain/routes.js';
import { traceRoutes } from './explain/trace-routes.js';
import { healthRoutes } from './health/routes.js';
import { measureRequests, metricsRoutes } from './metrics/routes.js';
import { numberRoutes } from './numbers/routes.js';
import { openApiRoutes } from './openapi/routes.js';
import {
  HTTP_OPTIONS,
  KEEP_ALIVE_TIMEOUT,
  limitConnections,
  REQUEST_TIMEOUT,
  SILENCE_TIMEOUT,
} from './connection-limits.js';
import { auditChanges } from './plugins/audit.js';
import { requireAccount, type AuthWatch } from './plugins/auth.js';
import { acceptJson, BODY_LIMIT } from './plugins/body.js';
import { CredentialGuard } from './plugins/credential-guard.js';
import { answerErrors, refuse, refuseConnection } from './plugins/errors.js';
import { RateLimits } from './plugins/rate-limit.js';
import { answerWithIds, identify, newApiId, requestBindings } from './plugins/request-id.js';
import { secure, secureAnswers, securityHeaders } from './plugins/security-headers.js';
import { isSigned, mediaRoutes } from './recordings/media-routes.js';
import { personRoutes } from './persons/routes.js';
import { phoneRoutes } from './phones/routes.js';
import { poolRoutes } from './pool/routes.js';
import { recordingRoutes } from './recordings/routes.js';
import { sessionRoutes } from './sessions/routes.js';
import { statisticsRoutes } from './statistics/routes.js';
import { subaccountRoutes } from './subaccounts/routes.js';

/** Longer than a request line may be: what is too long for an id is just not found. */
const LONGEST_PARAM = 65_536;

/**
 * The HTTP API, ready to listen or to be injected. Its close() waits for the requests under way.
 *
 * The id of a request is its `api_id`, and stands in every line that is logged about it.
 */
export function buildApi(deps: ApiDeps): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = deps.logger;
  const { limits, clock } = deps;
  const headers = securityHeaders(deps.publicUrl);
  const app = fastify({
    loggerInstance,
    // Its own lines hold the URL, and that may hold a number.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'api_id' }),
    genReqId: newApiId,
    requestIdHeader: false,
    childLoggerFactory: (logger, bindings, options, request) =>
      logger.child({ ...bindings, ...requestBindings(request) }, options),
    // Without one in front of us the header is anybody's word.
    trustProxy: limits.trustedProxies.length > 0 ? [...limits.trustedProxies] : false,
    http: HTTP_OPTIONS,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    connectionTimeout: SILENCE_TIMEOUT,
    // While closing, requests that still arrive are answered: a refusal would be a 5xx.
    return503OnClosing: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: LONGEST_PARAM,
    },
    frameworkErrors: (error, request, reply) => {
      secure(reply, headers);
      identify(request, reply);
      void refuse(error, request, reply);
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, headers),
  });
  limitConnections(app.server, limits, deps.logger);
  secureAnswers(app, headers);
  answerWithIds(app);
  const rates = new RateLimits(limits, () => clock.now());
  rates.limitAnonymous(app);
  const watch: AuthWatch = {
    guard: new CredentialGuard(limits.wrongTokens),
    countAnonymous: (request) => rates.countAnonymous(request),
    onGuessing: (request) => {
      request.log.warn(
        { peer: request.ip },
        'an address tried too many wrong tokens and is refused for a while',
      );
    },
    now: () => clock.now(),
  };
  answerErrors(app);
  acceptJson(app);
  logAnswers(app);
  measureRequests(app, deps);
  openApiRoutes(app, deps.publicUrl);
  healthRoutes(app, deps);
  metricsRoutes(app, deps);
  deps.routes?.(app);
  if (deps.browserPhones !== null) phoneRoutes(app, deps, deps.browserPhones, watch);
  const access = deps.console.enabled ? consoleRoutes(app, deps, watch) : null;
  app.register(
    async (scope) => {
      const loginOf = (request: FastifyRequest): boolean | null => access?.loginOf(request) ?? null;
      await requireAccount(scope, { ...deps, loginOf }, watch);
      if (access !== null) maskForPages(scope, deps, access);
      rates.limitCredentials(scope);
      auditChanges(scope, deps.audit, () => clock.now());
      sessionRoutes(scope, deps);
      eventRoutes(scope, deps);
      explainRoutes(scope, deps);
      traceRoutes(scope, deps);
      feedRoutes(scope, deps);
      statisticsRoutes(scope, deps);
      poolRoutes(scope, deps);
      numberRoutes(scope, deps);
      subaccountRoutes(scope, deps);
      callbackRoutes(scope, deps);
      callRoutes(scope, deps);
      recordingRoutes(scope, deps);
      personRoutes(scope, deps);
      auditRoutes(scope, deps);
    },
    { prefix: '/v1/Account/:authId' },
  );
  app.register(
    async (scope) => {
      await requireAccount(scope, deps, watch, isSigned);
      mediaRoutes(scope, deps);
    },
    { prefix: '/v1/Account/:authId' },
  );
  return app;
}

/** What a page is answered shows no number of a person and no PIN; a reveal does, and is audited. */
function maskForPages(scope: FastifyInstance, deps: ApiDeps, access: ConsoleAccess): void {
  const known = new KnownNumbers(
    async () => (await deps.numbers.list({ limit: Number.MAX_SAFE_INTEGER, offset: 0 })).numbers,
  );
  scope.addHook('preSerialization', (request, _reply, payload, done) => {
    // By a callback: most answers are for nobody's page, and a promise would cost each of them.
    if (access.of(request) !== 'page') {
      done(null, payload);
      return;
    }
    known
      .teller()
      .then((isOurs) => masked(payload, isOurs))
      .then((shown) => done(null, shown), done);
  });
}

/** One line a request: the route's pattern, never the path itself. */
function logAnswers(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const level = ['/healthz', '/readyz', '/metrics'].includes(route) ? 'debug' : 'info';
    request.log[level](
      {
        method: request.method,
        route,
        status: reply.statusCode,
        elapsedMs: Math.round(reply.elapsedTime),
      },
      'request answered',
    );
    done();
  });
}
