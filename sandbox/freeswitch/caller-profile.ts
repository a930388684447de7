/** When things happened to a channel, in microseconds since the epoch; 0 when they did not. */
export interface ChannelTimes {
  profileCreated: number;
  created: number;
  answered: number;
  progress: number;
  progressMedia: number;
  hungup: number;
  transferred: number;
  bridged: number;
}

/** Who calls whom (switch_caller_profile). A transfer adds a profile; the last one is the current one. */
export interface CallerProfile {
  index: number;
  direction: 'inbound' | 'outbound';
  username: string;
  dialplan: string;
  context: string;
  callerIdName: string;
  callerIdNumber: string;
  origCallerIdName: string;
  origCallerIdNumber: string;
  calleeIdName: string;
  calleeIdNumber: string;
  networkAddr: string;
  ani: string;
  rdnis: string;
  destinationNumber: string;
  uuid: string;
  source: string;
  transferSource: string;
  chanName: string;
  hideName: boolean;
  hideNumber: boolean;
  /** Name of the extension that a hunt for this profile found, and its actions, for the CDR. */
  extension: { name: string; actions: readonly { application: string; data: string }[] } | null;
  times: ChannelTimes;
}

export function newTimes(now: number): ChannelTimes {
  return {
    profileCreated: now,
    created: now,
    answered: 0,
    progress: 0,
    progressMedia: 0,
    hungup: 0,
    transferred: 0,
    bridged: 0,
  };
}

/** The profile after a transfer: times so far are kept (switch_channel_set_caller_profile). */
export function transferredProfile(
  profile: CallerProfile,
  target: { destination: string; dialplan: string; context: string },
  now: number,
): CallerProfile {
  profile.times.transferred = now;
  return {
    ...profile,
    index: profile.index + 1,
    dialplan: target.dialplan,
    context: target.context,
    rdnis: profile.destinationNumber,
    destinationNumber: target.destination,
    extension: null,
    times: { ...profile.times, profileCreated: now, transferred: 0, bridged: 0 },
  };
}

/** switch_caller_get_field_by_name. */
export function profileField(profile: CallerProfile, name: string): string | undefined {
  switch (name) {
    case 'dialplan':
      return profile.dialplan;
    case 'caller_id_name':
      return profile.callerIdName;
    case 'caller_id_number':
      return profile.callerIdNumber;
    case 'orig_caller_id_name':
      return profile.origCallerIdName;
    case 'orig_caller_id_number':
      return profile.origCallerIdNumber;
    case 'callee_id_name':
      return profile.calleeIdName;
    case 'callee_id_number':
      return profile.calleeIdNumber;
    case 'network_addr':
      return profile.networkAddr;
    case 'ani':
      return profile.ani;
    case 'aniii':
      return '';
    case 'rdnis':
      return profile.rdnis;
    case 'destination_number':
      return profile.destinationNumber;
    case 'uuid':
      return profile.uuid;
    case 'source':
      return profile.source;
    case 'transfer_source':
      return profile.transferSource;
    case 'context':
      return profile.context;
    case 'chan_name':
      return profile.chanName;
    case 'username':
      return profile.username;
    default:
      return undefined;
  }
}

/** Sets a field (switch_channel_set_profile_var). False when there is none of that name. */
export function setProfileField(profile: CallerProfile, name: string, value: string): boolean {
  switch (name) {
    case 'caller_id_name':
      profile.callerIdName = value;
      return true;
    case 'caller_id_number':
      profile.callerIdNumber = value;
      return true;
    case 'callee_id_name':
      profile.calleeIdName = value;
      return true;
    case 'callee_id_number':
      profile.calleeIdNumber = value;
      return true;
    case 'ani':
      profile.ani = value;
      return true;
    case 'rdnis':
      profile.rdnis = value;
      return true;
    case 'username':
      profile.username = value;
      return true;
    case 'destination_number':
      profile.destinationNumber = value;
      return true;
    default:
      return false;
  }
}
