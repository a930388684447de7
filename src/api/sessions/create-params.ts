import { z } from 'zod';

import type { PinDraft, SessionDraft } from '../../masking/session-draft.js';
import { ApiError, missing, TEXT } from '../errors.js';
import {
  choice,
  flag,
  integer,
  mandatoryUrl,
  optionalPhone,
  phone,
  pin,
  subaccountId,
  url,
} from '../params/fields.js';
import { paramsOf, read, type Params } from '../params/read.js';
import { ALIASES, CALL_TIME_LIMIT, RING_TIMEOUT, SESSION_EXPIRY, type SessionRules } from './rules.js';

/**
 * Everything but the PIN rules. Problems are reported in this order. Defaults are those that Plivo's
 * samples and fixtures show (1800, 14400, 45 s), not those that its pages name; ranges are its beta
 * documentation's, and ours where it has none (ring_timeout).
 */
const sessionSchema = (rules: SessionRules) =>
  z.object({
    first_party: phone('first_party', rules.defaultCountry).describe('E.164, with or without `+`.'),
    second_party: phone('second_party', rules.defaultCountry).describe('Another number than `first_party`.'),
    create_session_with_single_party: flag('create_session_with_single_party', false).describe(
      'One of the parties may be left out; whoever else calls takes its place.',
    ),
    subaccount: subaccountId('subaccount').describe(
      'The session belongs to this subaccount, and uses its numbers only.',
    ),
    virtual_number: optionalPhone('virtual_number', rules.defaultCountry).describe(
      'The virtual number that the session gets, whatever its country; the best one when not given.',
    ),
    session_expiry: integer('session_expiry', {
      ...SESSION_EXPIRY,
      max: rules.maxSessionExpiry,
      fallback: Math.min(1_800, rules.maxSessionExpiry),
    }).describe('Seconds.'),
    call_time_limit: integer('call_time_limit', { ...CALL_TIME_LIMIT, fallback: 14_400 }).describe(
      'Seconds that the two may talk.',
    ),
    ring_timeout: integer('ring_timeout', { ...RING_TIMEOUT, fallback: 45 }).describe(
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

/** In a session with a single party either of them may be left out. */
const singlePartySchema = (rules: SessionRules) =>
  sessionSchema(rules).extend({
    first_party: optionalPhone('first_party', rules.defaultCountry).describe(
      'E.164, with or without `+`. Mandatory but for `create_session_with_single_party`.',
    ),
    second_party: optionalPhone('second_party', rules.defaultCountry).describe(
      'Another number than `first_party`. Mandatory in the same way.',
    ),
  });

const SINGLE_SCHEMA = z.object({
  create_session_with_single_party: flag('create_session_with_single_party', false),
});

/** Reads the bodies of create requests. */
export class CreateParams {
  readonly #schema: ReturnType<typeof sessionSchema>;
  readonly #singleSchema: ReturnType<typeof singlePartySchema>;

  constructor(rules: SessionRules) {
    this.#schema = sessionSchema(rules);
    this.#singleSchema = singlePartySchema(rules);
  }

  /** Everything that a body may hold, for the reference. What PINs need is mandatory only with them. */
  get documented(): z.ZodObject {
    return z
      .object({
        ...this.#singleSchema.shape,
        ...PIN_SCHEMA.partial().shape,
        ...GENERATED_SCHEMA.shape,
        ...OWN_PINS_SCHEMA.partial().shape,
      })
      .meta({ id: 'CreateSession' });
  }

  /**
   * `accountId` owns the session unless the body names a subaccount, which is not looked up here. `now` in
   * milliseconds since the epoch. Throws ApiError 400 with the documented text.
   */
  draft(body: unknown, accountId: string, now: number): SessionDraft {
    const params = paramsOf(body, ALIASES);
    const single = read(SINGLE_SCHEMA, params).create_session_with_single_party;
    const given = single ? read(this.#singleSchema, params) : read(this.#schema, params);
    if (given.first_party === null && given.second_party === null) {
      throw new ApiError(400, missing('first_party or second_party'));
    }
    if (given.first_party === given.second_party) throw new ApiError(400, TEXT.sameParties);
    return {
      accountId: given.subaccount === '' ? accountId : given.subaccount,
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
