import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { AuditEntry } from '../../masking/audit.js';
import { parseE164 } from '../../masking/phone-number.js';
import type { AuditStore } from '../deps.js';
import type { Operation } from '../openapi/operation.js';
import { accountOf } from './account.js';
import { clientRequestId } from './request-id.js';
import { UUID } from '../params/uuid.js';

const ENTRY = Symbol('audit entry');
const TARGET = Symbol('audit target');

const ENTER = Symbol('enters the audit entry');

type Audited = FastifyRequest & { [ENTRY]?: AuditEntry; [TARGET]?: string; [ENTER]?: () => Promise<void> };

/** Path parameters that name what is changed, and the only form in which they do. */
const NAMING: Readonly<Record<string, RegExp>> = {
  sessionId: UUID,
  callUuid: UUID,
  recordingId: UUID,
  subaccountId: /^SA[A-Z0-9]{18}$/,
  callbackId: /^[1-9]\d{0,8}$/,
};

/** What a handler changed, when the path does not name it: the id of a new session. */
export function auditTarget(request: FastifyRequest, target: string): void {
  (request as Audited)[TARGET] = target;
}

/**
 * Enters the change that the request makes, where its operation says that the handler does so. The change may not be
 * acknowledged unless this resolves, and has to be taken back when it rejects. May be called again.
 */
export async function enterAudit(request: FastifyRequest): Promise<void> {
  const enter = (request as Audited)[ENTER];
  if (enter === undefined)
    throw new TypeError('A change is to be entered of which the audit log knows nothing.');
  await enter();
}

/**
 * Enters every request to `scope` that changes something in the audit log, ahead of its handler: when that
 * fails, nothing is changed. What became of it follows the answer, and delays it by nothing.
 */
export function auditChanges(
  scope: FastifyInstance,
  audit: Pick<AuditStore, 'enter' | 'settle'>,
  now: () => number,
): void {
  const settling = new Set<Promise<void>>();
  scope.addHook('preHandler', async (request) => {
    const { operation } = request.routeOptions.config;
    if (operation === undefined || operation.changesNothing === true) return;
    if (request.method === 'GET' || request.method === 'HEAD') return;
    const account = accountOf(request);
    const entry: AuditEntry = {
      id: request.id,
      at: now(),
      who: account.credentialId,
      account: account.id,
      peer: request.ip,
      requestId: clientRequestId(request.headers),
      action: operation.id,
      target: targetIn(request),
      fields: fieldsOf(request.body, operation),
      status: null,
    };
    const audited = request as Audited;
    if (operation.entersItself === true) {
      audited[ENTER] = () => {
        // From here on it may be there, whatever comes back.
        audited[ENTRY] = entry;
        return audit.enter(entry);
      };
      return;
    }
    await audit.enter(entry);
    audited[ENTRY] = entry;
  });
  scope.addHook('onSend', (request, reply, _payload, done) => {
    const entry = (request as Audited)[ENTRY];
    if (entry !== undefined) follow(request, entry, reply.statusCode);
    done();
  });
  scope.addHook('onClose', async () => {
    await Promise.all(settling);
  });

  function follow(request: FastifyRequest, entry: AuditEntry, status: number): void {
    const target = (request as Audited)[TARGET] ?? (entry.target || (status < 300 ? numberIn(request) : ''));
    const settled = audit
      .settle(entry, { status, target })
      .catch((error: unknown) => {
        request.log.error(
          { err: error, action: entry.action, status },
          'the outcome of a change was not entered',
        );
      })
      .finally(() => settling.delete(settled));
    settling.add(settled);
  }
}

function targetIn(request: FastifyRequest): string {
  const params = request.params as Readonly<Record<string, string>>;
  return Object.entries(NAMING)
    .flatMap(([name, form]) => (form.test(params[name] ?? '') ? [params[name] ?? ''] : []))
    .map((id) => (UUID.test(id) ? id.toLowerCase() : id))
    .join('/');
}

/** The virtual number in the path, once it is known to be one: anybody's number may stand there. */
function numberIn(request: FastifyRequest): string {
  const { number = '' } = request.params as { number?: string };
  return number === '' ? '' : (parseE164(number) ?? '');
}

/** Documented names alone: what a client made up may hold anything. */
function fieldsOf(body: unknown, { body: schema, aliases = {} }: Operation): string[] {
  if (typeof body !== 'object' || body === null || schema === undefined) return [];
  const given = Object.keys(body).map((key) => aliases[key.toLowerCase()] ?? key.toLowerCase());
  return [...new Set(given)].filter((name) => Object.hasOwn(schema.shape, name)).sort();
}
