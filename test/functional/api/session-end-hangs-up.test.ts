import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import { PROOF } from '../../helpers/hold.js';
import { RunningApi } from '../../helpers/running-api.js';

const DID = '+15550009001' as E164;
const ALICE = '+15550001001' as E164;
const BOB = '+15550001002' as E164;

let api: RunningApi;
afterEach(() => api.close());

/** Ends a session over the API while a call runs in it; answers the status and what was wished of its node. */
async function endInCall(sessionEndHangsUp: boolean): Promise<{ status: number; wishes: string[] }> {
  api = await RunningApi.start({ sessionEndHangsUp });
  const { store, account } = api;
  await store.numbers.add({
    ...{ number: DID, country: '', alias: '', enabled: true, trunk: '', subaccount: '' },
    addedAt: Date.now(),
  });
  const headers = {
    authorization: `Basic ${Buffer.from(`${account.id}:${account.token}`).toString('base64')}`,
    'content-type': 'application/json',
  };
  const sessions = `${api.url}/v1/Account/${account.id}/Masking/Session/`;
  const created = await fetch(sessions, {
    method: 'POST',
    headers,
    body: JSON.stringify({ first_party: ALICE, second_party: BOB, geomatch: false }),
  });
  const { session_uuid: sessionId } = (await created.json()) as { session_uuid: string };
  const now = Date.now();
  await store.calls.begin(
    {
      ...{ id: 'call-1', sessionId, accountId: account.id, number: DID, node: 'node-1', caller: 'first' },
      ...{ people: { a: ALICE, b: BOB, aWasCalled: false }, takesPlace: false, tells: null, recording: '' },
      ...{ startedAt: now, claimUntil: now + 60_000 },
    },
    now,
  );
  const ending = fetch(`${sessions}${sessionId}/`, { method: 'DELETE', headers });
  const answered = new AbortController();
  ending.then(
    () => answered.abort(),
    () => answered.abort(),
  );
  const wishes: string[] = [];
  while (!answered.signal.aborted) {
    for (const { uuid } of await store.commands.waiting('node-1', PROOF)) {
      wishes.push(uuid);
      await store.commands.settle('node-1', uuid, 'done', PROOF);
    }
    await sleep(10);
  }
  return { status: (await ending).status, wishes };
}

test('with SESSION_END_HANGS_UP a delete hangs the running call up', async () => {
  expect(await endInCall(true)).toEqual({ status: 200, wishes: ['call-1'] });
});

test('without it the call goes on', async () => {
  expect(await endInCall(false)).toEqual({ status: 200, wishes: [] });
});
