import type { Channel } from './channel.js';

/**
 * The headers of an INVITE that follow from a channel's variables (sofia_glue.c: From,
 * P-Asserted-Identity, sofia_glue_get_extra_headers), so that what the dialplan forgets to drop shows
 * in the simulation as well.
 */
export function inviteHeaders(channel: Channel): [name: string, value: string][] {
  const { profile, variables } = channel;
  const headers: [string, string][] = [];
  const number = profile.callerIdNumber;
  if (profile.hideNumber) headers.push(['Privacy', 'id']);
  if (variables.get('sip_cid_type') !== 'none') {
    headers.push(['P-Asserted-Identity', `"${profile.callerIdName}" <sip:${number}@sandbox.example>`]);
  }
  const excluded = channel.get('exclude_outgoing_extra_header');
  const pattern = excluded === undefined ? null : new RegExp(excluded);
  for (const [name, value] of variables.entries()) {
    if (!name.toLowerCase().startsWith('sip_h_') || pattern?.test(name) === true) continue;
    for (const item of typeof value === 'string' ? [value] : value) {
      headers.push([name.slice('sip_h_'.length), item]);
    }
  }
  const location = variables.get('sip_geolocation');
  if (location !== undefined) headers.push(['Geolocation', location]);
  return headers;
}

/** Which variables the headers of an incoming INVITE become (sofia.c, sofia_handle_sip_i_invite). */
export function variablesOfHeaders(headers: readonly (readonly [string, string])[]): [string, string][] {
  return headers.flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase();
    switch (lower) {
      case 'privacy':
        return [['sip_Privacy', value]];
      case 'p-asserted-identity':
        return [['sip_P-Asserted-Identity', value]];
      case 'p-preferred-identity':
        return [['sip_P-Preferred-Identity', value]];
      case 'remote-party-id':
        return [['sip_Remote-Party-ID', value]];
      case 'identity':
        return [['sip_h_identity', value]];
      case 'history-info':
        return [['sip_history_info', value]];
      case 'geolocation':
        return [['sip_geolocation', value]];
      case 'subject':
        return [['sip_subject', value]];
      case 'call-info':
        return [['sip_call_info', value]];
      case 'alert-info':
        return [['alert_info', value]];
      default:
        return /^(x-|p-|on|k-|accept-language|diversion)/.test(lower) || lower === 'user-to-user'
          ? [[`sip_h_${name}`, value]]
          : [];
    }
  });
}

/** User part of the first SIP or tel URI in a header value, or "". */
export function userOf(value: string): string {
  const match = /(?:sips?:([^@>;]*)@|tel:([^>;]*))/i.exec(value);
  return match?.[1] ?? match?.[2] ?? '';
}
