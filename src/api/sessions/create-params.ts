import { z } from 'zod';

import type { PinDraft, SessionDraft } from '../../masking/session-draft.js';
import { ApiError, TEXT } from '../errors.js';
import {
  choice,
  flag,
  integer,
  mandatoryUrl,
  optionalPhone,
  phone,
  pin,
  unsupported,
  url,
} from '../params/fields.js';
import { paramsOf, read, type Params } from '../params/read.js';

/** Spellings that the SDKs and older documentation use. */
const ALIASES = {
  sub_account: 'subaccount',
  geo_match: 'geomatch',
  is_pin_authentication: 'is_pin_authentication_required',
};

export interface CreateRules {
  /** ISO 3166-1 alpha-2, or "". */
  readonly defaultCountry: string;
  /** Seconds. */
  readonly maxSessionExpiry: number;
}

/**
 * Everything but the PIN rules. Problems are reported in this order. Defaults are those that Plivo's
 * samples and fixtures show (1800, 14400, 45 s), not those that its pages name; ranges are its beta
 * documentation's, and ours where it has none (ring_timeout).
 */
const sessionSchema = (rules: CreateRules) =>
  z.object({
    create_session_with_single_party: unsupported('create_session_with_single_party'),
    subaccount: unsupported('subaccount'),
    first_party: phone('first_party', rules.defaultCountry).describe('E.164, with or without `+`.'),
    second_party: phone('second_party', rules.defaultCountry).describe('Another number than `first_party`.'),
    virtual_number: optionalPhone('virtual_number', rules.defaultCountry).describe(
      'The virtual number that the session gets, whatever its country; the best one when not given.',
    ),
    session_expiry: integer('session_expiry', {
      min: 60,
      max: rules.maxSessionExpiry,
      fallback: Math.min(1_800, rules.maxSessionExpiry),
      zeroIsUnset: true,
    }).describe('Seconds.'),
    call_time_limit: integer('call_time_limit', {
      min: 60,
      max: 86_400,
      fallback: 14_400,
      zeroIsUnset: true,
    }).describe('Seconds that the two may talk.'),
    ring_timeout: integer('ring_timeout', { min: 1, max: 600, fallback: 45, zeroIsUnset: true }).describe(
      'Seconds that a phone may ring.',
    ),
    initiate_call_to_first_party: flag('initiate_call_to_first_party', false).describe(
      'The first party is called at once, and connected to the second.',
    ),
    callback_url: url('callback_url').describe('Where events are sent.'),
    callback_method: choice('callback_method', ['GET', 'POST'], 'POST'),
    record: flag('record', false).describe('Every call is recorded once both have answered.'),
    record_file_format: choice('record_file_format', ['mp3', 'wav'], 'mp3'),
    recording_callback_url: url('recording_callback_url'),
    recording_callback_method: choice('recording_callback_method', ['GET', 'POST'], 'POST'),
    first_party_play_url: url('first_party_play_url').describe(
      'wav or mp3 that the first party hears before the two are joined.',
    ),
    second_party_play_url: url('second_party_play_url').describe('The same for the second party.'),
    unknown_caller_play: url('unknown_caller_play').describe(
      'wav or mp3 for a caller who is no party, when no PIN is asked.',
    ),
    geomatch: flag('geomatch', true).describe('The virtual number has the country of `first_party`.'),
    virtual_number_cooloff_period: integer('virtual_number_cooloff_period', {
      min: 0,
      max: 3_600,
      fallback: 0,
    }).describe('Seconds after the end in which no session of these parties gets the number.'),
    is_pin_authentication_required: flag('is_pin_authentication_required', false).describe(
      'Callers who are no party are asked for a PIN. Without it no parameter about PINs is looked at.',
    ),
  });

