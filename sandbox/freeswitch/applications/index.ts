import type { Channel } from '../channel.js';
import type { Core } from '../core.js';
import type { Action } from '../dialplan.js';
import { parseDialString } from '../dial-string.js';
import * as answering from './answering.js';
import { bridge } from './bridge.js';
import * as flow from './flow.js';
import { playAndGetDigits, playback, sleep } from './media.js';
import { recordSession, stopRecordSession } from './record.js';
import { socket } from './socket.js';
import * as variables from './variables.js';

/** Runs on a channel with its data already expanded. */
export type Application = (core: Core, channel: Channel, data: string) => Promise<void> | void;

/** Every application that is simulated; the dialplan may use no other. */
export const applications: ReadonlyMap<string, Application> = new Map<string, Application>([
  ['set', variables.set],
  ['multiset', variables.multiset],
  ['unset', variables.unset],
  ['multiunset', variables.multiunset],
  ['export', variables.exportVariable],
  ['set_name', variables.setName],
  ['set_profile_var', variables.setProfileVar],
  ['set_global', variables.setGlobal],
  ['log', variables.log],
  ['answer', answering.answer],
  ['pre_answer', answering.preAnswer],
  ['ring_ready', answering.ringReady],
  ['hangup', answering.hangup],
  ['playback', playback],
  ['sleep', sleep],
  ['play_and_get_digits', playAndGetDigits],
  ['transfer', flow.transfer],
  ['execute_extension', flow.executeExtension],
  ['sched_hangup', flow.schedHangup],
  ['sched_transfer', flow.schedTransfer],
  ['sched_cancel', flow.schedCancel],
  ['set_zombie_exec', flow.setZombieExec],
  ['park', flow.park],
  ['socket', socket],
  ['bridge', bridge],
  ['record_session', recordSession],
  ['stop_record_session', stopRecordSession],
]);

/** Those with SAF_ZOMBIE_EXEC in mod_dptools.c: they run on a channel that has been hung up, too. */
export const zombieApplications: ReadonlySet<string> = new Set([
  'set',
  'multiset',
  'unset',
  'multiunset',
  'export',
  'set_profile_var',
  'set_global',
  'log',
]);

/** Those with SAF_ROUTING_EXEC. */
export const inlineApplications: ReadonlySet<string> = new Set([...zombieApplications, 'set_zombie_exec']);

/** Refuses data that could never work in the simulation, when the dialplan is loaded. */
export function checkAction(action: Action): void {
  switch (action.application) {
    case 'socket':
      if (/\s(async|full)\b/.test(action.data)) throw new Error('only the synchronous socket is simulated');
      break;
    case 'bridge':
      if (!action.data.includes('${')) parseDialString(action.data);
      break;
    case 'playback':
      if (/^[a-z_]+:\/\//.test(action.data) && !action.data.startsWith('silence_stream://')) {
        throw new Error('of the streams only silence_stream is simulated');
      }
      break;
    default:
      break;
  }
}
