import { expect } from 'vitest';

import { until } from '../../helpers/until.js';
import { Receiver } from '../../helpers/receiver.js';
import type { SimBed } from '../../helpers/sim-bed.js';
import { AUTH_ID } from '../../helpers/stack.js';
import { PIN, pinSession } from '../../scenarios/scenario.js';

/** What the controllers need for `oneDay`. */
export const DAY_ENVIRONMENT = { CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8' };

export const TALK = [{ wait: 900 }, { hangup: true }] as const;
const WRONG_PIN = '9999';
/** The sweep of expired sessions, retries of callbacks and recordings take their time on a busy machine. */
const PATIENCE_MS = 30_000;

/** Calls of every kind in one session, and all that is told and shown of them, by way of the controllers alone. */
export async function oneDay(bed: SimBed): Promise<void> {
  const { stack } = bed;
  const receiver = await Receiver.start();
  try {
    const [lane, brief] = [await bed.lane(), await bed.lane()];
    const shown = async (path: string): Promise<Record<string, unknown>> => {
      const { status, body } = await stack.api('GET', path);
      expect(status, `${path} ${JSON.stringify(body)}`).toBe(200);
      return body as Record<string, unknown>;
    };
    await brief.session({ callback_url: receiver.url('/brief') }, { sessionExpiry: 1 });
    await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
    const { id } = await lane.session(
      pinSession(lane, { record: true, record_file_format: 'wav', callback_url: receiver.url() }),
    );

    expect(await lane.call({ from: lane.first, steps: TALK })).toMatchObject({ status: 200 });
    const keyed = await lane.call({
      from: lane.stranger,
      steps: [
        { wait: 1_500 },
        { press: WRONG_PIN },
        { wait: 3_500 },
        { press: PIN },
        { wait: 2_000 },
        ...TALK,
      ],
    });
    expect(keyed).toMatchObject({ status: 200, heard: ['pin-prompt', 'pin-wrong', 'pin-prompt'] });
    const calls = await lane.interactions(id, 2);
    for (const call of calls) {
      expect(call).toMatchObject({ cause: 'NORMAL_CLEARING', endedBy: 'a' });
      await until(
        'the recording is entered',
        async () => (await stack.api('GET', `/Recording/${call.id}/`)).status === 200,
        PATIENCE_MS,
      );
      expect((await lane.recording(call)).ms).toBeGreaterThan(300);
    }
    await until(
      'everything is told',
      () => {
        const names = receiver.names();
        const count = (name: string): number => names.filter((each) => each === name).length;
        return (
          count('SessionPartiesHangup') >= 2 &&
          count('SessionPinAuthenticationStatus') >= 2 &&
          count('SessionTimeout') >= 1
        );
      },
      PATIENCE_MS,
    );
    expect(receiver.told.filter(({ target }) => target === '/brief')).toHaveLength(1);

    const { response: page } = await shown(`/Masking/Session/?virtual_number=${lane.did.slice(1)}`);
    expect(JSON.stringify(page)).toContain(id);
    expect(await lane.read(id)).toMatchObject({ status: 'active', total_call_count: 4 });
    expect(JSON.stringify(await shown(`/Call/?from_number=${lane.first.slice(1)}`))).toContain(calls[0]!.id);
    expect(JSON.stringify(await shown(`/Recording/?session_uuid=${id}`))).toContain(calls[1]!.id);
    await lane.past({ to: lane.did }, 2);
    await until(
      'the statistics count them',
      async () => {
        const { objects } = await shown('/Masking/Statistics/');
        return (objects as { connected: number }[]).reduce((sum, { connected }) => sum + connected, 0) >= 2;
      },
      PATIENCE_MS,
    );
    expect(await overviewOf(bed)).toMatchObject({
      redis: { up: true },
      controllers: stack.controllers.map(() => ({ version: expect.any(String) as string })),
    });

    const erased = await stack.api('POST', '/Person/Erase/', { phone_number: lane.first });
    expect(erased.status, JSON.stringify(erased.body)).toBe(200);
    expect(erased.body).toMatchObject({ removed: { sessions: 1, interactions: 2, recordings: 2 } });
    expect((await stack.api('GET', `/Masking/Session/${id}/`)).status).toBe(404);
    expect(await lane.call({ from: lane.first })).toMatchObject({ status: 404 });
  } finally {
    await receiver.close();
  }
}

/** What the console's first page shows. */
async function overviewOf({ stack }: SimBed): Promise<unknown> {
  const { url } = stack.controllers[0]!;
  const login = await fetch(`${url}/console/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth_id: AUTH_ID, auth_token: stack.authToken }),
  });
  expect(login.status).toBe(204);
  const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
  const overview = await fetch(`${url}/console/api/overview`, {
    headers: { cookie, 'x-maskline-console': '1' },
  });
  expect(overview.status).toBe(200);
  return overview.json();
}
