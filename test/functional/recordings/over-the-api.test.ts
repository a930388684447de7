import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { SimBed } from '../../helpers/sim-bed.js';
import { AUTH_ID } from '../../helpers/stack.js';
import { found } from '../../helpers/until.js';

let bed: SimBed;
beforeAll(async () => {
  bed = await SimBed.start({ controllers: 2 });
});
afterAll(() => bed.close());

type Json = Record<string, unknown>;

/** A request to one controller; a path of the account, or a whole URL that needs no credentials. */
async function ask(controller: number, method: string, path: string, headers: Record<string, string> = {}) {
  const base = bed.stack.controllers[controller]?.url ?? '';
  const credentials = Buffer.from(`${AUTH_ID}:${bed.stack.authToken}`).toString('base64');
  return path.startsWith('http')
    ? fetch(path, { method, headers })
    : fetch(`${base}/v1/Account/${AUTH_ID}${path}`, {
        method,
        headers: { authorization: `Basic ${credentials}`, ...headers },
      });
}

test('a recorded call is found, heard in ranges by a signed URL, and deleted', async () => {
  const lane = await bed.lane();
  const session = await lane.session({ record: true, record_file_format: 'wav' });
  await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
  await lane.call({ from: lane.first, steps: [{ wait: 2_000 }, { hangup: true }] });
  await lane.interactions(session.id, 1);

  const shown = await found('the recording is entered', async () => {
    const { objects } = (await (await ask(0, 'GET', `/Recording/?session=${session.id}`)).json()) as {
      objects: Json[];
    };
    return objects[0] ?? null;
  });
  expect(shown).toMatchObject({
    state: 'completed',
    recording_format: 'wav',
    from_number: lane.first,
    session_uuid: session.id,
  });
  const [interaction] = (await lane.read(session.id))['interaction'] as Record<string, string>[];
  for (const [name, key] of [
    ['first_party_resource_url', 'call_uuid'],
    ['second_party_resource_url', 'call_uuid'],
    ['recording_resource_url', 'recording_id'],
  ] as const) {
    const path = new URL(interaction?.[name] ?? '').pathname.replace(`/v1/Account/${AUTH_ID}`, '');
    const answer = await ask(1, 'GET', path);
    expect(answer.status, name).toBe(200);
    expect(path).toContain(((await answer.json()) as Json)[key]);
  }

  const file = join(bed.stack.recordingsDir, `${String(shown['recording_id'])}.wav`);
  const { size } = await stat(file);
  const url = String(shown['recording_url']);
  const whole = await ask(0, 'GET', url);
  expect([whole.status, (await whole.arrayBuffer()).byteLength]).toEqual([200, size]);
  const part = await ask(0, 'GET', url, { range: 'bytes=0-3' });
  expect([part.status, await part.text()]).toEqual([206, 'RIFF']);
  expect((await ask(0, 'GET', url.replace('signature=', 'signature=A'))).status).toBe(403);

  const calls = (await (
    await ask(1, 'GET', `/Call/?from_number=${encodeURIComponent(lane.first)}`)
  ).json()) as {
    objects: Json[];
  };
  expect(calls.objects).toMatchObject([{ call_direction: 'inbound', hangup_source: 'Caller' }]);

  expect((await ask(1, 'DELETE', `/Recording/${String(shown['recording_id'])}/`)).status).toBe(204);
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await ask(0, 'GET', url)).status).toBe(404);
  expect((await ask(0, 'GET', `/Recording/${String(shown['recording_id'])}/`)).status).toBe(404);
});

test.each([0, 1])(
  'a live call is shown and hung up by controller %i, whichever has the node',
  async (index) => {
    const lane = await bed.lane();
    const session = await lane.session();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
    const call = lane.call({ from: lane.first });
    const up = await found('the call is listed as live', async () => {
      const path = `/Call/?status=live&from_number=${encodeURIComponent(lane.did)}`;
      const { calls } = (await (await ask(index, 'GET', path)).json()) as { calls: string[] };
      return calls[0] ?? null;
    });
    const shown = (await (await ask(index, 'GET', `/Call/${up}/?status=live`)).json()) as Json;
    expect(shown).toMatchObject({
      direction: 'outbound',
      to: lane.second.slice(1),
      session_uuid: session.id,
    });
    expect((await ask(index, 'DELETE', `/Call/${up}/`)).status).toBe(204);
    expect((await call).endedByCaller).toBe(false);
    const [interaction] = await lane.interactions(session.id, 1);
    const leg = interaction?.legs.find(({ uuid }) => uuid === up);
    expect(leg).toMatchObject({ cause: 'MANAGER_REQUEST', endedBy: 'system' });
    expect((await ask(index, 'DELETE', `/Call/${up}/`)).status).toBe(404);
    expect(await (await ask(index, 'GET', `/Call/${up}/`)).json()).toMatchObject({
      hangup_source: 'API Request',
    });
  },
);
