import { describe, expect, it } from 'vitest';

import type { SessionDraft } from '../../../src/masking/session-draft.js';
import { ApiError } from '../../../src/api/errors.js';
import { CreateParams } from '../../../src/api/sessions/create-params.js';

const PARTIES = { first_party: '+14155550101', second_party: '14155550102' };
const PROMPT = 'https://example.com/prompt.mp3';
const PIN_SESSION = {
  ...PARTIES,
  is_pin_authentication_required: true,
  pin_prompt_play: PROMPT,
  first_party_pin: '0123',
  second_party_pin: '4567',
};
const params = new CreateParams({ defaultCountry: '', maxSessionExpiry: 86_400 });

const draft = (body: unknown): SessionDraft => params.draft(body, 'MAABCDEFGHIJKLMNOPQR', 1_000);

function refusal(body: unknown): string {
  try {
    draft(body);
  } catch (error) {
    if (error instanceof ApiError && error.statusCode === 400) return error.message;
    throw error;
  }
  throw new Error('the body was accepted');
}

describe('what a create request means', () => {
  it('fills in the defaults that the real service shows', () => {
    expect(draft(PARTIES)).toEqual({
      accountId: 'MAABCDEFGHIJKLMNOPQR',
      firstParty: '+14155550101',
      secondParty: '+14155550102',
      settings: {
        sessionExpiry: 1_800,
        callTimeLimit: 14_400,
        ringTimeout: 45,
        initiateCallToFirstParty: false,
        callbackUrl: '',
        callbackMethod: 'POST',
        record: false,
        recordFileFormat: 'mp3',
        recordingCallbackUrl: '',
        recordingCallbackMethod: 'POST',
        firstPartyPlayUrl: '',
        secondPartyPlayUrl: '',
        unknownCallerPlay: '',
        geomatch: true,
        virtualNumberCooloffPeriod: 0,
      },
      pin: null,
      virtualNumber: null,
      now: 1_000,
    });
  });

  it('takes every parameter', () => {
    const { settings, pin } = draft({
      ...PIN_SESSION,
      session_expiry: 600,
      call_time_limit: 700,
      ring_timeout: 30,
      initiate_call_to_first_party: true,
      callback_url: 'https://example.com/cb?a=b',
      callback_method: 'GET',
      record: true,
      record_file_format: 'wav',
      recording_callback_url: 'http://example.com:8080/rec',
      recording_callback_method: 'GET',
      first_party_play_url: 'https://example.com/1.wav',
      second_party_play_url: 'https://example.com/2.wav',
      unknown_caller_play: 'https://example.com/3.wav',
      geomatch: false,
      virtual_number_cooloff_period: 60,
      pin_retry: 3,
      pin_retry_wait: 7,
      incorrect_pin_play: 'https://example.com/wrong.wav',
      force_pin_authentication: true,
    });
    expect(settings).toEqual({
      sessionExpiry: 600,
      callTimeLimit: 700,
      ringTimeout: 30,
      initiateCallToFirstParty: true,
      callbackUrl: 'https://example.com/cb?a=b',
      callbackMethod: 'GET',
      record: true,
      recordFileFormat: 'wav',
      recordingCallbackUrl: 'http://example.com:8080/rec',
      recordingCallbackMethod: 'GET',
      firstPartyPlayUrl: 'https://example.com/1.wav',
      secondPartyPlayUrl: 'https://example.com/2.wav',
      unknownCallerPlay: 'https://example.com/3.wav',
      geomatch: false,
      virtualNumberCooloffPeriod: 60,
    });
    expect(pin).toEqual({
      generatedLength: 4,
      pins: { first: '0123', second: '4567' },
      promptPlay: PROMPT,
      incorrectPlay: 'https://example.com/wrong.wav',
      retry: 3,
      retryWait: 7,
      forced: true,
    });
  });

  it('fills in the defaults of a PIN session', () => {
    expect(draft(PIN_SESSION).pin).toMatchObject({
      retry: 1,
      retryWait: 5,
      forced: false,
      incorrectPlay: '',
    });
    expect(draft({ ...PIN_SESSION, generate_pin: true }).pin).toMatchObject({
      pins: null,
      generatedLength: 4,
    });
    expect(draft({ ...PIN_SESSION, generate_pin: 'true', generate_pin_length: '15' }).pin).toMatchObject({
      pins: null,
      generatedLength: 15,
    });
  });

  it.each(['session_expiry', 'call_time_limit', 'ring_timeout'])(
    'takes 0, null and "" for %s as not given',
    (name) => {
      for (const value of [0, '0', null, '', ' ']) {
        expect(draft({ ...PARTIES, [name]: value })).toEqual(draft(PARTIES));
      }
    },
  );

  it('takes null and "" for everything that is optional as not given', () => {
    const optional = Object.keys({
      initiate_call_to_first_party: 1,
      callback_url: 1,
      callback_method: 1,
      record: 1,
      record_file_format: 1,
      recording_callback_url: 1,
      recording_callback_method: 1,
      first_party_play_url: 1,
      second_party_play_url: 1,
      is_pin_authentication_required: 1,
      unknown_caller_play: 1,
      geomatch: 1,
      virtual_number_cooloff_period: 1,
      create_session_with_single_party: 1,
      subaccount: 1,
    });
    for (const value of [null, '']) {
      const body = { ...PARTIES, ...Object.fromEntries(optional.map((name) => [name, value])) };
      expect(draft(body)).toEqual(draft(PARTIES));
    }
  });

  it('takes numbers as strings, strings as numbers, and "true" and "false"', () => {
    const body = {
      first_party: 14155550101,
      second_party: '14155550102',
      session_expiry: '600',
      ring_timeout: ' 30 ',
      record: 'true',
      geomatch: 'False',
      initiate_call_to_first_party: 0,
    };
    expect(draft(body)).toMatchObject({
      firstParty: '+14155550101',
      settings: {
        sessionExpiry: 600,
        ringTimeout: 30,
        record: true,
        geomatch: false,
        initiateCallToFirstParty: false,
      },
    });
  });

  it.each([1, '1', true, 'TRUE', ' true '])('takes %j for true', (value) => {
    expect(draft({ ...PARTIES, record: value }).settings.record).toBe(true);
  });

  it.each([0, '0', false, 'False'])('takes %j for false', (value) => {
    expect(draft({ ...PARTIES, geomatch: value }).settings.geomatch).toBe(false);
  });

  it('takes PINs that were sent as numbers', () => {
    expect(
      draft({ ...PIN_SESSION, first_party_pin: 1234, second_party_pin: 567890123456789 }).pin?.pins,
    ).toEqual({
      first: '1234',
      second: '567890123456789',
    });
  });

  it('takes the case of words as it comes', () => {
    expect(
      draft({
        ...PARTIES,
        callback_method: 'get',
        recording_callback_method: 'Post',
        record_file_format: 'WAV',
      }).settings,
    ).toMatchObject({ callbackMethod: 'GET', recordingCallbackMethod: 'POST', recordFileFormat: 'wav' });
  });

  it.each([
    [{ geo_match: false }, { settings: { geomatch: false } }],
    [{ geomatch: '', geo_match: false }, { settings: { geomatch: false } }],
    [{ geomatch: false, geo_match: true }, { settings: { geomatch: false } }],
    [{ GeoMatch: false }, { settings: { geomatch: false } }],
    [{ sub_account: '' }, { pin: null }],
    [{ create_session_with_single_Party: false }, { pin: null }],
    [{ create_session_with_single_party: 'false' }, { pin: null }],
  ])('knows the spelling %j', (extra, expected) => {
    expect(draft({ ...PARTIES, ...extra })).toMatchObject(expected);
  });

  it('knows is_pin_authentication, but not the pin_authentication_required of the Java SDK', () => {
    const rest = { ...PIN_SESSION, is_pin_authentication_required: undefined };
    expect(draft({ ...rest, is_pin_authentication: true }).pin).not.toBeNull();
    expect(draft({ ...rest, pin_authentication_required: true }).pin).toBeNull();
  });

  it('ignores keys that it does not know, and PIN parameters of a session without PINs', () => {
    const body = {
      ...PARTIES,
      mode: 'voice',
      session_uuid: 7,
      constructor: {},
      generate_pin_length: 0,
      pin_retry_wait: 0,
      first_party_pin: '1',
      pin_prompt_play: 'x',
      force_pin_authentication: true,
    };
    expect(draft(body)).toEqual(draft(PARTIES));
  });

  it('takes the virtual number that a client wants', () => {
    expect(draft({ ...PARTIES, virtual_number: '14155550199' }).virtualNumber).toBe('+14155550199');
    for (const nothing of [null, '', undefined]) {
      expect(draft({ ...PARTIES, virtual_number: nothing }).virtualNumber).toBeNull();
    }
    expect(refusal({ ...PARTIES, virtual_number: 'any' })).toBe(
      'Invalid parameter. virtual_number is not a valid phone number.',
    );
  });

  it('reads national numbers in the default country only', () => {
    const british = new CreateParams({ defaultCountry: 'GB', maxSessionExpiry: 86_400 });
    const body = { first_party: '020 7946 0958', second_party: '+14155550102' };
    expect(british.draft(body, 'MA', 0).firstParty).toBe('+442079460958');
    expect(refusal({ ...body, first_party: '020 7946 0958' })).toMatch(/^Invalid parameter. first_party /);
  });

  it.each([
    ['session_expiry', 60, 86_400, 'sessionExpiry'],
    ['call_time_limit', 60, 86_400, 'callTimeLimit'],
    ['ring_timeout', 1, 600, 'ringTimeout'],
    ['virtual_number_cooloff_period', 0, 3_600, 'virtualNumberCooloffPeriod'],
  ] as const)('%s may be %i to %i', (name, min, max, setting) => {
    for (const value of [min, max, String(max)]) {
      expect(draft({ ...PARTIES, [name]: value }).settings[setting]).toBe(Number(value));
    }
    const below = min === 1 ? -1 : min - 1;
    for (const value of [below, max + 1, String(max + 1), 100.5, '100.5', 'abc', true, [100], {}, 1e300]) {
      expect(refusal({ ...PARTIES, [name]: value })).toBe(
        `Invalid parameter. ${name} is outside the allowed range.`,
      );
    }
  });

  it('takes the longest expiry from the configuration', () => {
    const short = new CreateParams({ defaultCountry: '', maxSessionExpiry: 600 });
    expect(short.draft(PARTIES, 'MA', 0).settings.sessionExpiry).toBe(600);
    expect(() => short.draft({ ...PARTIES, session_expiry: 601 }, 'MA', 0)).toThrow(/session_expiry/);
  });

  it.each([
    ['pin_retry', 0, 5, {}, 'retry'],
    ['pin_retry_wait', 5, 10, {}, 'retryWait'],
    ['generate_pin_length', 4, 15, { generate_pin: true }, 'generatedLength'],
  ] as const)('%s may be %i to %i', (name, min, max, extra, rule) => {
    for (const value of [min, max, String(min)]) {
      expect(draft({ ...PIN_SESSION, ...extra, [name]: value }).pin?.[rule]).toBe(Number(value));
    }
    for (const value of [min - 1, max + 1, 4.5, 'many']) {
      expect(refusal({ ...PIN_SESSION, ...extra, [name]: value })).toBe(
        `Invalid parameter. ${name} is outside the allowed range.`,
      );
    }
  });
});

