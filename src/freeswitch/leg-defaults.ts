import type { Kept } from './question.js';

/**
 * Of what every leg has, whoever called whom, the part that an answer gives to a node of before: the others have it as
 * global variables (dialplan/legs.xml), on which FreeSWITCH falls back where a leg lacks them (switch_channel.c,
 * switch_channel_get_variable_dup). What a node keeps so, no leg has to carry: FreeSWITCH copies a leg's variables again and
 * again, and takes longer with the square of their number (switch_event_dup).
 */
export const LEG_DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['sip_copy_custom_headers', 'false'],
  ['sip_copy_multipart', 'false'],
  ['exclude_outgoing_extra_header', '^sip_h_'],
  ['ignore_display_updates', 'true'],
  ['sip_ignore_remote_cid', 'true'],
  ['sip_cid_in_1xx', 'false'],
  ['sip_ignore_remote_cause', 'true'],
  ['disable_q850_reason', 'true'],
  ['outbound_redirect_fatal', 'true'],
  ['continue_on_fail', 'true'],
  ['hangup_after_bridge', 'true'],
  ['ignore_sdp_ice', 'true'],
]);

/** Without what a node has by itself of LEG_DEFAULTS. */
export function withoutKept<T extends readonly [name: string, value: string]>(
  variables: readonly T[],
  keeps: Kept,
): T[] {
  return variables.filter(([name, value]) => keeps === 'nothing' || LEG_DEFAULTS.get(name) !== value);
}
