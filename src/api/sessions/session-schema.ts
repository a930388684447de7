import { z } from 'zod';

import { TIMESTAMP } from '../openapi/common.js';

/** An exact decimal in the currency of the rates. */
const AMOUNT = z.number();
const DIGITS = z.string().regex(/^\d*$/);

/** One element of a session's `interaction`, with its keys in Plivo's order. */
export const INTERACTION_OBJECT = z
  .object({
    start_time: TIMESTAMP,
    end_time: TIMESTAMP.nullable(),
    first_party_resource_url: z.url().nullable(),
    second_party_resource_url: z.url().nullable(),
    recording_resource_url: z.url().nullable(),
    type: z.literal('call'),
    total_call_amount: AMOUNT,
    call_billed_duration: z.int().describe('Seconds billed, over both legs.'),
    total_call_count: z.int().describe('One leg per party that was tried, answered or not.'),
    duration: z.int().describe('Seconds answered, over both legs.'),
  })
  .meta({ id: 'Interaction', description: 'One call inside a session. What never happened is null.' });

/** A session as clients see it. Types and order of keys are Plivo's. */
export const SESSION_OBJECT = z
  .object({
    first_party: DIGITS.describe(
      'Digits without `+`; "" for the missing party of a session with a single one.',
    ),
    second_party: DIGITS,
    virtual_number: DIGITS,
    status: z.enum(['active', 'in-progress', 'expired']),
    initiate_call_to_first_party: z.boolean(),
    session_uuid: z.uuid(),
    callback_url: z.string(),
    callback_method: z.enum(['GET', 'POST']),
    created_time: TIMESTAMP,
    modified_time: TIMESTAMP,
    expiry_time: TIMESTAMP,
    duration: z.int().describe('Seconds from `created_time` to `expiry_time`.'),
    amount: z.int().describe('A whole number: a typed client decodes it as one.'),
    call_time_limit: z.int().describe('Seconds.'),
    ring_timeout: z.int().describe('Seconds.'),
    first_party_play_url: z.string(),
    second_party_play_url: z.string(),
    record: z.boolean(),
    record_file_format: z.enum(['mp3', 'wav']),
    recording_callback_url: z.string(),
    recording_callback_method: z.enum(['GET', 'POST']),
    interaction: z.array(INTERACTION_OBJECT).nullable().describe('Oldest first; null before the first call.'),
    total_call_amount: AMOUNT,
    total_call_count: z.int(),
    total_call_billed_duration: z.int().describe('Seconds.'),
    total_session_amount: AMOUNT,
    last_interaction_time: z.string().describe('"" before the first interaction has ended.'),
    unknown_caller_play: z.string(),
    is_pin_authentication_required: z.boolean(),
    generate_pin: z.boolean().nullable(),
    generate_pin_length: z.int().nullable(),
    first_party_pin: z.string().nullable(),
    second_party_pin: z.string().nullable(),
    pin_prompt_play: z.string().nullable(),
    pin_retry: z.int().nullable(),
    pin_retry_wait: z.int().nullable().describe('Seconds.'),
    incorrect_pin_play: z.string().nullable(),
    create_session_with_single_party: z.literal(true).nullable(),
    virtual_number_cooloff_period: z.int().describe('Seconds.'),
    force_pin_authentication: z.boolean(),
    subaccount: z.string().optional().describe('Only in sessions of a subaccount.'),
  })
  .meta({ id: 'MaskingSession' });

/** In lists, objects say where they are. */
export const LISTED_SESSION = SESSION_OBJECT.extend({ resource_uri: z.string() }).meta({
  id: 'ListedMaskingSession',
});

export type InteractionObject = Readonly<z.infer<typeof INTERACTION_OBJECT>>;
export type SessionObject = Readonly<z.infer<typeof SESSION_OBJECT>>;
