import type { Interaction } from './interaction.js';

/** Plivo's name and code of how a leg ended (docs, "Hangup causes"). */
export interface HangupReason {
  readonly name: string;
  readonly code: number;
}

const NORMAL: HangupReason = { name: 'Normal Hangup', code: 4000 };
const SCHEDULED: HangupReason = { name: 'Scheduled Hangup', code: 6000 };
const RING_TIMEOUT: HangupReason = { name: 'Ring Timeout Reached', code: 6010 };

/** FreeSWITCH's causes of a leg that never answered. */
const UNANSWERED: Readonly<Record<string, HangupReason>> = {
  ORIGINATOR_CANCEL: { name: 'Canceled', code: 1000 },
  INVALID_NUMBER_FORMAT: { name: 'Invalid Destination Address', code: 2000 },
  DESTINATION_OUT_OF_ORDER: { name: 'Destination Out Of Service', code: 2010 },
  NUMBER_CHANGED: { name: 'Destination Out Of Service', code: 2010 },
  LOOP: { name: 'Loop Detected', code: 2060 },
  EXCHANGE_ROUTING_ERROR: { name: 'Loop Detected', code: 2060 },
  NO_ANSWER: RING_TIMEOUT,
  ALLOTTED_TIMEOUT: RING_TIMEOUT,
  PROGRESS_TIMEOUT: RING_TIMEOUT,
  NO_USER_RESPONSE: { name: 'No Answer', code: 3000 },
  USER_BUSY: { name: 'Busy Line', code: 3010 },
  CALL_REJECTED: { name: 'Rejected', code: 3020 },
  UNWANTED: { name: 'Rejected', code: 3020 },
  UNALLOCATED_NUMBER: { name: 'Unallocated number', code: 3050 },
  RECOVERY_ON_TIMER_EXPIRE: { name: 'Request timeout', code: 3070 },
  NORMAL_TEMPORARY_FAILURE: { name: 'Network congestion from carrier', code: 3090 },
  NETWORK_OUT_OF_ORDER: { name: 'Network Error', code: 5000 },
  GATEWAY_DOWN: { name: 'Network Error', code: 5000 },
  NORMAL_CLEARING: { name: 'No Answer', code: 3000 },
  CRASH: { name: 'Internal Error', code: 5010 },
};

const ANSWERED: Readonly<Record<string, HangupReason>> = {
  NORMAL_CLEARING: NORMAL,
  ALLOTTED_TIMEOUT: SCHEDULED,
  MEDIA_TIMEOUT: { name: 'Media Timeout', code: 6020 },
  CRASH: { name: 'Internal Error', code: 5010 },
  NORMAL_TEMPORARY_FAILURE: { name: 'Internal Error', code: 5010 },
};

/** Why a leg ended, from FreeSWITCH's cause and whether the leg had answered. */
export function hangupReason(cause: string, answered: boolean): HangupReason {
  const table = answered ? ANSWERED : UNANSWERED;
  return table[cause] ?? (answered ? NORMAL : { name: 'Unknown', code: 0 });
}

/** How an interaction came out, in words for people and metrics. */
export type CallOutcome =
  'completed' | 'time-limit' | 'busy' | 'no-answer' | 'rejected' | 'canceled' | 'invalid-number' | 'failed';

const OUTCOMES: Readonly<Record<string, CallOutcome>> = {
  USER_BUSY: 'busy',
  NO_ANSWER: 'no-answer',
  NO_USER_RESPONSE: 'no-answer',
  PROGRESS_TIMEOUT: 'no-answer',
  ALLOTTED_TIMEOUT: 'no-answer',
  RECOVERY_ON_TIMER_EXPIRE: 'no-answer',
  ORIGINATOR_CANCEL: 'canceled',
  CALL_REJECTED: 'rejected',
  UNWANTED: 'rejected',
  UNALLOCATED_NUMBER: 'invalid-number',
  INVALID_NUMBER_FORMAT: 'invalid-number',
  NUMBER_CHANGED: 'invalid-number',
};

/** The outcome of an interaction: connected ones by how they ended, others by the last leg that was dialled. */
export function outcomeOf(interaction: Interaction): CallOutcome {
  if (interaction.connectedAt !== null) {
    return interaction.cause === 'ALLOTTED_TIMEOUT' ? 'time-limit' : 'completed';
  }
  const dialled = interaction.legs.filter((leg) => leg.trunk !== '').at(-1);
  return OUTCOMES[dialled?.cause ?? interaction.cause] ?? 'failed';
}
