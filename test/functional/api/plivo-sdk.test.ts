import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { RunningApi } from '../../helpers/running-api.js';
import { plivoClient, refusalOf, type Answer, type PlivoClient } from './plivo-client.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UNKNOWN = '11111111-2222-4333-8444-555555555555';
const PROMPT = 'https://example.com/prompt.mp3';

let api: RunningApi;
let client: PlivoClient;
let people = 0;

beforeAll(async () => {
  api = await RunningApi.start();
});

afterAll(async () => {
  await api.close();
});

beforeEach(() => {
  client = plivoClient(api.url, api.account.id, api.account.token);
});

/** Two people who have met nobody yet. */
function parties(): [string, string] {
  people += 2;
  return [0, 1].map((index) => `+1415556${String(people + index).padStart(4, '0')}`) as [string, string];
}

const create = (params: Record<string, unknown> = {}): Promise<Answer> =>
  client.maskingSession.createMaskingSession(...parties(), params);

const pageOf = (answer: Answer): { meta: Answer; objects: Answer[] } =>
  answer['response'] as { meta: Answer; objects: Answer[] };

describe('numbers', () => {
  it('are added, listed, read, changed and given up', async () => {
    const added = await client.numbers.addOwnNumber('+14155550100,+14155550101', 'carrier', 'region', {
      alias: 'pool',
    });
    expect(added).toMatchObject({
      apiId: expect.stringMatching(UUID) as string,
      message: 'created',
      numbers: [
        { number: '14155550100', status: 'Success' },
        { number: '14155550101', status: 'Success' },
      ],
    });
    const list = await client.numbers.list({
      alias: 'pool',
      type: 'local',
      numberStartswith: '1415',
      limit: 1,
    });
    expect(list.meta).toMatchObject({ limit: 1, offset: 0, totalCount: 2, previous: null });
    expect(list).toHaveLength(1);
    expect(await client.numbers.update('14155550101', { alias: 'reserve', enabled: false })).toMatchObject({
      message: 'changed',
    });
    expect(await client.numbers.get('14155550101')).toMatchObject({
      number: '14155550101',
      alias: 'reserve',
      active: false,
      country: 'US',
      numberType: 'local',
      subAccount: null,
      voiceEnabled: true,
    });
    expect(await client.numbers.unrent('14155550101')).toBe(true);
    expect(await refusalOf(client.numbers.get('14155550101'))).toMatchObject({
      status: 404,
      message: 'not found',
    });
    expect(await refusalOf(client.numbers.update('14155550101', { alias: 'x' }))).toMatchObject({
      status: 404,
    });
    expect(await refusalOf(client.numbers.unrent('14155550101'))).toMatchObject({ status: 404 });
  });

  it('are kept while sessions live on them', async () => {
    const { sessionUuid } = await create();
    expect(await refusalOf(client.numbers.unrent('14155550100'))).toMatchObject({
      status: 400,
      message: 'The number is used by active sessions and cannot be removed.',
    });
    await client.maskingSession.deleteMaskingSession(String(sessionUuid));
  });
});

