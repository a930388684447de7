import type { Cause } from './causes.js';
import { causeFrom } from './causes.js';
import type { Channel } from './channel.js';
import type { Core } from './core.js';
import { DialStringSyntaxError, isFatalReject, parseDialString, type DialString } from './dial-string.js';
import { createOutbound } from './outbound-channel.js';
import { RingWait } from './ring-wait.js';
import { atoi, isTrue } from './text.js';
import { ChannelVariables } from './variables.js';

/** SWITCH_DEFAULT_TIMEOUT, seconds. */
const DEFAULT_TIMEOUT = 60;

/** Variables of A that count as if they stood in `{}` (switch_ivr_originate.c). */
const INHERITED = [
  'group_confirm_key',
  'group_confirm_file',
  'group_confirm_timeout',
  'group_confirm_cancel_timeout',
  'fail_on_single_reject',
  'ignore_early_media',
  'originate_continue_on_timeout',
  'ignore_ring_ready',
  'ring_ready',
  'progress_timeout',
];

export interface OriginateResult {
  /** The leg that answered, or null. */
  readonly peer: Channel | null;
  /** SUCCESS, or why not. */
  readonly cause: Cause;
}

/**
 * Dials a dial string, alternative after alternative (switch_ivr_originate).
 *
 * @param caller the A leg, or null for the `originate` command.
 * @param limitSeconds ring limit unless `originate_timeout` or A's `call_timeout` says otherwise.
 */
export async function originate(
  core: Core,
  caller: Channel | null,
  dialString: string,
  limitSeconds = 0,
): Promise<OriginateResult> {
  caller?.variables.set('originated_legs', undefined);
  caller?.variables.set('originate_causes', undefined);
  let dial: DialString;
  try {
    dial = parseDialString(dialString);
  } catch (error) {
    if (!(error instanceof DialStringSyntaxError)) throw error;
    caller?.variables.set('originate_disposition', 'failure');
    caller?.variables.set('DIALSTATUS', 'INVALIDARGS');
    return { peer: null, cause: 'DESTINATION_OUT_OF_ORDER' };
  }
  return new Originate(core, caller, dial, limitSeconds).run();
}

class Originate {
  readonly #core: Core;
  readonly #caller: Channel | null;
  readonly #dial: DialString;
  /** What stands in `{}`, what A exports, and what is inherited from A. */
  readonly #variables = new ChannelVariables();
  readonly #limit: number;
  #forced: Cause | null = null;

