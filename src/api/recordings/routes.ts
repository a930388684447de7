import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Recording } from '../../masking/recording.js';
import type { ApiDeps } from '../deps.js';
import { notFound } from '../errors.js';
import { pageMeta } from '../openapi/common.js';
import { accountIdsFor, accountOf, sees, type RequestAccount } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { DELETE_OPERATION, GET_OPERATION, listOperation } from './operations.js';
import { recordingObject, type RecordingObject } from './recording-object.js';
import { RecordingListParams } from './recording-params.js';
import { UUID } from '../params/uuid.js';

/** `Recording/` of one account. The audio: media-routes.ts. */
export function recordingRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const listParams = new RecordingListParams(deps);

  resource(scope, '/Recording', {
    GET: {
      operation: listOperation(listParams.schema),
      handler: async (request) => {
        const account = accountOf(request);
        const now = deps.clock.now();
        const { query, callUuid, subaccount, page } = listParams.read(request.query, now);
        const accountIds = accountIdsFor(account, subaccount);
        const { recordings, total } =
          accountIds?.length === 0
            ? { recordings: [], total: 0 }
            : callUuid === ''
              ? await deps.recordings.list({ ...query, accountIds })
              : await ofCall(callUuid, accountIds);
        const path = `${account.path}/Recording/`;
        return {
          api_id: request.id,
          meta: pageMeta(query, total, (offset) => `${path}?${page(offset)}`),
          objects: recordings.map((recording) => shown(recording, account, now)),
        };
      },
    },
  });

  resource(scope, '/Recording/:recordingId', {
    GET: {
      operation: GET_OPERATION,
      handler: async (request) => {
        const account = accountOf(request);
        const recording = await found(request, account);
        return { api_id: request.id, ...shown(recording, account, deps.clock.now()) };
      },
    },
    DELETE: {
      operation: DELETE_OPERATION,
      handler: async (request, reply) => {
        await deps.recordings.remove(await found(request, accountOf(request)));
        return reply.code(204).send();
      },
    },
  });

  /** The recording in the path. Throws ApiError 404 when the account does not see it. */
  async function found(request: FastifyRequest, account: RequestAccount): Promise<Recording> {
    const { recordingId: id } = request.params as { recordingId: string };
    const recording = UUID.test(id) ? await deps.recordings.get(id.toLowerCase()) : null;
    if (recording === null || !sees(account, recording.accountId)) throw notFound();
    return recording;
  }

  /** A call has one recording at most. */
  async function ofCall(
    uuid: string,
    accountIds: readonly string[] | null,
  ): Promise<{ recordings: readonly Recording[]; total: number }> {
    const recording = UUID.test(uuid) ? await deps.recordings.ofCall(uuid) : null;
    const seen = recording !== null && (accountIds === null || accountIds.includes(recording.accountId));
    return { recordings: seen ? [recording] : [], total: seen ? 1 : 0 };
  }

  function shown(recording: Recording, account: RequestAccount, now: number): RecordingObject {
    return recordingObject(recording, account.path, deps.recordings.mediaUrl(recording, now), now);
  }
}
