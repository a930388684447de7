import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { ApiClient, expectError } from './client.js';
import { BASE, CodedError, credentials, FakeDeps, NOW } from './fake-deps.js';

const ERASE = `${BASE}/Person/Erase/`;

let deps: FakeDeps;
let app: FastifyInstance;
let api: ApiClient;

beforeEach(() => {
  deps = new FakeDeps();
  app = buildApi(deps);
  api = new ApiClient(app);
});

afterEach(() => app.close());

it('answers with what was removed, and repeats the number nowhere', async () => {
  const answer = await api.send('POST', ERASE, { phone_number: '+1 (415) 555-0101' });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ message: 'erased', removed: { sessions: 1, keys: 5, complete: true } });
  expect(deps.erased).toEqual(['+14155550101']);
  expect(answer.text + deps.lines.join('') + JSON.stringify([...deps.audited.values()])).not.toContain(
    '4155550101',
  );
});

it('is audited, also when a call stood in its way', async () => {
  deps.eraseError = new CodedError('ERR_PERSON_IN_CALL');
  await api.send('POST', ERASE, { phone_number: '+14155550101' });
  expect([...deps.audited.values()]).toMatchObject([
    { action: 'erasePerson', target: '', fields: ['phone_number'], status: 409 },
  ]);
});

it.each([
  ['ERR_PERSON_IN_CALL', 'A call of the person is up. Hang it up, or ask again when it has ended.'],
  ['ERR_ERASURE_RUNNING', 'Another erasure is under way. Ask again when it has ended.'],
])('answers 409 for %s', async (code, text) => {
  deps.eraseError = new CodedError(code);
  expectError(await api.send('POST', ERASE, { phone_number: '+14155550101' }), 409, text);
});

it('refuses what is no number, and a virtual number of ours', async () => {
  expectError(
    await api.send('POST', ERASE, {}),
    400,
    'Mandatory parameter missing. phone_number must be present.',
  );
  const text = 'Invalid parameter. phone_number is not a valid phone number.';
  expectError(await api.send('POST', ERASE, { phone_number: 'all' }), 400, text);
  await api.send('POST', `${BASE}/Number/`, { number: '+15550001000' });
  expectError(
    await api.send('POST', ERASE, { phone_number: '+15550001000' }),
    400,
    'Invalid parameter. phone_number is a virtual number of this account.',
  );
  expect(deps.erased).toEqual([]);
});

it('is for the main account only', async () => {
  const { account, token } = await deps.accounts.create('one', true, NOW);
  const url = `/v1/Account/${account.id}/Person/Erase/`;
  for (const headers of [credentials(account.id, token), credentials()]) {
    const answer = await api.send('POST', url, { phone_number: '+14155550101' }, headers);
    expectError(answer, 403, 'Only the main account may do this.');
  }
  expect(deps.erased).toEqual([]);
});
