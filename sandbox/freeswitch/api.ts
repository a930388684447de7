import { randomUUID } from 'node:crypto';
import { separate, atoi } from './text.js';
import { addChannelData } from './channel-data.js';
import { causeFrom } from './causes.js';
import type { Channel } from './channel.js';
import type { Core } from './core.js';
import { eventAsJson, eventAsText, stampOf } from './event.js';
import { installationCommands } from './installation-api.js';
import { originate } from './originate.js';
import { scheduleHangup } from './applications/flow.js';
import { whenOf } from './scheduler.js';

const NO_CHANNEL = '-ERR No such channel!\n';
const ORIGINATE_USAGE =
  '-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]\n';

type Api = (core: Core, argument: string) => string | Promise<string>;

/** The API commands of mod_commands that a controller needs, with their exact answers. */
const commands: ReadonlyMap<string, Api> = new Map<string, Api>([
  ['status', (core) => status(core)],
  ['switchname', (core) => core.node.switchname],
  ['hostname', (core) => core.node.hostname],
  ['version', (_, argument) => (argument === 'short' ? '1.10.12-release\n' : versionLine())],
  ['uptime', (core, argument) => `${uptime(core, argument)}\n`],
  ['global_getvar', (core, name) => core.global(name) ?? '-ERR no reply\n'],
  ['show', show],
  ['fsctl', control],
  ['global_setvar', setGlobal],
  ['uuid_exists', (core, uuid) => String(core.channels.has(uuid))],
  ['uuid_kill', kill],
  ['uuid_dump', dump],
  ['uuid_getvar', getVariable],
  ['uuid_setvar', setVariable],
  ['uuid_transfer', transfer],
  ['sched_hangup', schedHangup],
  ['sched_del', (core, group) => `+OK Deleted: ${core.scheduler.delete(group)}\n`],
  ['create_uuid', () => randomUUID()],
  ['originate', runOriginate],
  ...installationCommands,
]);

/** Runs an API command; what is not known gets FreeSWITCH's own answer. */
export async function runApi(core: Core, line: string): Promise<string> {
  const blank = line.indexOf(' ');
  const name = blank < 0 ? line : line.slice(0, blank);
  const api = commands.get(name.toLowerCase());
  if (api === undefined) return `-ERR ${name} Command not found!\n`;
  return api(core, blank < 0 ? '' : line.slice(blank + 1).trim());
}

function withChannel(core: Core, uuid: string, then: (channel: Channel) => string): string {
  const channel = core.channels.get(uuid);
  return channel === undefined ? NO_CHANNEL : then(channel);
}

/** A drain only marks and tells: whoever runs the simulation ends it. */
function control(core: Core, argument: string): string {
  if (argument === 'ready_check') return 'true';
  if (argument === 'shutdown_check') return String(core.shutdownRequested);
  if (argument !== 'shutdown elegant') return '-ERR not simulated\n';
  core.shutdownRequested = true;
  const event = core.newEvent('SHUTDOWN_REQUESTED');
  event.set('Event-Info', 'elegant');
  core.fire('SHUTDOWN_REQUESTED', event);
  return '+OK\n';
}

function setGlobal(core: Core, argument: string): string {
  const [name = '', value = ''] = separate(argument, '=', 3);
  if (name === '') return '-USAGE: <var>=<value> [=<value2>]\n';
  core.setGlobal(name, value === '' ? undefined : value);
  return '+OK';
}

function kill(core: Core, argument: string): string {
  const [uuid = '', cause] = separate(argument, ' ', 2);
  return withChannel(core, uuid, (channel) => {
    channel.hangup(cause === undefined ? 'NORMAL_CLEARING' : causeFrom(cause));
    return '+OK\n';
  });
}

function dump(core: Core, argument: string): string {
  const [uuid = '', format = 'txt'] = separate(argument, ' ', 2);
  return withChannel(core, uuid, (channel) => {
    const event = core.newEvent('CHANNEL_DATA');
    addChannelData(event, channel);
    return format === 'json' ? eventAsJson(event) : `${eventAsText(event)}\n`;
  });
}

function getVariable(core: Core, argument: string): string {
  const [uuid = '', name = ''] = separate(argument, ' ', 2);
  return withChannel(core, uuid, (channel) => channel.get(name) ?? '_undef_');
}

function setVariable(core: Core, argument: string): string {
  const [uuid = '', name = '', value = ''] = separate(argument, ' ', 3);
  return withChannel(core, uuid, (channel) => {
    channel.variables.setChecked(name, value === '' ? undefined : value);
    return '+OK\n';
  });
}

function transfer(core: Core, argument: string): string {
  const [uuid = '', destination = '', dialplan, context] = separate(argument, ' ', 4);
  if (destination === '') return '-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n';
  return withChannel(core, uuid, (channel) => {
    channel.transfer(destination, dialplan, context);
    return '+OK\n';
  });
}

function schedHangup(core: Core, argument: string): string {
  const [time = '', uuid = '', cause] = separate(argument, ' ', 3);
  return withChannel(core, uuid, (channel) => {
    const hangupCause = cause === undefined ? 'ALLOTTED_TIMEOUT' : causeFrom(cause);
    const second = whenOf(time, core.clock.epochSecond());
    if (atoi(time.slice(1)) === 0) channel.hangup(hangupCause);
    else scheduleHangup(core, channel, second, hangupCause);
    return '+OK\n';
  });
}

