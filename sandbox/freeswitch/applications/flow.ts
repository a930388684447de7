import { causeFrom, type Cause } from '../causes.js';
import type { Channel } from '../channel.js';
import type { Core } from '../core.js';
import { SandboxUnsupportedError } from '../errors.js';
import { executeExtension as runExtension } from '../run-loop.js';
import { whenOf } from '../scheduler.js';
import { atoi, separate } from '../text.js';

/** `extension [dialplan [context]]`. */
export function transfer(_: Core, channel: Channel, data: string): void {
  const [destination = '', dialplan, context] = separate(data, ' ', 4);
  if (destination.startsWith('-b'))
    throw new SandboxUnsupportedError('transfer of the B leg is not simulated');
  if (destination !== '') channel.transfer(destination, dialplan, context);
}

export async function executeExtension(core: Core, channel: Channel, data: string): Promise<void> {
  await runExtension(core, channel, data);
}

/** `[+]seconds [cause]`; at once for 0 (mod_dptools.c, sched_hangup_function). */
export function schedHangup(core: Core, channel: Channel, data: string): void {
  const [time = '', causeText] = separate(data, ' ', 5);
  if (time === '') return;
  const cause: Cause = causeText === undefined ? 'ALLOTTED_TIMEOUT' : causeFrom(causeText);
  if (atoi(time.slice(1)) === 0) channel.hangup(cause);
  else scheduleHangup(core, channel, whenOf(time, core.clock.epochSecond()), cause);
}

/** Hangs a channel up at an epoch second. */
export function scheduleHangup(core: Core, channel: Channel, second: number, cause: Cause): number {
  return core.scheduler.at(second, channel.uuid, () => core.channel(channel.uuid)?.hangup(cause));
}

/** Deletes the channel's scheduled tasks, or those of the group that is named. */
export function schedCancel(core: Core, channel: Channel, data: string): void {
  if (/^\d+$/.test(data)) throw new SandboxUnsupportedError('sched_cancel of one task is not simulated');
  core.scheduler.delete(data === '' ? channel.uuid : data);
}

export function setZombieExec(_: Core, channel: Channel): void {
  if (!channel.isDown()) channel.isZombieExec = true;
}

/** `[+]seconds extension [dialplan [context]]`. */
export function schedTransfer(core: Core, channel: Channel, data: string): void {
  const [time = '', destination = '', dialplan, context] = separate(data, ' ', 4);
  if (time === '' || destination === '') return;
  core.scheduler.at(whenOf(time, core.clock.epochSecond()), channel.uuid, () =>
    core.channel(channel.uuid)?.transfer(destination, dialplan, context),
  );
}

/** Waits for ever: until a hangup or a transfer. */
export async function park(core: Core, channel: Channel): Promise<void> {
  channel.state = 'CS_PARK';
  core.emit('CHANNEL_PARK', channel);
  while (channel.isReady()) await channel.changed();
}