describe('a session with a single party', () => {
  const SINGLE = { create_session_with_single_party: true };

  it.each([
    ['first_party', { firstParty: '+14155550101', secondParty: null }],
    ['second_party', { firstParty: null, secondParty: '+14155550101' }],
  ])('may have %s alone', (name, expected) => {
    const other = name === 'first_party' ? 'second_party' : 'first_party';
    for (const nothing of [undefined, null, '']) {
      expect(draft({ ...SINGLE, [name]: '+14155550101', [other]: nothing })).toMatchObject(expected);
    }
  });

  it.each([
    { create_session_with_single_Party: true },
    { CREATE_SESSION_WITH_SINGLE_PARTY: 'true' },
    { create_session_with_single_party: 1 },
  ])('is asked for by %j', (extra) => {
    expect(draft({ ...extra, first_party: '+14155550101' }).secondParty).toBeNull();
  });

  it('may have both', () => {
    expect(draft({ ...SINGLE, ...PARTIES })).toEqual(draft(PARTIES));
  });

  it('has to have one, a valid one', () => {
    expect(refusal(SINGLE)).toBe('Mandatory parameter missing. first_party or second_party must be present.');
    expect(refusal({ ...SINGLE, second_party: 'x' })).toBe(
      'Invalid parameter. second_party is not a valid phone number.',
    );
    expect(refusal({ ...SINGLE, first_party: '+14155550101', second_party: '14155550101' })).toBe(
      'Invalid parameter. first_party and second_party should be different.',
    );
  });

  it('has both PINs, as every other one', () => {
    const { pin } = draft({ ...PIN_SESSION, ...SINGLE, second_party: '' });
    expect(pin?.pins).toEqual({ first: '0123', second: '4567' });
    expect(refusal({ ...PIN_SESSION, ...SINGLE, second_party: '', second_party_pin: '' })).toBe(
      'Mandatory parameter missing. second_party_pin must be present.',
    );
  });
});

