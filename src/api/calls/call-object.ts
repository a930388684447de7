import { z } from 'zod';

import { printAmount, type Tariff } from '../../masking/billing.js';
import { talkSeconds, type EndedCall, type LiveCall } from '../../masking/call.js';
import { hangupOf } from '../../masking/hangup-cause.js';
import { digitsOf } from '../../masking/phone-number.js';

/** A call that has ended, with its keys in the order of Plivo's samples. */
export const CALL_OBJECT = z
  .object({
    answer_time: z.string().nullable(),
    bill_duration: z.int().describe('Seconds from the answer to the end.'),
    billed_duration: z.int().describe('Seconds that are billed.'),
    call_direction: z.enum(['inbound', 'outbound']),
    call_duration: z.int(),
    call_state: z.enum(['ANSWER', 'NO_ANSWER']),
    call_uuid: z.string(),
    conference_uuid: z.null(),
    end_time: z.string(),
    from_number: z.string().describe('With `+`; `anonymous` when it was withheld.'),
    hangup_cause_code: z.int(),
    hangup_cause_name: z.string(),
    hangup_source: z.string(),
    initiation_time: z.string(),
    parent_call_uuid: z.string().nullable().describe('The A leg of a B leg.'),
    resource_uri: z.string(),
    to_number: z.string().describe('Digits.'),
    total_amount: z.string(),
    total_rate: z.string().describe('Per minute.'),
    stir_verification: z.literal('Not Applicable'),
    session_uuid: z.string().describe('The masking session. Ours.'),
  })
  .meta({ id: 'Call' });

export type CallObject = z.infer<typeof CALL_OBJECT>;

/** `accountPath` such as `/v1/Account/MA…`. */
export function callObject(call: EndedCall, tariff: Tariff, accountPath: string): CallObject {
  const { leg, interaction, uuid } = call;
  const hangup = hangupOf(leg);
  const seconds = talkSeconds(leg);
  return {
    answer_time: leg.answeredAt === null ? null : instant(leg.answeredAt),
    bill_duration: seconds,
    billed_duration: leg.bill?.seconds ?? seconds,
    call_direction: call.direction,
    call_duration: seconds,
    call_state: leg.answeredAt === null ? 'NO_ANSWER' : 'ANSWER',
    call_uuid: uuid,
    conference_uuid: null,
    end_time: instant(leg.endedAt),
    from_number: call.from ?? 'anonymous',
    hangup_cause_code: hangup.code,
    hangup_cause_name: hangup.name,
    hangup_source: hangup.source,
    initiation_time: instant(leg.startedAt),
    parent_call_uuid: call.role === 'b' ? interaction.id : null,
    resource_uri: `${accountPath}/Call/${uuid}/`,
    to_number: digitsOf(call.to),
    total_amount: printAmount(leg.bill?.amount ?? 0),
    total_rate: printAmount(tariff.callRate),
    stir_verification: 'Not Applicable',
    session_uuid: interaction.sessionId,
  };
}

/** A call that is up. */
export const LIVE_CALL_OBJECT = z
  .object({
    call_status: z.enum(['ringing', 'in-progress']),
    call_uuid: z.string(),
    caller_name: z.literal(''),
    direction: z.enum(['inbound', 'outbound']),
    from: z.string(),
    parent_call_uuid: z.string().nullable(),
    request_uuid: z.string(),
    session_start: z.string(),
    to: z.string(),
    session_uuid: z.string().describe('The masking session. Ours.'),
  })
  .meta({ id: 'LiveCall' });

export function liveCallObject(call: LiveCall): z.infer<typeof LIVE_CALL_OBJECT> {
  const { interaction, uuid, role } = call;
  const talking = interaction.stage === 'connected' || (role === 'b' && interaction.stage === 'whispering');
  return {
    call_status: talking ? 'in-progress' : 'ringing',
    call_uuid: uuid,
    caller_name: '',
    direction: call.direction,
    from: call.from ?? 'anonymous',
    parent_call_uuid: role === 'b' ? interaction.id : null,
    request_uuid: interaction.id,
    session_start: new Date(call.since).toISOString().replace('T', ' ').replace('Z', '000'),
    to: digitsOf(call.to),
    session_uuid: interaction.sessionId,
  };
}

/** `YYYY-MM-DD HH:MM:SS+00:00`, as Plivo prints the times of calls. */
function instant(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ') + '+00:00';
}
