import { randomUUID } from 'node:crypto';
import type { Cause } from './causes.js';
import type { Channel } from './channel.js';
import type { Core } from './core.js';
import type { DialLeg } from './dial-string.js';
import { SandboxUnsupportedError } from './errors.js';
import { inviteHeaders } from './invite.js';
import { isFalse, isTrue } from './text.js';
import type { ChannelVariables } from './variables.js';

/**
 * Creates the channel of one leg and sends its INVITE (switch_core_session_outgoing_channel,
 * mod_sofia.c). Returns the cause instead when there is no channel.
 */
export function createOutbound(
  core: Core,
  caller: Channel | null,
  leg: DialLeg,
  shared: ChannelVariables,
): Channel | Cause {
  const target = targetOf(leg);
  const own = new Map(leg.variables.map(([name, value]) => [name.toLowerCase(), value]));
  const option = (name: string): string | undefined => own.get(name) ?? shared.get(name);
  const uuid = option('origination_uuid') ?? randomUUID();
  if (core.channels.has(uuid)) return 'DESTINATION_OUT_OF_ORDER';
  if (!core.options.network.hasTrunk(target.trunk)) {
    return target.trunk === 'softphone' ? 'USER_NOT_REGISTERED' : 'INVALID_GATEWAY';
  }
  const channel = core.addChannel(
    { uuid, name: `sofia/trunk/${target.user}`, direction: 'outbound' },
    profileOf(caller, target.user, option),
  );
  channel.isOriginating = true;
  channel.state = 'CS_CONSUME_MEDIA';
  setVariables(channel, caller, leg, shared, target);
  const named = channel.variables.get('origination_channel_name');
  if (named !== undefined) channel.rename(named);
  core.emit('CHANNEL_OUTGOING', channel);
  core.emit('CHANNEL_CREATE', channel);
  core.emit('CHANNEL_ORIGINATE', channel);
  const sip = core.options.network.invite(
    {
      uuid,
      trunk: target.trunk,
      user: target.user,
      callerNumber: channel.profile.hideNumber ? 'anonymous' : channel.profile.callerIdNumber,
      callerName: channel.profile.hideName ? 'Anonymous' : channel.profile.callerIdName,
      headers: inviteHeaders(channel),
    },
    channel,
  );
  if (sip === null) {
    // A user that is not registered: the channel ends before anything was sent.
    channel.hangup('USER_NOT_REGISTERED');
    return channel;
  }
  channel.leg = sip;
  const { callerIdNumber, callerIdName } = channel.profile;
  channel.variables.set('sofia_profile_name', target.trunk === 'softphone' ? 'softphone' : 'trunk');
  channel.variables.set('sip_from_display', callerIdName);
  channel.variables.set('sip_from_user', callerIdNumber);
  channel.variables.set('sip_from_uri', `${callerIdNumber}@127.0.0.1`);
  channel.variables.set('sip_call_id', uuid);
  return channel;
}

interface Target {
  readonly trunk: string;
  readonly user: string;
}

/** `sofia/gateway/<trunk>/<number>`, or `sofia/softphone/<digits>%softphone`. */
function targetOf(leg: DialLeg): Target {
  const gateway = /^gateway\/([^/]+)\/(.+)$/.exec(leg.address);
  if (leg.type === 'sofia' && gateway !== null) return { trunk: gateway[1] ?? '', user: gateway[2] ?? '' };
  const softphone = /^softphone\/([^%@/]+)%softphone$/.exec(leg.address);
  if (leg.type === 'sofia' && softphone !== null) return { trunk: 'softphone', user: softphone[1] ?? '' };
  throw new SandboxUnsupportedError(`an endpoint of type ${leg.type} in this form is not simulated`);
}

function profileOf(
  caller: Channel | null,
  user: string,
  option: (name: string) => string | undefined,
): Parameters<Core['addChannel']>[1] {
  const from = caller?.profile;
  const originalNumber = from?.callerIdNumber ?? option('origination_caller_id_number') ?? '0000000000';
  const originalName = from?.callerIdName ?? option('origination_caller_id_name') ?? '';
  const privacy = option('origination_privacy')?.toLowerCase();
  return {
    username: from?.username ?? '',
    dialplan: from?.dialplan ?? '',
    context: from?.context ?? 'default',
    callerIdNumber:
      option('origination_caller_id_number') ?? caller?.get('effective_caller_id_number') ?? originalNumber,
    callerIdName:
      option('origination_caller_id_name') ?? caller?.get('effective_caller_id_name') ?? originalName,
    origCallerIdNumber: originalNumber,
    origCallerIdName: originalName,
    calleeIdName: option('origination_callee_id_name') ?? 'Outbound Call',
    calleeIdNumber: option('origination_callee_id_number') ?? user,
    networkAddr: '127.0.0.1',
    ani: from?.ani ?? originalNumber,
    rdnis: from?.rdnis ?? '',
    destinationNumber: user,
    source: from?.source ?? 'src/switch_ivr_originate.c',
    transferSource: '',
    hideName: privacy === undefined ? (from?.hideName ?? false) : privacy.includes('hide_name'),
    hideNumber: privacy === undefined ? (from?.hideNumber ?? false) : privacy.includes('hide_number'),
  };
}

function setVariables(
  channel: Channel,
  caller: Channel | null,
  leg: DialLeg,
  shared: ChannelVariables,
  target: Target,
): void {
  const { variables } = channel;
  if (target.trunk !== 'softphone') variables.set('sip_gateway_name', target.trunk);
  variables.set('sip_profile_name', target.trunk === 'softphone' ? 'softphone' : 'gateway');
  variables.set('sip_destination_url', `sip:${target.user}@${target.trunk}.example`);
  if (caller !== null) {
    if (!isFalse(caller.get('sip_copy_custom_headers'))) copyCustomHeaders(caller, channel);
    variables.set('originator', caller.uuid);
    variables.set('signal_bond', caller.uuid);
    variables.set('call_uuid', caller.variables.get('call_uuid') ?? caller.uuid);
    const times = { ...caller.times, profileCreated: 0, created: 0, answered: 0, hungup: 0, bridged: 0 };
    const snapshot = { ...caller.profile, times };
    channel.otherLeg = { type: 'originator', profile: snapshot };
    channel.originators.push(snapshot);
    caller.variables.set('originate_signal_bond', channel.uuid);
  } else {
    variables.set('call_uuid', channel.uuid);
  }
  for (const [name, value] of leg.variables) variables.setChecked(name, value);
  for (const [name, value] of shared.entries()) {
    variables.setChecked(name, typeof value === 'string' ? value : value.join('|:'));
  }
  const early = shared.get('ignore_early_media');
  const waits = isTrue(early) || early === 'ring_ready' || early === 'consume';
  variables.set('originate_early_media', String(!waits));
  variables.set('originating_leg_uuid', caller?.uuid);
  variables.set('originate_endpoint', 'sofia');
  const { calleeIdName, calleeIdNumber } = channel.profile;
  caller?.variables.push('originated_legs', `${channel.uuid};${calleeIdName};${calleeIdNumber}`);
}

function copyCustomHeaders(caller: Channel, channel: Channel): void {
  for (const [name, value] of caller.variables.entries()) {
    if (name.toLowerCase().startsWith('sip_h_')) channel.variables.set(name, value);
  }
}