describe('createMaskingSession', () => {
  it('answers the session', async () => {
    const [first, second] = parties();
    const answer = await client.maskingSession.createMaskingSession(first, second, {
      sessionExpiry: 600,
      callTimeLimit: 900,
      ringTimeout: 30,
      record: true,
      recordFileFormat: 'wav',
      recordingCallbackUrl: 'https://example.com/recordings',
      recordingCallbackMethod: 'GET',
      callbackUrl: 'https://example.com/events?a=b#rc=2',
      callbackMethod: 'GET',
      firstPartyPlayUrl: 'https://example.com/1.mp3',
      secondPartyPlayUrl: 'https://example.com/2.mp3',
      unknownCallerPlay: 'https://example.com/3.mp3',
      virtualNumberCooloffPeriod: 60,
      geoMatch: false,
    });
    expect(answer).toMatchObject({
      apiId: expect.stringMatching(UUID) as string,
      sessionUuid: expect.stringMatching(UUID) as string,
      virtualNumber: '+14155550100',
      message: 'Session created',
      session: {
        firstParty: first.slice(1),
        secondParty: second.slice(1),
        virtualNumber: '14155550100',
        status: 'active',
        duration: 600,
        callTimeLimit: 900,
        ringTimeout: 30,
        record: true,
        recordFileFormat: 'wav',
        recordingCallbackUrl: 'https://example.com/recordings',
        recordingCallbackMethod: 'GET',
        callbackUrl: 'https://example.com/events?a=b#rc=2',
        callbackMethod: 'GET',
        firstPartyPlayUrl: 'https://example.com/1.mp3',
        secondPartyPlayUrl: 'https://example.com/2.mp3',
        unknownCallerPlay: 'https://example.com/3.mp3',
        virtualNumberCooloffPeriod: 60,
        createSessionWithSingleParty: null,
      },
    });
    // Its prompts are fetched once it was answered.
    await expect.poll(() => api.prepared).toContain(answer['sessionUuid']);
  });

  it('takes PINs of the client’s, and draws its own', async () => {
    const own = await create({
      isPinAuthenticationRequired: true,
      firstPartyPin: '0123',
      secondPartyPin: '4567',
      pinPromptPlay: PROMPT,
      pinRetry: 2,
      pinRetryWait: 7,
      incorrectPinPlay: PROMPT,
      forcePinAuthentication: true,
    });
    expect(own['session']).toMatchObject({
      isPinAuthenticationRequired: true,
      generatePin: false,
      firstPartyPin: '0123',
      secondPartyPin: '4567',
      pinPromptPlay: PROMPT,
      pinRetry: 2,
      pinRetryWait: 7,
      incorrectPinPlay: PROMPT,
      forcePinAuthentication: true,
    });
    const drawn = await create({
      isPinAuthenticationRequired: true,
      generatePin: true,
      generatePinLength: 6,
      pinPromptPlay: PROMPT,
    });
    expect(drawn['session']).toMatchObject({
      generatePin: true,
      generatePinLength: 6,
      firstPartyPin: expect.stringMatching(/^\d{6}$/) as string,
      secondPartyPin: expect.stringMatching(/^\d{6}$/) as string,
    });
  });

  it('takes a single party, and a later update of the missing one', async () => {
    const [first, second] = parties();
    const answer = await client.maskingSession.createMaskingSession(first, null, {
      createSessionWithSingleParty: true,
      // Without a PIN a session with a single party has its number to itself.
      isPinAuthenticationRequired: true,
      generatePin: true,
      pinPromptPlay: PROMPT,
    });
    expect(answer['session']).toMatchObject({
      firstParty: first.slice(1),
      secondParty: '',
      createSessionWithSingleParty: true,
    });
    const updated = await client.maskingSession.updateMaskingSession(String(answer['sessionUuid']), {
      secondParty: second,
    });
    expect(updated['session']).toMatchObject({ secondParty: second.slice(1) });
  });

  it.each([
    [['', '+14155550102'], {}, 'Mandatory parameter missing. first_party must be present.'],
    [['+14155550101', undefined], {}, 'Mandatory parameter missing. second_party must be present.'],
    [['abc', '+14155550102'], {}, 'Invalid parameter. first_party is not a valid phone number.'],
    [['+14155550101', '12'], {}, 'Invalid parameter. second_party is not a valid phone number.'],
    [
      ['+14155550101', '+14155550102'],
      { sessionExpiry: 59 },
      'Invalid parameter. session_expiry is outside the allowed range.',
    ],
    [
      ['+14155550101', '+14155550102'],
      { callTimeLimit: 86_401 },
      'Invalid parameter. call_time_limit is outside the allowed range.',
    ],
    [
      ['+14155550101', '+14155550102'],
      { record: 'maybe' },
      'Invalid parameter. record allowed values are true or false.',
    ],
    [
      ['+14155550101', '+14155550102'],
      { recordFileFormat: 'ogg' },
      'Invalid parameter. record_file_format allowed values are mp3 or wav.',
    ],
    [
      ['+14155550101', '+14155550102'],
      { recordingCallbackUrl: 'x' },
      'Invalid parameter. recording_callback_url should be a valid URL.',
    ],
    [
      ['+14155550101', '+14155550102'],
      { recordingCallbackUrl: 'https://example.com/'.padEnd(1_000, 'a') },
      'Invalid parameter. recording_callback_url should be under 1000 characters.',
    ],
    [
      ['+14155550101', '+14155550102'],
      { virtualNumber: '+14155550199' },
      'Number pool exhausted or not available.',
    ],
  ])('refuses %j with %j', async ([first, second], params, message) => {
    const refusal = await refusalOf(client.maskingSession.createMaskingSession(first, second, params));
    expect(refusal).toMatchObject({ status: 400, message });
    expect(refusal.apiId).toMatch(UUID);
  });
});

