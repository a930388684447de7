import { z } from 'zod';

import type { MaskingSession } from '../../masking/session.js';
import type { SessionChange } from '../../masking/session-change.js';
import { ApiError, invalid, TEXT } from '../errors.js';
import {
  changedUrl,
  optionalChoice,
  optionalFlag,
  optionalInteger,
  optionalPhone,
} from '../params/fields.js';
import { paramsOf, read } from '../params/read.js';
import { ALIASES, CALL_TIME_LIMIT, RING_TIMEOUT, SESSION_EXPIRY, type SessionRules } from './rules.js';

const METHODS = ['GET', 'POST'] as const;

const updateSchema = (rules: SessionRules) =>
  z
    .object({
      first_party: optionalPhone('first_party', rules.defaultCountry).describe(
        'Only where a session that was created with a single party lacks it.',
      ),
      second_party: optionalPhone('second_party', rules.defaultCountry).describe('The same.'),
      session_expiry: optionalInteger('session_expiry', {
        ...SESSION_EXPIRY,
        max: rules.maxSessionExpiry,
      }).describe('Seconds from now on.'),
      call_time_limit: optionalInteger('call_time_limit', CALL_TIME_LIMIT).describe(
        'Seconds; of calls that begin later.',
      ),
      ring_timeout: optionalInteger('ring_timeout', RING_TIMEOUT).describe('Seconds.'),
      callback_url: changedUrl('callback_url').describe('"" for none.'),
      callback_method: optionalChoice('callback_method', METHODS),
      record: optionalFlag('record'),
      record_file_format: optionalChoice('record_file_format', ['mp3', 'wav']),
      recording_callback_url: changedUrl('recording_callback_url').describe('"" for none.'),
      recording_callback_method: optionalChoice('recording_callback_method', METHODS),
      first_party_play_url: changedUrl('first_party_play_url').describe('"" for none.'),
      second_party_play_url: changedUrl('second_party_play_url').describe('"" for none.'),
    })
    .meta({ id: 'UpdateSession' });

/** Reads the bodies of update requests. What cannot be changed is ignored: SDKs send it. */
export class UpdateParams {
  readonly schema: ReturnType<typeof updateSchema>;

  constructor(rules: SessionRules) {
    this.schema = updateSchema(rules);
  }

  /** Throws ApiError 400 with the documented text, also for a party that `session` does not lack. */
  change(body: unknown, session: MaskingSession): SessionChange {
    const given = read(this.schema, paramsOf(body, ALIASES));
    const change: SessionChange = {
      ...named('sessionExpiry', given.session_expiry),
      ...named('callTimeLimit', given.call_time_limit),
      ...named('ringTimeout', given.ring_timeout),
      ...named('callbackUrl', given.callback_url),
      ...named('callbackMethod', given.callback_method),
      ...named('record', given.record),
      ...named('recordFileFormat', given.record_file_format),
      ...named('recordingCallbackUrl', given.recording_callback_url),
      ...named('recordingCallbackMethod', given.recording_callback_method),
      ...named('firstPartyPlayUrl', given.first_party_play_url),
      ...named('secondPartyPlayUrl', given.second_party_play_url),
    };
    // A party that is there already is no change: SDKs may send the whole session back.
    const first = given.first_party === session.firstParty ? null : given.first_party;
    const second = given.second_party === session.secondParty ? null : given.second_party;
    if (first !== null && session.firstParty !== null) throw fixed('first_party');
    if (second !== null && session.secondParty !== null) throw fixed('second_party');
    if ((first ?? session.firstParty) === (second ?? session.secondParty)) {
      throw new ApiError(400, TEXT.sameParties);
    }
    return {
      ...change,
      ...(first === null ? {} : { firstParty: first }),
      ...(second === null ? {} : { secondParty: second }),
    };
  }
}

const fixed = (name: string): ApiError => new ApiError(400, invalid(name, 'cannot be changed'));

/** `{ [key]: value }`, or nothing when it was not given. */
function named<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
