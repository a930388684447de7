import { AnswerInvalidError } from './errors.js';
import { withoutKept } from './leg-defaults.js';
import type { Asked, ConnectAnswer } from './question.js';

/** Run where the two are about to be joined, and only when there is something to record. */
const RECORDING = 'execute_extension record XML masking';

/**
 * What the A leg carries from the instant on in which B is dialled, beside what names its call. B's part is in its dial
 * string. Together with the answer, so that FreeSWITCH runs no application of its own for it: each one costs it two events
 * with all of the channel's variables, and a statement in its database.
 *
 * The dead-man of the question is taken off, and the time limit armed, by commands (switch_channel.c,
 * switch_channel_api_on), which cost neither. The limit is armed in the instant between B's acceptance (its answer, and
 * its whisper if there is one) and the joining; FreeSWITCH has answered A by then (switch_ivr_originate.c).
 *
 * @throws AnswerInvalidError when the UUID could not stand in a command.
 */
export function callerVariables(
  { record, callTimeLimit }: Pick<ConnectAnswer, 'record' | 'callTimeLimit'>,
  { uuid, keeps }: Asked,
): (readonly [name: string, value: string])[] {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(uuid)) throw new AnswerInvalidError('the channel UUID is not one');
  const variables = [
    // Nothing of A's INVITE reaches B: not its identity, not its headers, not its body. Its number and name are replaced in B's
    // dial string (origination_caller_id_*).
    ['sip_h_identity', ''],
    ['sip_h_Diversion', ''],
    ['sip_geolocation', ''],
    ['sip_copy_custom_headers', 'false'],
    ['sip_copy_multipart', 'false'],
    // Nothing of B reaches A: not its number or name, not its causes. Were FreeSWITCH let to tell A whom it is joined with, it
    // would be the virtual number, which is B's by its dial string (origination_callee_id_*).
    ['ignore_display_updates', 'true'],
    ['sip_ignore_remote_cid', 'true'],
    ['sip_cid_in_1xx', 'false'],
    ['sip_ignore_remote_cause', 'true'],
    ['disable_q850_reason', 'true'],
    // When B was not reached the dialplan says to A what it may know.
    ['continue_on_fail', 'true'],
    ['hangup_after_bridge', 'true'],
    // Only a node that does not keep LEG_DEFAULTS sets it on A, and B is to have the same.
    ...(keeps === 'nothing' ? ([['export_vars', 'media_timeout']] as const) : []),
    ['api_on_pre_originate', `sched_del ${uuid}`],
    ['api_on_post_originate', `sched_hangup +${callTimeLimit} ${uuid} ALLOTTED_TIMEOUT`],
    ...(record === ''
      ? []
      : ([
          ['RECORD_STEREO', 'true'],
          ['execute_on_post_originate', RECORDING],
        ] as const)),
  ] as const;
  return withoutKept(variables, keeps);
}