describe('getMaskingSession', () => {
  it('answers what the create answered', async () => {
    const created = await create();
    const got = await client.maskingSession.getMaskingSession(String(created['sessionUuid']));
    expect(got['apiId']).not.toBe(created['apiId']);
    expect(got['response']).toEqual(created['session']);
  });

  it('does not know another id', async () => {
    expect(await refusalOf(client.maskingSession.getMaskingSession(UNKNOWN))).toMatchObject({
      status: 404,
      message: 'not found',
    });
  });
});

describe('updateMaskingSession', () => {
  it('counts the expiry from now', async () => {
    const { sessionUuid } = await create({ sessionExpiry: 600 });
    const before = Math.floor(Date.now() / 1_000);
    const updated = await client.maskingSession.updateMaskingSession(String(sessionUuid), {
      sessionExpiry: 3_600,
      record: true,
      callbackUrl: 'https://example.com/other',
    });
    expect(updated).toMatchObject({
      message: 'Session updated',
      session: { record: true, callbackUrl: 'https://example.com/other', callTimeLimit: 14_400 },
    });
    const { createdTime, modifiedTime, expiryTime, duration } = updated['session'] as Record<string, string>;
    const seconds = (time = ''): number => Date.parse(`${time.slice(0, 19).replace(' ', 'T')}Z`) / 1_000;
    expect(seconds(modifiedTime)).toBeGreaterThanOrEqual(before);
    // Each is cut to the second.
    expect(Math.abs(seconds(expiryTime) - seconds(modifiedTime) - 3_600)).toBeLessThanOrEqual(1);
    expect(duration).toBe(seconds(expiryTime) - seconds(createdTime));
    const got = await client.maskingSession.getMaskingSession(String(sessionUuid));
    expect(got['response']).toEqual(updated['session']);
  });

  it('refuses what it documents, unknown sessions and ended ones', async () => {
    const id = String((await create())['sessionUuid']);
    const update = (params: Record<string, unknown>, which = id): Promise<Answer> =>
      client.maskingSession.updateMaskingSession(which, params);
    expect(await refusalOf(update({ sessionExpiry: 86_401 }))).toMatchObject({
      status: 400,
      message: 'Invalid parameter. session_expiry is outside the allowed range.',
    });
    expect(await refusalOf(update({ firstParty: '+14155550199' }))).toMatchObject({
      status: 400,
      message: 'Invalid parameter. first_party cannot be changed.',
    });
    expect(await refusalOf(update({ record: true }, UNKNOWN))).toMatchObject({ status: 404 });
    await client.maskingSession.deleteMaskingSession(id);
    expect(await refusalOf(update({ record: true }))).toMatchObject({
      status: 400,
      message: 'Session already expired',
    });
  });
});

describe('deleteMaskingSession', () => {
  it('ends the session, once', async () => {
    const id = String((await create())['sessionUuid']);
    expect(await client.maskingSession.deleteMaskingSession(id)).toMatchObject({
      message: 'Session expired',
    });
    const got = await client.maskingSession.getMaskingSession(id);
    expect(got['response']).toMatchObject({ status: 'expired' });
    const { expiryTime, modifiedTime, duration } = got['response'] as Record<string, unknown>;
    expect(expiryTime).toBe(modifiedTime);
    expect(duration).toBeLessThan(60);
    expect(await refusalOf(client.maskingSession.deleteMaskingSession(id))).toMatchObject({
      status: 400,
      message: 'Session already expired',
    });
  });

  it('does not know another id', async () => {
    expect(await refusalOf(client.maskingSession.deleteMaskingSession(UNKNOWN))).toMatchObject({
      status: 404,
    });
  });
});

