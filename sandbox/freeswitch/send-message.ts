import type { Channel } from './channel.js';
import { hangupNamed } from './channel.js';
import type { Command } from './command-reader.js';
import type { Core } from './core.js';
import { SandboxUnsupportedError } from './errors.js';
import { atoi } from './text.js';

/**
 * Carries out a `sendmsg` on a channel (switch_ivr.c, switch_ivr_parse_event): execute, with the
 * argument in a header or in the body, and hangup.
 * @throws SandboxUnsupportedError for another call-command.
 */
export async function sendMessage(core: Core, channel: Channel, command: Command): Promise<void> {
  const { headers, body } = command;
  const what = headers.get('call-command')?.toLowerCase() ?? '';
  switch (what) {
    case 'execute': {
      const application = headers.get('execute-app-name') ?? '';
      // switch_ivr.c, switch_ivr_parse_event: a body of another type is not heard of.
      const isText = headers.get('content-type')?.toLowerCase() === 'text/plain';
      const argument = headers.get('execute-app-arg') ?? (isText ? body : '');
      const loops = Math.max(1, atoi(headers.get('loops')));
      for (let loop = 0; loop < loops && channel.isReady(); loop += 1) {
        await core.execute(channel, application, argument);
      }
      break;
    }
    case 'hangup':
      hangupNamed(channel, headers.get('hangup-cause') ?? '');
      break;
    default:
      throw new SandboxUnsupportedError(`sendmsg ${what} is not simulated`);
  }
}
