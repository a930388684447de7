import type { Cause } from './causes.js';
import type { Channel } from './channel.js';
import type { Core } from './core.js';
import { SandboxUnsupportedError } from './errors.js';
import { atoi, isTrue } from './text.js';
import type { ChannelVariables } from './variables.js';

export interface RingEnd {
  readonly outcome: 'won' | 'lost' | 'cancelled';
  /** The limit of the whole attempt passed. */
  readonly timedOut: boolean;
  readonly forced: Cause | null;
}

type EarlyMedia = 'ignore' | 'ring-ready' | 'take';

/**
 * Waits for one leg that has been dialled, as the loop of switch_ivr_originate does: ring limits in
 * whole epoch seconds, ringing passed on to A, a prompt to B before it is joined (group_confirm).
 */
export class RingWait {
  readonly #core: Core;
  readonly #caller: Channel | null;
  readonly #peer: Channel;
  readonly #limit: number;
  readonly #start: number;
  readonly #rejects: string;
  readonly #earlyMedia: EarlyMedia;
  readonly #progressLimit: number;
  readonly #ringback: boolean;
  readonly #ignoreRingReady: boolean;
  readonly #confirm: { key: string; file: string; timeout: string };
  #legLimit: number;
  #legProgressLimit: number;
  #confirming = false;
  #winner = false;

  constructor(
    core: Core,
    caller: Channel | null,
    peer: Channel,
    variables: ChannelVariables,
    limitSeconds: number,
  ) {
    this.#core = core;
    this.#caller = caller;
    this.#peer = peer;
    this.#limit = limitSeconds;
    this.#start = core.clock.epochSecond();
    this.#rejects = variables.get('fail_on_single_reject') ?? '';
    this.#earlyMedia = earlyMediaOf(variables.get('ignore_early_media'));
    this.#progressLimit = atoi(variables.get('progress_timeout')) || limitSeconds;
    const transferRingback = caller?.isAnswered === true ? caller.get('transfer_ringback') : undefined;
    this.#ringback = (transferRingback ?? caller?.get('ringback')) !== undefined;
    this.#ignoreRingReady = isTrue(variables.get('ignore_ring_ready'));
    const own = (name: string): string => peer.variables.get(name) ?? variables.get(name) ?? '';
    this.#confirm = {
      key: own('group_confirm_key'),
      file: own('group_confirm_file'),
      timeout: own('group_confirm_timeout'),
    };
    this.#legLimit = atoi(peer.variables.get('leg_timeout'));
    this.#legProgressLimit = atoi(peer.variables.get('leg_progress_timeout'));
  }

  async done(): Promise<RingEnd> {
    for (;;) {
      const end = this.#check();
      if (end !== null) return end;
      await this.#nextChange();
    }
  }

  /** One turn of the loop; null while there is nothing to say. */
  #check(): RingEnd | null {
    const peer = this.#peer;
    const caller = this.#caller;
    if (caller !== null && !caller.isReady()) return { outcome: 'cancelled', timedOut: false, forced: null };
    if (peer.isDown()) return { outcome: 'lost', timedOut: false, forced: null };
    this.#passProgressOn();
    if (peer.isAnswered || (this.#earlyMedia === 'take' && peer.isEarlyMedia)) {
      if (this.#confirm.key === '' || this.#winner) return { outcome: 'won', timedOut: false, forced: null };
      this.#beginConfirm();
    }
    const elapsed = this.#core.clock.epochSecond() - this.#start;
    const progressed = peer.isRingReady || peer.isAnswered || peer.isEarlyMedia;
    if (this.#legProgressLimit > 0 && elapsed > this.#legProgressLimit && !progressed) {
      peer.hangup('PROGRESS_TIMEOUT');
      return { outcome: 'lost', timedOut: false, forced: 'PROGRESS_TIMEOUT' };
    }
    if (this.#legLimit > 0 && elapsed > this.#legLimit) {
      peer.hangup('ALLOTTED_TIMEOUT');
      return { outcome: 'lost', timedOut: false, forced: null };
    }
    if (this.#progressLimit > 0 && elapsed > this.#progressLimit && !progressed) {
      return { outcome: 'lost', timedOut: true, forced: 'PROGRESS_TIMEOUT' };
    }
    // A list in fail_on_single_reject switches this limit off while the leg is up (switch_ivr_originate.c:3371).
    const listed = this.#rejects !== '' && !isTrue(this.#rejects);
    const timedOut = elapsed >= this.#limit;
    if (timedOut && !listed) return { outcome: 'lost', timedOut: true, forced: null };
    return null;
  }

  /** B rings, or sends media: A hears ringing (check_channel_status). */
  #passProgressOn(): void {
    const caller = this.#caller;
    if (caller === null) return;
    const rings = this.#peer.isRingReady && !this.#ignoreRingReady;
    const early = this.#peer.isEarlyMedia && this.#earlyMedia === 'ring-ready';
    if (this.#ringback) {
      // Our own ringing tone needs early media when A has not been answered.
      if (rings || this.#peer.isEarlyMedia) caller.preAnswer();
    } else if (rings || early) {
      caller.ring();
    }
  }

  #beginConfirm(): void {
    if (this.#confirming) return;
    this.#confirming = true;
    if (this.#confirm.key.toLowerCase() !== 'exec') {
      throw new SandboxUnsupportedError('group_confirm with a key is not simulated');
    }
    const timeout = atoi(this.#confirm.timeout);
    if (timeout > 0) {
      const elapsed = this.#core.clock.epochSecond() - this.#start;
      this.#legLimit = elapsed + timeout;
      this.#legProgressLimit = elapsed + timeout;
    } else if (this.#confirm.timeout !== '') {
      this.#legLimit = 0;
      this.#legProgressLimit = 0;
    }
    this.#core.track(this.#runConfirm());
  }

  async #runConfirm(): Promise<void> {
    const { file } = this.#confirm;
    const blank = file.indexOf(' ');
    const application = blank < 0 ? file : file.slice(0, blank);
    try {
      await this.#core.execute(this.#peer, application, blank < 0 ? '' : file.slice(blank + 1));
    } finally {
      if (!this.#peer.isDown()) {
        this.#winner = true;
        this.#peer.variables.set('group_dial_status', 'winner');
        for (const name of ['key', 'file', 'error_file', 'cancel_timeout', 'read_timeout']) {
          this.#peer.variables.set(`group_confirm_${name}`, undefined);
        }
      }
      this.#peer.notify();
    }
  }

  async #nextChange(): Promise<void> {
    const { clock } = this.#core;
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    void this.#peer.changed().then(wake);
    void this.#caller?.changed().then(wake);
    await clock.sleep(clock.untilNextSecond(), woken.signal);
  }
}

function earlyMediaOf(text: string | undefined): EarlyMedia {
  if (text === 'ring_ready') return 'ring-ready';
  return isTrue(text) || text === 'consume' ? 'ignore' : 'take';
}