describe('listMaskingSession', () => {
  it('pages through them, newest first', async () => {
    const ids: unknown[] = [];
    const record = [];
    for (let index = 0; index < 5; index += 1) {
      const created = await create({ sessionExpiry: 777 });
      ids.unshift(created['sessionUuid']);
      record.push(created['session']);
    }
    const seen: unknown[] = [];
    for (let offset = 0; offset < 5; offset += 2) {
      const answer = await client.maskingSession.listMaskingSession({
        durationEquals: 777,
        limit: 2,
        offset,
      });
      const { meta, objects } = pageOf(answer);
      expect(meta).toMatchObject({ limit: 2, offset, totalCount: 5 });
      expect(meta['next'] === null).toBe(offset === 4);
      expect(meta['previous'] === null).toBe(offset === 0);
      seen.push(...objects.map((object) => object['sessionUuid']));
    }
    expect(seen).toEqual(ids);
  });

  it('filters as the client spells it', async () => {
    const [first, second] = parties();
    const created = await client.maskingSession.createMaskingSession(first, second);
    const { sessionUuid } = created;
    const { createdTime, expiryTime } = created['session'] as Record<string, string>;
    const found = async (params: Record<string, unknown>): Promise<boolean> => {
      const { objects } = pageOf(await client.maskingSession.listMaskingSession(params));
      return objects.some((object) => object['sessionUuid'] === sessionUuid);
    };
    const own = { firstParty: first };
    for (const [params, expected] of [
      [{ firstParty: first }, true],
      [{ firstParty: first.slice(1), secondParty: second, virtualNumber: '14155550100' }, true],
      [{ firstParty: second }, false],
      [{ ...own, status: 'active' }, true],
      [{ ...own, status: 'expired' }, false],
      [{ ...own, createdTimeEquals: createdTime }, true],
      [{ ...own, createdTimeEquals: '2026-01-01 00:00:00' }, false],
      [{ ...own, createdTimeLessThan: createdTime }, false],
      [{ ...own, createdTimeGreaterThan: createdTime }, false],
      [{ ...own, createdTimeLessOrEqual: createdTime }, true],
      [{ ...own, createdTimeGreaterOrEqual: createdTime }, true],
      [{ ...own, created_time__gte: createdTime }, true],
      [{ ...own, created_time__lt: createdTime }, false],
      [{ ...own, expiryTimeEquals: expiryTime }, true],
      [{ ...own, expiryTimeLessThan: expiryTime }, false],
      [{ ...own, expiryTimeGreaterOrEqual: expiryTime }, true],
      [{ ...own, durationEquals: 1_800 }, true],
      [{ ...own, durationLessThan: 1_800 }, false],
      [{ ...own, durationGreaterThan: 1_799 }, true],
    ] as const) {
      expect([params, await found(params)]).toEqual([params, expected]);
    }
  });

  it('refuses what it documents', async () => {
    const list = (params: Record<string, unknown>): Promise<Answer> =>
      client.maskingSession.listMaskingSession(params);
    for (const params of [
      { limit: 21 },
      { limit: 0 },
      { offset: -1 },
      { status: 'x' },
      { firstParty: 'x' },
    ]) {
      expect(await refusalOf(list(params))).toMatchObject({ status: 400 });
    }
    const long = await refusalOf(list({ createdTimeGreaterThan: '2020-01-01 00:00' }));
    expect(long).toMatchObject({
      status: 400,
      message: 'Invalid parameter. created_time should span at most 30 days.',
    });
  });
});

