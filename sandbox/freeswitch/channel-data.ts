import type { CallerProfile } from './caller-profile.js';
import type { Channel, ChannelState } from './channel.js';
import type { EventHeaders } from './event.js';

const STATE_NUMBERS: Readonly<Record<ChannelState, number>> = {
  CS_INIT: 2,
  CS_ROUTING: 2,
  CS_EXECUTE: 4,
  CS_EXCHANGE_MEDIA: 5,
  CS_PARK: 6,
  CS_CONSUME_MEDIA: 7,
  CS_HANGUP: 10,
  CS_REPORTING: 11,
};

/** Adds a channel's own headers to an event (switch_channel_event_set_data). */
export function addChannelData(event: EventHeaders, channel: Channel): void {
  addBasicData(event, channel);
  for (const [name, value] of channel.scopeVariables) event.set(`scope_variable_${name}`, value);
  for (const [name, value] of channel.variables.entries()) event.set(`variable_${name}`, value);
}

/** The headers without variables (switch_channel_event_set_basic_data). */
export function addBasicData(event: EventHeaders, channel: Channel): void {
  if (channel.hangupCause !== null && channel.state === 'CS_REPORTING') {
    event.set('Hangup-Cause', channel.hangupCause);
  }
  event.set('Channel-State', channel.state);
  event.set('Channel-Call-State', channel.callState);
  event.set('Channel-State-Number', String(STATE_NUMBERS[channel.state]));
  event.set('Channel-Name', channel.name);
  event.set('Unique-ID', channel.uuid);
  event.set('Call-Direction', channel.direction);
  event.set('Presence-Call-Direction', channel.direction);
  event.set('Channel-HIT-Dialplan', String(channel.hitDialplan));
  event.set('Channel-Call-UUID', channel.variables.get('call_uuid') ?? channel.uuid);
  event.set('Answer-State', answerState(channel));
  if (channel.hangupCause !== null && !event.has('Hangup-Cause')) {
    event.set('Hangup-Cause', channel.hangupCause);
  }
  if (channel.isAnswered || channel.isEarlyMedia) {
    for (const way of ['Read', 'Write']) {
      event.set(`Channel-${way}-Codec-Name`, 'PCMU');
      event.set(`Channel-${way}-Codec-Rate`, '8000');
      event.set(`Channel-${way}-Codec-Bit-Rate`, '64000');
    }
  }
  addProfile(event, 'Caller', channel.profile);
  if (channel.otherLeg !== null) {
    event.set('Other-Type', channel.otherLeg.type);
    addProfile(event, 'Other-Leg', channel.otherLeg.profile);
  }
}

function answerState(channel: Channel): string {
  if (channel.isDown()) return 'hangup';
  if (channel.isAnswered) return 'answered';
  return channel.isEarlyMedia ? 'early' : 'ringing';
}

/** switch_caller_profile_event_set_data. Fields without a value make no header. */
export function addProfile(event: EventHeaders, prefix: string, profile: CallerProfile): void {
  const { times } = profile;
  const own = prefix !== 'Other-Leg';
  const fields: readonly (readonly [string, string])[] = [
    ['Direction', profile.direction],
    ['Logical-Direction', profile.direction],
    ['Username', profile.username],
    ['Dialplan', profile.dialplan],
    ['Caller-ID-Name', profile.callerIdName],
    ['Caller-ID-Number', profile.callerIdNumber],
    ['Orig-Caller-ID-Name', profile.origCallerIdName],
    ['Orig-Caller-ID-Number', profile.origCallerIdNumber],
    ['Callee-ID-Name', profile.calleeIdName],
    ['Callee-ID-Number', profile.calleeIdNumber],
    ['Network-Addr', profile.networkAddr],
    ['ANI', profile.ani],
    ['Destination-Number', profile.destinationNumber],
    ['Unique-ID', profile.uuid],
    ['Source', profile.source],
    ['Transfer-Source', profile.transferSource],
    ['Context', profile.context],
    ['RDNIS', profile.rdnis],
    ['Channel-Name', profile.chanName],
    ['Profile-Index', own ? String(profile.index) : ''],
    ['Profile-Created-Time', String(times.profileCreated)],
    ['Channel-Created-Time', String(times.created)],
    ['Channel-Answered-Time', String(times.answered)],
    ['Channel-Progress-Time', String(times.progress)],
    ['Channel-Progress-Media-Time', String(times.progressMedia)],
    ['Channel-Hangup-Time', String(times.hungup)],
    ['Channel-Transfer-Time', String(times.transferred)],
    ['Channel-Resurrect-Time', '0'],
    ['Channel-Bridged-Time', String(times.bridged)],
    ['Channel-Last-Hold', '0'],
    ['Channel-Hold-Accum', '0'],
    ['Screen-Bit', 'true'],
    ['Privacy-Hide-Name', String(profile.hideName)],
    ['Privacy-Hide-Number', String(profile.hideNumber)],
  ];
  for (const [name, value] of fields) if (value !== '') event.set(`${prefix}-${name}`, value);
}
