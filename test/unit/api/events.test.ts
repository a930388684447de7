import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';

import { buildApi } from '../../../src/api/build-api.js';
import { BASE, credentials, FakeDeps, NOW } from './fake-deps.js';

describe('the events of a session', () => {
  let deps: FakeDeps;
  let app: FastifyInstance;
  let id: string;

  beforeEach(async () => {
    deps = new FakeDeps();
    app = buildApi(deps);
    const created = await app.inject({
      method: 'POST',
      url: `${BASE}/Masking/Session/`,
      headers: credentials(),
      payload: { first_party: '+14155550101', second_party: '+14155550102' },
    });
    id = created.json<{ session_uuid: string }>().session_uuid;
  });

  afterEach(async () => app.close());

  const events = (sessionId: string) =>
    app.inject({ url: `${BASE}/Masking/Session/${sessionId}/Event/`, headers: credentials() });

  it('are none where nothing went wrong', async () => {
    const response = await events(id);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ objects: [] });
  });

  it('are shown with the newest first', async () => {
    const note = { event: 'prompt-unavailable', code: 'ERR_PROMPT_FETCH', message: 'status 404' } as const;
    deps.noted.push(
      { ...note, parameter: 'pin_prompt_play', first: NOW, last: NOW, count: 1 },
      { ...note, parameter: 'unknown_caller_play', first: NOW, last: NOW + 60_000, count: 3 },
    );
    const { objects } = (await events(id.toUpperCase())).json<{ objects: unknown[] }>();
    expect(objects).toEqual([
      {
        ...note,
        parameter: 'unknown_caller_play',
        first_time: '2026-11-23 01:02:03 +0000 UTC',
        last_time: '2026-11-23 01:03:03 +0000 UTC',
        count: 3,
      },
      expect.objectContaining({ parameter: 'pin_prompt_play', count: 1 }),
    ]);
  });

  it.each(['6f5c4a53-0000-4000-8000-000000000000', 'nonsense'])('of %s are not found', async (unknown) => {
    expect((await events(unknown)).statusCode).toBe(404);
  });
});