describe('subaccounts', () => {
  it('are created, listed, read, changed and removed', async () => {
    const created = await client.subAccounts.create('Deliveries', true);
    expect(created).toMatchObject({
      apiId: expect.stringMatching(UUID) as string,
      message: 'created',
      authId: expect.stringMatching(/^SA[A-Z0-9]{18}$/) as string,
      authToken: expect.stringMatching(/^\S{40}$/) as string,
    });
    const id = String(created['authId']);
    expect(await client.subAccounts.get(id)).toMatchObject({ authId: id, name: 'Deliveries', enabled: true });
    expect(await client.subAccounts.update(id, 'Rides', false)).toMatchObject({ message: 'changed' });
    const list = await client.subAccounts.list();
    expect(list.map(({ name, enabled, authToken }) => [name, enabled, authToken])).toEqual([
      ['Rides', false, null],
    ]);
    expect(await client.subAccounts.delete(id)).toBe(true);
    expect(await refusalOf(client.subAccounts.get(id))).toMatchObject({ status: 404 });
  });

  it('have sessions, numbers and credentials of their own', async () => {
    const { authId, authToken } = await client.subAccounts.create('Own pool', true);
    const id = String(authId);
    const own = plivoClient(api.url, id, String(authToken));
    const refused = await refusalOf(own.maskingSession.createMaskingSession(...parties()));
    expect(refused).toMatchObject({ status: 400, message: 'Number pool exhausted or not available.' });
    await client.numbers.addOwnNumber('+14155550150', 'carrier', 'region', { subaccount: id });

    const session = await own.maskingSession.createMaskingSession(...parties());
    expect(session).toMatchObject({ virtualNumber: '+14155550150', session: { subaccount: id } });
    const given = await create({ subAccount: id });
    expect(given).toMatchObject({ virtualNumber: '+14155550150', session: { subaccount: id } });
    const mains = await create();
    expect(mains['virtualNumber']).toBe('+14155550100');

    const { meta, objects } = pageOf(await own.maskingSession.listMaskingSession());
    expect(meta).toMatchObject({ totalCount: 2 });
    expect(objects.map((object) => object['sessionUuid'])).toEqual([
      given['sessionUuid'],
      session['sessionUuid'],
    ]);
    const filtered = await client.maskingSession.listMaskingSession({ subAccount: id });
    expect(pageOf(filtered).meta).toMatchObject({ totalCount: 2 });
    expect((await own.numbers.list()).map(({ number }) => number)).toEqual(['14155550150']);
    expect((await client.numbers.list({ subAccount: id })).map(({ number }) => number)).toEqual([
      '14155550150',
    ]);
    for (const work of [
      () => own.maskingSession.getMaskingSession(String(mains['sessionUuid'])),
      () => own.maskingSession.deleteMaskingSession(String(mains['sessionUuid'])),
      () => own.numbers.get('14155550100'),
    ]) {
      expect(await refusalOf(work())).toMatchObject({ status: 404 });
    }
    // The client has no type for it.
    const forbidden = await refusalOf(own.numbers.update('14155550150', { alias: 'x' }));
    expect(forbidden.message).toContain('status code 403');
    expect(await refusalOf(client.subAccounts.delete(id))).toMatchObject({
      status: 400,
      message: 'The subaccount has numbers or active sessions and cannot be removed.',
    });

    await client.subAccounts.update(id, 'Own pool', false);
    expect(await refusalOf(own.maskingSession.listMaskingSession())).toMatchObject({ status: 401 });
    const { authToken: another } = await client.subAccounts.create('Another', true);
    const wrong = plivoClient(api.url, id, String(another));
    expect(await refusalOf(wrong.maskingSession.listMaskingSession())).toMatchObject({ status: 401 });
  });

  it('keep their tokens out of the log', async () => {
    const { authToken } = await client.subAccounts.create('Silent', true);
    expect(api.lines.join('')).not.toContain(String(authToken));
  });
});

describe('wrong credentials', () => {
  it('are refused with a 401, whatever is asked for', async () => {
    const stranger = plivoClient(api.url, api.account.id, 'wrong');
    for (const work of [
      () => stranger.maskingSession.createMaskingSession(...parties()),
      () => stranger.maskingSession.getMaskingSession(UNKNOWN),
      () => stranger.maskingSession.listMaskingSession(),
      () => stranger.maskingSession.updateMaskingSession(UNKNOWN),
      () => stranger.maskingSession.deleteMaskingSession(UNKNOWN),
      () => stranger.numbers.list(),
    ]) {
      expect(await refusalOf(work())).toMatchObject({ status: 401, message: 'Authentication failed.' });
    }
  });
});
