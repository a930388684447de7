import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { AuditEntry } from '../../masking/audit.js';
import type { ApiDeps } from '../deps.js';
import { ApiError, invalid, notFound } from '../errors.js';
import { clientRequestId } from '../plugins/request-id.js';
import type { ConsoleAccess } from './console-access.js';

const ID = '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}';

/** What can be revealed: the form of its id, and where the API has it. */
const KINDS: Readonly<Record<string, { readonly form: RegExp; readonly path: (id: string) => string }>> = {
  session: { form: new RegExp(`^${ID}$`), path: (id) => `/Masking/Session/${id}/` },
  trace: { form: new RegExp(`^${ID}$`), path: (id) => `/Masking/Explain/Call/${id}/` },
  call: { form: new RegExp(`^${ID}$`), path: (id) => `/Call/${id}/` },
  recording: { form: new RegExp(`^${ID}$`), path: (id) => `/Recording/${id}/` },
  callback: {
    form: new RegExp(`^${ID}/[1-9]\\d{0,8}$`),
    path: (id) => `/Masking/Session/${id.replace('/', '/Callback/')}/`,
  },
};

const ASKED = z.object({ kind: z.enum(Object.keys(KINDS) as [string]), id: z.string().max(80) });

/** `POST /console/reveal`: one thing with its numbers and PINs in clear, once the audit log says that it was asked for. */
export function revealRoute(app: FastifyInstance, deps: ApiDeps, access: ConsoleAccess): void {
  app.post('/console/reveal', async (request) => {
    const asked = ASKED.safeParse(request.body);
    const kind = asked.success ? KINDS[asked.data.kind] : undefined;
    const id = asked.data?.id.toLowerCase() ?? '';
    if (kind?.form.test(id) !== true)
      throw new ApiError(400, invalid('id', 'does not name what can be revealed'));
    const entry = entryOf(request, `${asked.data?.kind ?? ''} ${id}`, deps);
    await deps.audit.enter(entry);
    const { statusCode, payload } = await app.inject({
      url: `/v1/Account/${deps.account.id}${kind.path(id)}`,
      headers: access.revealHeaders,
      remoteAddress: request.ip,
    });
    await deps.audit.settle(entry, { status: statusCode, target: entry.target });
    if (statusCode === 404) throw notFound();
    const body = JSON.parse(payload) as { response?: unknown; error?: string };
    if (statusCode !== 200) throw new ApiError(statusCode, body.error ?? '');
    return body.response ?? body;
  });
}

function entryOf(request: FastifyRequest, target: string, { account, clock }: ApiDeps): AuditEntry {
  return {
    id: randomUUID(),
    at: clock.now(),
    who: account.id,
    account: account.id,
    peer: request.ip,
    requestId: clientRequestId(request.headers),
    action: 'console.reveal',
    target,
    fields: [],
    status: null,
  };
}