it('a session of a subaccount is its own', () => {
  const subaccount = 'SAABCDEFGHIJKLMNOPQR';
  for (const name of ['subaccount', 'sub_account', 'SUBACCOUNT']) {
    expect(draft({ ...PARTIES, [name]: subaccount }).accountId).toBe(subaccount);
  }
});

describe('what a create request is refused for', () => {
  it.each(['first_party', 'second_party'])('a missing %s', (name) => {
    for (const value of [undefined, null, '', '  ']) {
      expect(refusal({ ...PARTIES, [name]: value })).toBe(
        `Mandatory parameter missing. ${name} must be present.`,
      );
    }
  });

  it.each(['first_party', 'second_party'])('a %s that is no phone number', (name) => {
    const values = [
      'abc',
      '+0123456789',
      '123456',
      '1234567890123456',
      'sip:bob@example.com',
      '+1415555010१',
      true,
      {},
      -14155550101,
      1.5,
    ];
    for (const value of values) {
      expect(refusal({ ...PARTIES, [name]: value })).toBe(
        `Invalid parameter. ${name} is not a valid phone number.`,
      );
    }
  });

  it('parties that are one number, however written', () => {
    expect(refusal({ first_party: '+14155550101', second_party: '0014155550101' })).toBe(
      'Invalid parameter. first_party and second_party should be different.',
    );
  });

  it.each(['record', 'initiate_call_to_first_party', 'geomatch', 'is_pin_authentication_required'])(
    'a %s that is neither true nor false',
    (name) => {
      for (const value of [2, -1, '2', 'yes', [], {}]) {
        expect(refusal({ ...PARTIES, [name]: value })).toBe(
          `Invalid parameter. ${name} allowed values are true or false.`,
        );
      }
    },
  );

  it.each(['force_pin_authentication', 'generate_pin'])('a %s of a PIN session, likewise', (name) => {
    expect(refusal({ ...PIN_SESSION, [name]: 'yes' })).toBe(
      `Invalid parameter. ${name} allowed values are true or false.`,
    );
  });

  it.each([
    ['record_file_format', 'mp3 or wav'],
    ['callback_method', 'GET or POST'],
    ['recording_callback_method', 'GET or POST'],
  ])('another %s', (name, values) => {
    for (const value of ['ogg', 'PUT', 5, true]) {
      expect(refusal({ ...PARTIES, [name]: value })).toBe(
        `Invalid parameter. ${name} allowed values are ${values}.`,
      );
    }
  });

  const urls = [
    ['callback_url', PARTIES],
    ['recording_callback_url', PARTIES],
    ['first_party_play_url', PARTIES],
    ['second_party_play_url', PARTIES],
    ['unknown_caller_play', PARTIES],
    ['pin_prompt_play', PIN_SESSION],
    ['incorrect_pin_play', PIN_SESSION],
  ] as const;

  it.each(urls)('a %s that is no URL', (name, body) => {
    for (const value of [
      'example',
      '/a.mp3',
      'ftp://example.com/a',
      'http://',
      'file:///etc/passwd',
      'http://exa mple.com',
      'http://a.example/\n',
      7,
      {},
    ]) {
      expect(refusal({ ...body, [name]: value })).toBe(`Invalid parameter. ${name} should be a valid URL.`);
    }
  });

  it.each(urls)('a %s of 1000 characters, but not one of 999', (name, body) => {
    const ofLength = (length: number): string => 'https://example.com/'.padEnd(length, 'a');
    expect(draft({ ...body, [name]: ofLength(999) })).toBeDefined();
    expect(refusal({ ...body, [name]: ofLength(1_000) })).toBe(
      `Invalid parameter. ${name} should be under 1000 characters.`,
    );
  });

  it('a PIN session without a prompt', () => {
    for (const value of [undefined, null, '']) {
      expect(refusal({ ...PIN_SESSION, pin_prompt_play: value })).toBe(
        'Mandatory parameter missing. pin_prompt_play must be present.',
      );
    }
  });

  it.each(['first_party_pin', 'second_party_pin'])('a PIN session without %s', (name) => {
    for (const value of [undefined, null, '']) {
      expect(refusal({ ...PIN_SESSION, [name]: value })).toBe(
        `Mandatory parameter missing. ${name} must be present.`,
      );
    }
  });

  it.each(['first_party_pin', 'second_party_pin'])('a %s that is not 4 to 15 digits', (name) => {
    expect(draft({ ...PIN_SESSION, [name]: '9999' })).toBeDefined();
    expect(draft({ ...PIN_SESSION, [name]: '123456789012345' })).toBeDefined();
    for (const value of [
      '123',
      '1234567890123456',
      '12a4',
      '12 34',
      '१२३४',
      '1234\n',
      123,
      -1234,
      12.34,
      true,
      ['1234'],
    ]) {
      expect(refusal({ ...PIN_SESSION, [name]: value })).toBe(
        `Invalid parameter. ${name} should be 4 to 15 digits.`,
      );
    }
  });

  it('PINs that are equal', () => {
    expect(refusal({ ...PIN_SESSION, first_party_pin: '4567' })).toBe(
      'Invalid parameter. first_party_pin and second_party_pin should be different.',
    );
  });

  it.each(['SAX', 'MAABCDEFGHIJKLMNOPQR', 'SAabcdefghijklmnopqr', 'SAABCDEFGHIJKLMNOPQRS', 5, true, {}])(
    'the subaccount %j',
    (value) => {
      for (const name of ['subaccount', 'sub_account', 'SubAccount']) {
        expect(refusal({ ...PARTIES, [name]: value })).toBe(
          'Invalid parameter. subaccount is not the id of a subaccount.',
        );
      }
    },
  );

  it.each([[[]], ['text'], [5], [true], [null]])('a body that is %j', (body) => {
    expect(refusal(body)).toBe('Invalid request body. A JSON object is expected.');
  });

  it('the first of several problems, never repeating a value', () => {
    const message = refusal({ first_party: '+1415555010x', second_party: '', session_expiry: 1 });
    expect(message).toBe('Invalid parameter. first_party is not a valid phone number.');
  });
});
