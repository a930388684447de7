import type { Channel } from './channel.js';
import { profileField, type CallerProfile } from './caller-profile.js';
import type { Core } from './core.js';
import type { Extension, Hunter } from './dialplan.js';
import { separate } from './text.js';

/** execute_extension may nest so deep (SWITCH_MAX_STACKS). */
const MAX_DEPTH = 16;
const depths = new WeakMap<Channel, number>();

/**
 * A channel's own thread: routes it, executes what the dialplan says, follows transfers, and ends it
 * (switch_core_state_machine.c, standard_on_routing and standard_on_execute).
 */
export async function runChannel(core: Core, channel: Channel): Promise<void> {
  try {
    while (!channel.isDown()) {
      channel.beginRouting();
      const extension = hunt(core, channel, channel.profile);
      if (extension === null) {
        channel.hangup('NO_ROUTE_DESTINATION');
        break;
      }
      channel.profile.extension = extension;
      channel.state = 'CS_EXECUTE';
      await executeAll(core, channel, extension, false);
      if (channel.isReady()) channel.hangup('NORMAL_CLEARING');
    }
  } catch (error) {
    core.report(error);
    channel.hangup('DESTINATION_OUT_OF_ORDER');
  }
  if (core.alive) await core.finish(channel);
}

/** execute_extension: runs another extension's actions and comes back. */
export async function executeExtension(core: Core, channel: Channel, data: string): Promise<void> {
  const [destination = '', dialplan = '', context = ''] = separate(data, ' ', 4);
  if (destination === '') return;
  const depth = depths.get(channel) ?? 0;
  if (depth > MAX_DEPTH) return;
  const profile: CallerProfile = {
    ...channel.profile,
    destinationNumber: destination,
    ...(dialplan === '' ? {} : { dialplan }),
    ...(context === '' ? {} : { context }),
    times: { ...channel.times },
  };
  depths.set(channel, depth + 1);
  try {
    await channel.withProfile(profile, async () => {
      const extension = hunt(core, channel, profile);
      if (extension !== null) await executeAll(core, channel, extension, true);
    });
  } finally {
    depths.set(channel, depth);
  }
}

/**
 * Once hung up only a channel with set_zombie_exec goes on, only in the extension that it was routed
 * to, and only with what needs no call (switch_core_session_execute_exten has no such rule).
 */
async function executeAll(
  core: Core,
  channel: Channel,
  extension: Extension,
  isNested: boolean,
): Promise<void> {
  for (const action of extension.actions) {
    if (!channel.isReady() && !(channel.isDown() && channel.isZombieExec && !isNested)) return;
    await core.execute(channel, action.application, action.data);
  }
}

function hunt(core: Core, channel: Channel, profile: CallerProfile): Extension | null {
  const hunter: Hunter = {
    field: (name) => profileField(profile, name),
    variable: (name) => channel.variables.get(name) ?? profileField(profile, name) ?? core.global(name),
    setVariable: (name, value) => channel.variables.set(name, value),
    inline: (action) => core.track(core.execute(channel, action.application, action.data)),
  };
  return core.dialplan.hunt(profile.context, hunter);
}
