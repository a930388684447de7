import type { Cause } from '../causes.js';
import { causeNumber } from '../causes.js';
import type { Channel } from '../channel.js';
import type { Core } from '../core.js';
import { SandboxUnsupportedError } from '../errors.js';
import { originate } from '../originate.js';
import { isTrue } from '../text.js';

/** Dials, and joins the two legs until one of them ends (mod_dptools.c, audio_bridge_function). */
export async function bridge(core: Core, channel: Channel, data: string): Promise<void> {
  if (data === '') return;
  for (const name of ['campon', 'transfer_on_fail', 'bridge_terminate_key']) {
    if (channel.get(name) !== undefined) throw new SandboxUnsupportedError(`${name} is not simulated`);
  }
  const { peer, cause } = await originate(core, channel, data);
  if (peer === null) {
    channel.variables.set('originate_failed_cause', cause);
    handleCause(channel, cause);
    return;
  }
  await join(core, channel, peer);
}

/** Goes on or hangs up after a failure, as continue_on_fail and failure_causes say (switch_channel_handle_cause). */
export function handleCause(channel: Channel, cause: Cause): void {
  if (channel.isDown()) return;
  const goOn = channel.get('continue_on_fail');
  const failures = channel.get('failure_causes');
  const lists = (list: string): boolean =>
    list.split(',').some((item) => {
      const name = item.trim().toUpperCase();
      return name === cause || name === String(causeNumber(cause));
    });
  if (goOn === undefined && failures === undefined) {
    // No answer is always a reason to continue.
    if (cause === 'NO_ANSWER' || cause === 'NO_USER_RESPONSE' || cause === 'ORIGINATOR_CANCEL') return;
  }
  if (failures !== undefined && !lists(failures)) return;
  if (goOn !== undefined && (isTrue(goOn) || lists(goOn))) return;
  if (!channel.isTransferring) channel.hangup(cause);
}

/** switch_ivr_multi_threaded_bridge. */
async function join(core: Core, caller: Channel, peer: Channel): Promise<void> {
  if (!caller.isReady()) {
    peer.hangup(caller.hangupCause ?? 'ORIGINATOR_CANCEL');
    return;
  }
  if (peer.isAnswered && !caller.isAnswered) await caller.answer();
  if (peer.isDown()) {
    // B hung up in the instant between its answer and the joining.
    endOfBridge(caller, peer);
    return;
  }
  const now = core.micros();
  caller.times.bridged = now;
  peer.times.bridged = now;
  peer.variables.set('call_uuid', caller.uuid);
  const ends = { 'Bridge-A-Unique-ID': caller.uuid, 'Bridge-B-Unique-ID': peer.uuid };
  caller.isBridgeOriginator = true;
  core.emit('CHANNEL_BRIDGE', caller, ends);
  setBridgeVariables(caller, peer);
  setBridgeVariables(peer, caller);
  caller.bridgedTo = peer;
  peer.bridgedTo = caller;
  peer.state = 'CS_EXCHANGE_MEDIA';
  passDigits(caller, peer);
  passDigits(peer, caller);
  caller.joined();
  peer.joined();
  await preExecute(core, caller, peer);
  await untilOver(caller, peer);
  caller.bridgedTo = null;
  peer.bridgedTo = null;
  caller.isBridgeOriginator = false;
  if (caller.hangupCause !== null) peer.variables.set('bridge_hangup_cause', caller.hangupCause);
  if (peer.hangupCause !== null) caller.variables.set('bridge_hangup_cause', peer.hangupCause);
  for (const channel of [caller, peer]) channel.variables.set('bridge_to', undefined);
  peer.variables.set('call_uuid', peer.uuid);
  core.emit('CHANNEL_UNBRIDGE', caller, ends);
  if (!peer.isDown()) peer.hangup(caller.hangupCause ?? 'NORMAL_CLEARING');
  endOfBridge(caller, peer);
}

/** Until one is gone, or A is transferred away. Early media of B becomes A's answer when B answers. */
async function untilOver(caller: Channel, peer: Channel): Promise<void> {
  while (caller.isReady() && !peer.isDown()) {
    if (peer.isAnswered && !caller.isAnswered) await caller.answer();
    await Promise.race([caller.changed(), peer.changed()]);
  }
}

function endOfBridge(caller: Channel, peer: Channel): void {
  if (!caller.isReady()) return;
  const cause = peer.hangupCause ?? 'NORMAL_CLEARING';
  if (!peer.isAnswered) handleCause(caller, cause);
  const after = caller.get('hangup_after_bridge') ?? '';
  if (after.toLowerCase() === 'explicit' || (peer.isAnswered && isTrue(after))) caller.hangup(cause);
}

function setBridgeVariables(channel: Channel, partner: Channel): void {
  channel.variables.set('bridge_to', partner.uuid);
  channel.variables.set('last_bridge_to', partner.uuid);
  channel.variables.set('bridge_channel', partner.name);
  channel.variables.set('bridge_uuid', partner.uuid);
  channel.variables.set('signal_bond', partner.uuid);
}

/** Keys that nobody read before the bridge go to the partner. */
function passDigits(channel: Channel, partner: Channel): void {
  for (let digit = channel.digits.shift(); digit !== undefined; digit = channel.digits.shift()) {
    partner.sendDigit(digit);
  }
}

/** bridge_pre_execute_aleg_app and _bleg_app, with their data (switch_ivr_bridge.c). */
async function preExecute(core: Core, caller: Channel, peer: Channel): Promise<void> {
  for (const [channel, leg] of [
    [caller, 'aleg'],
    [peer, 'bleg'],
  ] as const) {
    const application = caller.get(`bridge_pre_execute_${leg}_app`);
    if (application !== undefined && channel.isReady()) {
      await core.execute(channel, application, caller.get(`bridge_pre_execute_${leg}_data`) ?? '');
    }
  }
}