/** `<dial string> <extension> [dialplan] [context] [name] [number] [timeout]`, or `&park()`. */
async function runOriginate(core: Core, argument: string): Promise<string> {
  const [dial = '', destination = '', dialplan = 'XML', context = 'default', , , timeout] = separate(
    argument,
    ' ',
    10,
  );
  if (dial === '' || destination === '') return ORIGINATE_USAGE;
  const { peer, cause } = await originate(core, null, dial, atoi(timeout) || 60);
  if (peer === null) return `-ERR ${cause}\n`;
  const application = /^&([a-z_]+)(?:\((.*)\))?$/.exec(destination);
  if (application === null) peer.transfer(destination, dialplan, context);
  core.track(continueOriginated(core, peer, application));
  return `+OK ${peer.uuid}\n`;
}

async function continueOriginated(
  core: Core,
  peer: Channel,
  application: RegExpExecArray | null,
): Promise<void> {
  if (application === null) {
    core.enterDialplan(peer);
    return;
  }
  peer.hitDialplan = true;
  try {
    await core.execute(peer, application[1] ?? '', application[2] ?? '');
  } finally {
    peer.hangup('NORMAL_CLEARING');
    await core.finish(peer);
  }
}

function show(core: Core, argument: string): string {
  const [what, format] = argument.split(/\s+as\s+/);
  if (what === 'channels count') {
    return format === 'json'
      ? JSON.stringify({ row_count: core.channels.size, rows: [] })
      : `\n${core.channels.size} total.\n`;
  }
  if (what !== 'channels' || format !== 'json') return '-ERR only channels as json are simulated\n';
  if (core.channels.size === 0) return JSON.stringify({ row_count: 0 });
  return JSON.stringify({
    row_count: core.channels.size,
    rows: [...core.channels.values()].map((one) => row(core, one)),
  });
}

function row(core: Core, channel: Channel): Record<string, string> {
  const { profile, variables } = channel;
  const first = channel.profiles[0] ?? profile;
  const codec = channel.isAnswered || channel.isEarlyMedia ? ['PCMU', '8000', '64000'] : ['', '', ''];
  const [codecName = '', rate = '', bits = ''] = codec;
  return {
    uuid: channel.uuid,
    direction: channel.direction,
    created: stampOf(channel.times.created),
    created_epoch: String(Math.floor(channel.times.created / 1e6)),
    name: channel.name,
    state: channel.state,
    cid_name: profile.callerIdName,
    cid_num: profile.callerIdNumber,
    ip_addr: profile.networkAddr,
    dest: profile.destinationNumber,
    application: variables.get('current_application') ?? '',
    application_data: variables.get('current_application_data') ?? '',
    dialplan: profile.dialplan,
    context: profile.context,
    read_codec: codecName,
    read_rate: rate,
    read_bit_rate: bits,
    write_codec: codecName,
    write_rate: rate,
    write_bit_rate: bits,
    secure: '',
    hostname: core.node.switchname,
    presence_id: '',
    presence_data: '',
    accountcode: '',
    callstate: channel.callState,
    callee_name: profile.calleeIdName,
    callee_num: profile.calleeIdNumber,
    callee_direction: '',
    call_uuid: variables.get('call_uuid') ?? channel.uuid,
    sent_callee_name: '',
    sent_callee_num: '',
    initial_cid_name: first.callerIdName,
    initial_cid_num: first.callerIdNumber,
    initial_ip_addr: first.networkAddr,
    initial_dest: first.destinationNumber,
    initial_dialplan: first.dialplan,
    initial_context: first.context,
  };
}

function uptime(core: Core, unit: string): number {
  const ms = Math.floor(core.clock.now() - core.startedAt);
  return unit === 'ms' ? ms : unit === 'us' ? ms * 1000 : Math.floor(ms / 1000);
}

function versionLine(): string {
  return 'FreeSWITCH Version 1.10.12-release~64bit (sandbox)\n';
}

function status(core: Core): string {
  return [
    `UP ${upText(core)}`,
    'FreeSWITCH (Version 1.10.12-release  64bit) is ready',
    `${core.sessions} session(s) since startup`,
    `${core.channels.size} session(s) - peak ${core.channels.size}, last 5min ${core.channels.size} `,
    '0 session(s) per Sec out of max 1000, peak 0, last 5min 0 ',
    '1000 session(s) max',
    'min idle cpu 0.00/100.00',
    'Current Stack Size/Max 240K/8192K\n',
  ].join('\n');
}

/** `0 years, 0 days, 0 hours, 1 minute, 5 seconds, 23 milliseconds, 0 microseconds`. */
export function upText(core: Core): string {
  const total = Math.floor(core.clock.now() - core.startedAt);
  const parts: [number, string][] = [
    [0, 'year'],
    [Math.floor(total / 86_400_000), 'day'],
    [Math.floor(total / 3_600_000) % 24, 'hour'],
    [Math.floor(total / 60_000) % 60, 'minute'],
    [Math.floor(total / 1000) % 60, 'second'],
    [total % 1000, 'millisecond'],
    [0, 'microsecond'],
  ];
  return parts.map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`).join(', ');
}
