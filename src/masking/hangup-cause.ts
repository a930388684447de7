import type { LegRecord } from './interaction.js';

/** Who ended a call, in Plivo's words; `Plivo` stands for the platform, which is us. */
export type HangupSource = 'Caller' | 'Callee' | 'Carrier' | 'Plivo' | 'API Request' | 'Error' | 'Unknown';

/** How a call ended, in Plivo's words (docs: voice, hangup causes and sources). */
export interface Hangup {
  readonly name: string;
  readonly code: number;
  readonly source: HangupSource;
}

/** The cause as it may stand in a metric or a span: what is none of FreeSWITCH's names is `OTHER`. */
export function causeName(cause: string): string {
  return /^[A-Z_]{1,40}$/.test(cause) ? cause : 'OTHER';
}

/** The cause with which an API client's wish hangs a channel up. No phone and no carrier gives it. */
export const API_HANGUP_CAUSE = 'MANAGER_REQUEST';

type Named = readonly [code: number, name: string];

const UNKNOWN: Named = [0, 'Unknown'];
const CANCELED: Named = [1000, 'Canceled'];
const INVALID_DESTINATION: Named = [2000, 'Invalid Destination Address'];
const OUT_OF_SERVICE: Named = [2010, 'Destination Out Of Service'];
const NO_ANSWER: Named = [3000, 'No Answer'];
const REJECTED: Named = [3020, 'Rejected'];
const CONGESTION: Named = [3090, 'Network congestion from carrier'];
const NORMAL: Named = [4000, 'Normal Hangup'];
const NETWORK_ERROR: Named = [5000, 'Network Error'];
const INTERNAL_ERROR: Named = [5010, 'Internal Error'];

/** FreeSWITCH's causes (switch_channel.c, CAUSE_CHART) that mean one thing whatever became of the leg. */
const BY_CAUSE: ReadonlyMap<string, Named> = new Map(
  Object.entries<Named>({
    ORIGINATOR_CANCEL: CANCELED,
    INVALID_NUMBER_FORMAT: INVALID_DESTINATION,
    NUMBER_CHANGED: INVALID_DESTINATION,
    DESTINATION_OUT_OF_ORDER: OUT_OF_SERVICE,
    SUBSCRIBER_ABSENT: OUT_OF_SERVICE,
    USER_NOT_REGISTERED: OUT_OF_SERVICE,
    // 482 and 483, and our own refusal of a loop.
    EXCHANGE_ROUTING_ERROR: [2060, 'Loop Detected'],
    NO_ANSWER,
    NO_USER_RESPONSE: NO_ANSWER,
    PROGRESS_TIMEOUT: NO_ANSWER,
    USER_BUSY: [3010, 'Busy Line'],
    UNWANTED: REJECTED,
    UNALLOCATED_NUMBER: [3050, 'Unallocated number'],
    RECOVERY_ON_TIMER_EXPIRE: [3070, 'Request timeout'],
    NORMAL_CIRCUIT_CONGESTION: CONGESTION,
    SWITCH_CONGESTION: CONGESTION,
    REQUESTED_CHAN_UNAVAIL: CONGESTION,
    NORMAL_CLEARING: NORMAL,
    NORMAL_UNSPECIFIED: NORMAL,
    NETWORK_OUT_OF_ORDER: NETWORK_ERROR,
    GATEWAY_DOWN: NETWORK_ERROR,
    INVALID_GATEWAY: [5020, 'Routing Error'],
    MEDIA_TIMEOUT: [6020, 'Media Timeout'],
    CRASH: INTERNAL_ERROR,
    SYSTEM_SHUTDOWN: INTERNAL_ERROR,
    INCOMPATIBLE_DESTINATION: INTERNAL_ERROR,
    SERVICE_NOT_IMPLEMENTED: INTERNAL_ERROR,
  }),
);

/** How a leg ended. */
export function hangupOf(leg: LegRecord): Hangup {
  const [code, name] = named(leg);
  return { name, code, source: sourceOf(leg, code) };
}

function named(leg: LegRecord): Named {
  const answered = leg.answeredAt !== null;
  switch (leg.cause) {
    case API_HANGUP_CAUSE:
      return answered ? NORMAL : CANCELED;
    case 'ALLOTTED_TIMEOUT':
      return answered ? [6000, 'Scheduled Hangup'] : [6010, 'Ring Timeout Reached'];
    case 'CALL_REJECTED':
      if (leg.sipStatus === 403) return [3040, 'Forbidden'];
      return leg.sipStatus === 603 ? [3110, 'Declined'] : REJECTED;
    case 'NORMAL_TEMPORARY_FAILURE':
      return (leg.sipStatus ?? 0) >= 500 ? [3080, 'Internal server error from carrier'] : NETWORK_ERROR;
    default:
      return BY_CAUSE.get(leg.cause) ?? UNKNOWN;
  }
}

function sourceOf(leg: LegRecord, code: number): HangupSource {
  if (leg.cause === API_HANGUP_CAUSE) return 'API Request';
  if (leg.endedBy === 'a') return 'Caller';
  if (leg.endedBy === 'b') return 'Callee';
  if (code === 0) return 'Unknown';
  if (code === INTERNAL_ERROR[0]) return 'Error';
  // A final status that we did not give ourselves came from beyond.
  return leg.sipStatus !== null && leg.sipStatus >= 300 ? 'Carrier' : 'Plivo';
}
