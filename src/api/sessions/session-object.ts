import { amountAsNumber } from '../../masking/billing.js';
import type { Interaction } from '../../masking/interaction.js';
import { digitsOf } from '../../masking/phone-number.js';
import { statusOf, type MaskingSession } from '../../masking/session.js';
import { isSubaccountId } from '../plugins/account.js';
import { interactionObject, type AccountUrl } from './interaction-object.js';
import type { SessionObject } from './session-schema.js';
import { timestamp } from './timestamp.js';

/** Amounts are kept in millionths, the fee in whole units. */
const MILLION = 1_000_000;

/** The session at `now` (milliseconds since the epoch), its interactions in the order given. */
export function sessionObject(
  session: MaskingSession,
  interactions: readonly Interaction[],
  now: number,
  account: AccountUrl,
): SessionObject {
  const { settings, pin, totals } = session;
  return {
    first_party: session.firstParty === null ? '' : digitsOf(session.firstParty),
    second_party: session.secondParty === null ? '' : digitsOf(session.secondParty),
    virtual_number: digitsOf(session.virtualNumber),
    status: statusOf(session, now),
    initiate_call_to_first_party: settings.initiateCallToFirstParty,
    session_uuid: session.id,
    callback_url: settings.callbackUrl,
    callback_method: settings.callbackMethod,
    created_time: timestamp(session.createdAt),
    modified_time: timestamp(session.modifiedAt),
    expiry_time: timestamp(session.expiresAt),
    duration: wholeSeconds(session.expiresAt) - wholeSeconds(session.createdAt),
    amount: session.fee,
    call_time_limit: settings.callTimeLimit,
    ring_timeout: settings.ringTimeout,
    first_party_play_url: settings.firstPartyPlayUrl,
    second_party_play_url: settings.secondPartyPlayUrl,
    record: settings.record,
    record_file_format: settings.recordFileFormat,
    recording_callback_url: settings.recordingCallbackUrl,
    recording_callback_method: settings.recordingCallbackMethod,
    interaction:
      interactions.length === 0 ? null : interactions.map((each) => interactionObject(each, account)),
    total_call_amount: amountAsNumber(totals.callAmount),
    total_call_count: totals.callCount,
    total_call_billed_duration: totals.billedDuration,
    total_session_amount: amountAsNumber(session.fee * MILLION + totals.callAmount),
    last_interaction_time: session.lastInteractionAt === null ? '' : timestamp(session.lastInteractionAt),
    unknown_caller_play: settings.unknownCallerPlay,
    is_pin_authentication_required: pin !== null,
    generate_pin: pin?.generated ?? null,
    generate_pin_length: pin?.generatedLength ?? null,
    first_party_pin: pin?.firstPartyPin ?? null,
    second_party_pin: pin?.secondPartyPin ?? null,
    pin_prompt_play: pin?.promptPlay ?? null,
    pin_retry: pin?.retry ?? null,
    pin_retry_wait: pin?.retryWait ?? null,
    incorrect_pin_play: pin?.incorrectPlay ?? null,
    create_session_with_single_party: session.singleParty ? true : null,
    virtual_number_cooloff_period: settings.virtualNumberCooloffPeriod,
    force_pin_authentication: pin?.forced ?? false,
    ...(isSubaccountId(session.accountId) ? { subaccount: session.accountId } : {}),
  };
}

/** As the printed times are cut to seconds, so that they and `duration` agree. */
function wholeSeconds(instant: number): number {
  return Math.floor(instant / 1_000);
}