  constructor(core: Core, caller: Channel | null, dial: DialString, limitSeconds: number) {
    this.#core = core;
    this.#caller = caller;
    this.#dial = dial;
    if (caller !== null) this.#addExports(caller);
    for (const [name, value] of dial.variables) this.#variables.set(name, value);
    for (const name of INHERITED) {
      if (this.#variables.get(name) === undefined) this.#variables.set(name, caller?.variables.get(name));
    }
    const callTimeout = atoi(caller?.get('call_timeout'));
    const own = atoi(this.#variables.get('originate_timeout'));
    this.#limit = [own, callTimeout, limitSeconds].find((seconds) => seconds > 0) ?? DEFAULT_TIMEOUT;
  }

  async run(): Promise<OriginateResult> {
    const caller = this.#caller;
    await caller?.commandOn('api_on_pre_originate');
    caller?.variables.set('originate_disposition', 'failure');
    caller?.variables.set('DIALSTATUS', 'INVALIDARGS');
    const rejects = this.#variables.get('fail_on_single_reject') ?? '';
    let result: OriginateResult = { peer: null, cause: 'DESTINATION_OUT_OF_ORDER' };
    for (const leg of this.#dial.legs) {
      if (caller !== null && !caller.isReady()) {
        result = { peer: null, cause: 'ORIGINATOR_CANCEL' };
        this.#dispose(result.cause);
        break;
      }
      const created = createOutbound(this.#core, caller, leg, this.#variables);
      if (typeof created === 'string') {
        result = { peer: null, cause: created };
        this.#dispose(created);
        if (isFatalReject(rejects, created)) break;
        continue;
      }
      const wait = new RingWait(this.#core, caller, created, this.#variables, this.#limit);
      const end = await wait.done();
      if (end.forced !== null) this.#forced = end.forced;
      result = await this.#settle(created, end);
      if (result.peer !== null) break;
      if (isFatalReject(rejects, created.hangupCause ?? 'NONE')) break;
      if (end.timedOut && !isTrue(this.#variables.get('originate_continue_on_timeout'))) break;
    }
    for (const channel of [result.peer, caller]) {
      await channel?.executeOn('execute_on_post_originate');
      await channel?.commandOn('api_on_post_originate');
    }
    return this.#forced === null || result.peer !== null ? result : { peer: null, cause: this.#forced };
  }

  /** Ends one attempt: the leg has won, or is hung up and its cause becomes the attempt's. */
  async #settle(
    peer: Channel,
    end: { outcome: 'won' | 'lost' | 'cancelled'; timedOut: boolean },
  ): Promise<OriginateResult> {
    const caller = this.#caller;
    if (end.outcome === 'won') {
      if (caller !== null) {
        // B's identity never reaches A: the trunk profile sets pass-callee-id=false.
        if (peer.isAnswered) await caller.answer();
        else caller.preAnswer();
      }
      if (caller === null || caller.isReady()) {
        this.#dispose('SUCCESS');
        this.#noteCause(peer, 'NONE');
        peer.isOriginating = false;
        if (caller !== null) this.#bond(caller, peer);
        return { peer, cause: 'SUCCESS' };
      }
    }
    const timeout = end.timedOut ? 'NO_ANSWER' : null;
    const cancelled = caller !== null && !caller.isReady();
    if (!peer.isDown())
      peer.hangup(this.#forced ?? timeout ?? (cancelled ? 'ORIGINATOR_CANCEL' : 'NO_ANSWER'));
    const cause = cancelled ? 'ORIGINATOR_CANCEL' : (timeout ?? causeFrom(peer.hangupCause ?? 'NO_ANSWER'));
    this.#dispose(cause);
    this.#noteCause(peer, peer.hangupCause ?? cause);
    peer.isOriginating = false;
    return { peer: null, cause };
  }

  #bond(caller: Channel, peer: Channel): void {
    const snapshot = { ...peer.profile, times: { ...peer.times } };
    caller.otherLeg = { type: 'originatee', profile: snapshot };
    caller.originatees.push(snapshot);
    caller.profile.calleeIdName = peer.profile.calleeIdName;
    caller.profile.calleeIdNumber = peer.profile.calleeIdNumber;
    caller.variables.set('signal_bond', peer.uuid);
    caller.variables.set('originate_signal_bond', undefined);
  }

  #dispose(cause: Cause): void {
    const status: Partial<Record<Cause, string>> = {
      ORIGINATOR_CANCEL: 'CANCEL',
      USER_BUSY: 'BUSY',
      NO_ANSWER: 'NOANSWER',
      DESTINATION_OUT_OF_ORDER: 'INVALIDARGS',
      INVALID_PROFILE: 'INVALIDARGS',
      CALL_REJECTED: 'DONTCALL',
    };
    this.#caller?.variables.set('originate_disposition', cause);
    this.#caller?.variables.set('DIALSTATUS', status[cause] ?? cause);
  }

  #noteCause(peer: Channel, cause: Cause): void {
    this.#caller?.variables.push('originate_causes', `${peer.uuid};${cause}`);
  }

  /** A's `export_vars` (switch_channel_process_export). */
  #addExports(caller: Channel): void {
    for (const name of (caller.variables.get('export_vars') ?? '').split(',')) {
      const value = caller.variables.get(name);
      if (value !== undefined) this.#variables.set(name.replace(/^nolocal:/, ''), value);
    }
  }
}
