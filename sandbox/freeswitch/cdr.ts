import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallerProfile } from './caller-profile.js';
import { causeNumber } from './causes.js';
import type { Channel } from './channel.js';
import { stampOf, type NodeIdentity } from './event.js';

/** Why a channel ended: set before the commands of its end (switch_core_state_machine.c, switch_core_session_hangup_state). */
export function setCause({ variables, hangupCause }: Channel): void {
  const cause = hangupCause ?? 'NONE';
  variables.set('hangup_cause', cause);
  variables.set('hangup_cause_q850', String(causeNumber(cause) < 128 ? causeNumber(cause) : 0));
}

/**
 * Sets the variables that a channel gets when it has ended, after its cause: stamps, epochs and durations
 * (switch_channel.c, switch_channel_set_timestamps), in FreeSWITCH's order.
 */
export function setEndVariables(channel: Channel): void {
  const { variables, times, profile } = channel;
  const set = (name: string, value: string | number): void => variables.set(name, String(value));
  set('digits_dialed', 'none');
  const stamps: [name: string, at: number][] = [
    ['start', times.created],
    ['profile_start', times.profileCreated],
    ['answer', times.answered],
    ['bridge', times.bridged],
    ['progress', times.progress],
    ['progress_media', times.progressMedia],
    ['end', times.hungup],
  ];
  for (const [name, at] of stamps) if (at > 0) set(`${name}_stamp`, stampOf(at));
  const epochs: [name: string, at: number][] = [
    ['start', times.created],
    ['profile_start', times.profileCreated],
    ['answer', times.answered],
    ['bridge', times.bridged],
    ['last_hold', 0],
    ['resurrect', 0],
    ['progress', times.progress],
    ['progress_media', times.progressMedia],
    ['end', times.hungup],
  ];
  for (const [name, at] of epochs) {
    set(`${name}_epoch`, Math.floor(at / 1e6));
    set(`${name}_uepoch`, at);
    if (name === 'last_hold') for (const unit of ['seconds', 'usec', 'ms']) set(`hold_accum_${unit}`, 0);
  }
  const lastApplication = variables.get('current_application');
  if (lastApplication !== undefined) {
    set('last_app', lastApplication);
    set('last_arg', variables.get('current_application_data') ?? '');
  }
  set('caller_id', callerId(profile));
  const since = (at: number): number => (at > 0 ? times.hungup - at : 0);
  const until = (at: number): number => (at > 0 ? at - times.created : 0);
  const durations: [name: string, micros: number][] = [
    ['duration', since(times.created)],
    ['bill', since(times.answered)],
    ['progress', until(times.progress)],
    ['answer', until(times.answered)],
    ['wait', until(times.bridged)],
    ['progress_media', until(times.progressMedia)],
    ['flow_bill', since(times.created)],
  ];
  for (const [name, micros] of durations) {
    const [second, milli, micro] = name === 'duration' ? ['', 'm', 'u'] : ['sec', 'msec', 'usec'];
    if (name === 'duration') {
      // Seconds are the difference of whole seconds, not a rounded difference.
      set('duration', seconds(times.created, times.hungup));
      set(`${milli}duration`, Math.floor(micros / 1000));
      set(`${micro}duration`, micros);
      continue;
    }
    set(`${name}${second}`, Math.floor(micros / 1e6));
    set(`${name}${milli}`, Math.floor(micros / 1000));
    set(`${name}${micro}`, micros);
  }
  if (times.answered > 0) set('billsec', seconds(times.answered, times.hungup));
}

function seconds(from: number, to: number): number {
  return Math.floor(to / 1e6) - Math.floor(from / 1e6);
}

function callerId(profile: CallerProfile): string {
  return profile.callerIdName === ''
    ? profile.callerIdNumber
    : `"${profile.callerIdName}" <${profile.callerIdNumber}>`;
}

/** The CDR of a channel that has ended, as mod_json_cdr writes it. */
export function cdrOf(channel: Channel, node: NodeIdentity): object {
  const variables = Object.fromEntries(
    channel.variables
      .entries()
      .map(([name, value]) => [name, typeof value === 'string' ? value : `ARRAY::${value.join('|:')}`]),
  );
  const applications = channel.appLog.map((entry) => ({
    app_name: entry.application,
    app_data: entry.data,
    app_stamp: String(entry.stamp),
  }));
  return {
    'core-uuid': node.coreUuid,
    switchname: node.switchname,
    channel_data: { state: 'CS_REPORTING', direction: channel.direction, state_number: '11' },
    callStats: {},
    variables,
    ...(applications.length === 0 ? {} : { app_log: { applications } }),
    callflow: [...channel.profiles].reverse().map((profile) => flowOf(channel, profile)),
  };
}

function flowOf(channel: Channel, profile: CallerProfile): object {
  const { times } = profile;
  const latest = profile === channel.profiles.at(-1);
  const others = (profiles: readonly CallerProfile[], name: string): object =>
    !latest || profiles.length === 0
      ? {}
      : { [name]: { [`${name}_caller_profiles`]: profiles.map(profileJson) } };
  return {
    dialplan: profile.dialplan,
    profile_index: String(profile.index),
    ...(profile.extension === null
      ? {}
      : {
          extension: {
            name: profile.extension.name,
            number: profile.destinationNumber,
            applications: profile.extension.actions.map((action) => ({
              app_name: action.application,
              app_data: action.data,
            })),
          },
        }),
    caller_profile: {
      ...profileJson(profile),
      ...others(channel.originators, 'originator'),
      ...others(channel.originatees, 'originatee'),
    },
    times: {
      created_time: String(times.created),
      profile_created_time: String(times.profileCreated),
      progress_time: String(times.progress),
      progress_media_time: String(times.progressMedia),
      answered_time: String(times.answered),
      bridged_time: String(times.bridged),
      last_hold_time: '0',
      hold_accum_time: '0',
      hangup_time: String(times.hungup),
      resurrect_time: '0',
      transfer_time: String(times.transferred),
    },
  };
}

function profileJson(profile: CallerProfile): object {
  return {
    username: profile.username,
    dialplan: profile.dialplan,
    caller_id_name: profile.callerIdName,
    ani: profile.ani,
    aniii: '',
    caller_id_number: profile.callerIdNumber,
    network_addr: profile.networkAddr,
    rdnis: profile.rdnis,
    destination_number: profile.destinationNumber,
    uuid: profile.uuid,
    source: profile.source,
    context: profile.context,
    chan_name: profile.chanName,
  };
}

/** Writes `<uuid>.cdr.json` into a folder, which is made when it is missing. */
export async function writeCdr(folder: string, uuid: string, document: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${uuid}.cdr.json`), `${document}\n`);
}
