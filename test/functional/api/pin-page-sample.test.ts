import { afterAll, beforeAll, expect, it } from 'vitest';

import { RunningApi } from '../../helpers/running-api.js';

/**
 * The sample answer of Plivo's page on PIN-based authentication, restated key by key. A value is what the
 * sample shows, or what it has to look like where every answer has another one. Two keys of it are known
 * typos, which every SDK fixture has right, and which the Go SDK cannot read: they are the only exceptions.
 */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \+0000 UTC$/;
const PROMPT = 'https://example.com/prompt.mp3';
const INCORRECT = 'https://example.com/incorrect.mp3';
const DID = '+912271264190';

const REQUEST = {
  first_party: '+919003459001',
  second_party: '+919840037001',
  is_pin_authentication_required: true,
  first_party_pin: '1234',
  second_party_pin: '4321',
  pin_prompt_play: PROMPT,
  incorrect_pin_play: INCORRECT,
};

const ANSWER_KEYS = ['api_id', 'session_uuid', 'virtual_number', 'message', 'session'];

const SAMPLE: readonly (readonly [key: string, value: unknown])[] = [
  ['first_party', '919003459001'],
  ['second_party', '919840037001'],
  ['virtual_number', '912271264190'],
  ['status', 'active'],
  ['initiate_call_to_first_party', false],
  ['session_uuid', UUID],
  ['callback_url', ''],
  ['callback_method', 'POST'],
  ['created_time', TIME],
  ['modified_time', TIME],
  ['expiry_time', TIME],
  ['duration', 1800],
  ['amount', 0],
  ['call_time_limit', 14400],
  ['ring_timeout', 45],
  ['first_party_play_url', ''],
  ['second_party_play_url', ''],
  ['record', false],
  ['record_file_format', 'mp3'],
  ['recording_callback_url', ''],
  ['recording_callback_method', 'POST'],
  ['interaction', null],
  ['total_call_amount', 0],
  ['total_call_count', 0],
  ['total_call_billed_duration', 0],
  ['total_session_amount', 0],
  ['last_interaction_time', ''],
  ['unknown_caller_play', ''],
  ['is_pin_authentication_required', true],
  ['generate_pin', false],
  ['generate_pin_length', 4],
  ['first_party_pin', '1234'],
  ['second_party_pin', '4321'],
  ['pin_ prompt_play', PROMPT],
  ['pin_retry', 1],
  ['pin_retry_wait', '5'],
  ['incorrect_pin_play', INCORRECT],
];

/** The typos: what the answer has instead. */
const TYPOS: Readonly<Record<string, readonly [key: string, value: unknown]>> = {
  'pin_ prompt_play': ['pin_prompt_play', PROMPT],
  pin_retry_wait: ['pin_retry_wait', 5],
};

/** Keys that the session object got after the page was written. */
const NEWER = [
  'create_session_with_single_party',
  'virtual_number_cooloff_period',
  'force_pin_authentication',
];

let api: RunningApi;
let answer: Record<string, unknown>;
let session: Record<string, unknown>;

beforeAll(async () => {
  api = await RunningApi.start();
  const send = (path: string, body: unknown): Promise<Response> =>
    fetch(`${api.url}/v1/Account/${api.account.id}/${path}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${api.account.id}:${api.account.token}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
  expect((await send('Number/', { numbers: DID })).status).toBe(201);
  const response = await send('Masking/Session', REQUEST);
  expect(response.status).toBe(201);
  answer = (await response.json()) as Record<string, unknown>;
  session = answer['session'] as Record<string, unknown>;
});

afterAll(async () => {
  await api.close();
});

it('the answer has the keys and values of the sample', () => {
  expect(Object.keys(answer)).toEqual(ANSWER_KEYS);
  expect(answer).toMatchObject({
    api_id: expect.stringMatching(UUID) as string,
    session_uuid: session['session_uuid'],
    virtual_number: DID,
    message: 'Session created',
  });
});

it('the session has the keys of the sample, in its order, and the newer ones after them', () => {
  const expected = SAMPLE.map(([key]) => TYPOS[key]?.[0] ?? key);
  expect(Object.keys(session)).toEqual([...expected, ...NEWER]);
});

it.each(SAMPLE)('%s is %s', (sampleKey, sampleValue) => {
  const [key, value] = TYPOS[sampleKey] ?? [sampleKey, sampleValue];
  if (value instanceof RegExp) expect(session[key]).toMatch(value);
  else expect(session[key]).toBe(value);
});

it('the two typos are the only exceptions', () => {
  const differing = SAMPLE.filter(([key, value]) =>
    value instanceof RegExp ? !value.test(String(session[key])) : session[key] !== value,
  );
  expect(differing.map(([key]) => key)).toEqual(Object.keys(TYPOS));
});