/** Read only when PINs are asked for: SDKs send empty values for these otherwise. */
const PIN_SCHEMA = z.object({
  pin_prompt_play: mandatoryUrl('pin_prompt_play').describe(
    'wav or mp3 that asks for the PIN. Mandatory with PINs.',
  ),
  incorrect_pin_play: url('incorrect_pin_play').describe(
    'wav or mp3 after a wrong or missing PIN; a built-in one when not given.',
  ),
  pin_retry: integer('pin_retry', { min: 0, max: 5, fallback: 1 }).describe('Attempts after the first.'),
  pin_retry_wait: integer('pin_retry_wait', { min: 5, max: 10, fallback: 5 }).describe(
    'Seconds to begin keying.',
  ),
  force_pin_authentication: flag('force_pin_authentication', false).describe('Parties are asked, too.'),
  generate_pin: flag('generate_pin', false).describe('Both PINs are drawn by the server.'),
});

const GENERATED_LENGTH = { min: 4, max: 15, fallback: 4 };
const GENERATED_SCHEMA = z.object({
  generate_pin_length: integer('generate_pin_length', GENERATED_LENGTH).describe('With `generate_pin`.'),
});
const OWN_PINS_SCHEMA = z.object({
  first_party_pin: pin('first_party_pin').describe(
    'Leads to the second party. Mandatory with PINs but for `generate_pin`.',
  ),
  second_party_pin: pin('second_party_pin').describe(
    'Leads to the first party; another one than `first_party_pin`.',
  ),
});

/** Reads the bodies of create requests. */
export class CreateParams {
  readonly #schema: ReturnType<typeof sessionSchema>;

  constructor(rules: CreateRules) {
    this.#schema = sessionSchema(rules);
  }

  /** Everything that a body may hold, for the reference. What PINs need is mandatory only with them. */
  get documented(): z.ZodObject {
    return z
      .object({
        ...this.#schema.omit({ create_session_with_single_party: true, subaccount: true }).shape,
        ...PIN_SCHEMA.partial().shape,
        ...GENERATED_SCHEMA.shape,
        ...OWN_PINS_SCHEMA.partial().shape,
      })
      .meta({ id: 'CreateSession' });
  }

  /** `now` in milliseconds since the epoch. Throws ApiError 400 with the documented text. */
  draft(body: unknown, accountId: string, now: number): SessionDraft {
    const params = paramsOf(body, ALIASES);
    const given = read(this.#schema, params);
    if (given.first_party === given.second_party) throw new ApiError(400, TEXT.sameParties);
    return {
      accountId,
      firstParty: given.first_party,
      secondParty: given.second_party,
      settings: {
        sessionExpiry: given.session_expiry,
        callTimeLimit: given.call_time_limit,
        ringTimeout: given.ring_timeout,
        initiateCallToFirstParty: given.initiate_call_to_first_party,
        callbackUrl: given.callback_url,
        callbackMethod: given.callback_method,
        record: given.record,
        recordFileFormat: given.record_file_format,
        recordingCallbackUrl: given.recording_callback_url,
        recordingCallbackMethod: given.recording_callback_method,
        firstPartyPlayUrl: given.first_party_play_url,
        secondPartyPlayUrl: given.second_party_play_url,
        unknownCallerPlay: given.unknown_caller_play,
        geomatch: given.geomatch,
        virtualNumberCooloffPeriod: given.virtual_number_cooloff_period,
      },
      pin: given.is_pin_authentication_required ? pinDraft(params) : null,
      virtualNumber: given.virtual_number,
      now,
    };
  }
}

function pinDraft(params: Params): PinDraft {
  const given = read(PIN_SCHEMA, params);
  return {
    promptPlay: given.pin_prompt_play,
    incorrectPlay: given.incorrect_pin_play,
    retry: given.pin_retry,
    retryWait: given.pin_retry_wait,
    forced: given.force_pin_authentication,
    ...(given.generate_pin
      ? { generatedLength: read(GENERATED_SCHEMA, params).generate_pin_length, pins: null }
      : { generatedLength: GENERATED_LENGTH.fallback, pins: ownPins(params) }),
  };
}

function ownPins(params: Params): { first: string; second: string } {
  const given = read(OWN_PINS_SCHEMA, params);
  if (given.first_party_pin === given.second_party_pin) throw new ApiError(400, TEXT.samePins);
  return { first: given.first_party_pin, second: given.second_party_pin };
}
