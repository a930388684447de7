import { profileField, transferredProfile, type CallerProfile, type ChannelTimes } from './caller-profile.js';
import { causeFrom, causeNumber, causeOfStatus, statusOfCause, type Cause } from './causes.js';
import { DigitQueue } from './digits.js';
import type { SipEvents, SipLeg } from './sip-leg.js';
import { atoi, expand, isTrue } from './text.js';
import { ChannelVariables } from './variables.js';

export type ChannelState =
  | 'CS_INIT'
  | 'CS_ROUTING'
  | 'CS_EXECUTE'
  | 'CS_EXCHANGE_MEDIA'
  | 'CS_PARK'
  | 'CS_CONSUME_MEDIA'
  | 'CS_HANGUP'
  | 'CS_REPORTING';

export type CallState = 'DOWN' | 'RINGING' | 'EARLY' | 'ACTIVE' | 'HANGUP';

/** What a channel needs of the switch that it lives in. */
export interface ChannelHost {
  /** Microseconds since the epoch. */
  micros(): number;
  global(name: string): string | undefined;
  channel(uuid: string): Channel | undefined;
  emit(event: string, channel: Channel, extra?: Readonly<Record<string, string>>): void;
  /** Runs an application on the channel, now. */
  execute(channel: Channel, application: string, data: string): Promise<void>;
  /** Runs an API command, as nobody's in particular. */
  command(line: string): Promise<string>;
  /** Keeps a promise that nobody else awaits; its failure is reported. */
  track(work: Promise<unknown>): void;
  /** The channel has begun to hang up. */
  down(channel: Channel): void;
}

export interface AppLogEntry {
  readonly application: string;
  readonly data: string;
  readonly stamp: number;
}

/** One leg of a call inside the switch. */
export class Channel implements SipEvents {
  readonly uuid: string;
  #name: string;
  readonly direction: 'inbound' | 'outbound';
  readonly sessionId: number;
  readonly variables = new ChannelVariables();
  /** Variables of the application that runs (switch_core_session_exec). */
  scopeVariables: ReadonlyMap<string, string> = new Map();
  readonly digits = new DigitQueue();
  readonly appLog: AppLogEntry[] = [];
  /** Oldest first. */
  readonly profiles: CallerProfile[];
  state: ChannelState = 'CS_INIT';
  callState: CallState = 'DOWN';
  isAnswered = false;
  isEarlyMedia = false;
  isRingReady = false;
  /** It went through the dialplan, or will. */
  hitDialplan: boolean;
  hangupCause: Cause | null = null;
  /** Where a transfer that has not been carried out yet leads. */
  isTransferring = false;
  /** After a hangup, what is left of its extension still runs as far as it can (set_zombie_exec). */
  isZombieExec = false;
  /** A leg that is being dialled and not won yet. */
  isOriginating = false;
  bridgedTo: Channel | null = null;
  isBridgeOriginator = false;
  otherLeg: { type: 'originator' | 'originatee'; profile: CallerProfile } | null = null;
  /** Whoever was bridged, even if not bridged now: for the CDR. */
  readonly originatees: CallerProfile[] = [];
  readonly originators: CallerProfile[] = [];
  #leg: SipLeg | null = null;
  #remoteEnded = false;
  readonly #host: ChannelHost;
  #abort = new AbortController();
  #waiters: (() => void)[] = [];
  #huntProfile: CallerProfile | null = null;

  constructor(
    host: ChannelHost,
    identity: { uuid: string; name: string; direction: 'inbound' | 'outbound'; sessionId: number },
    profile: CallerProfile,
  ) {
    this.#host = host;
    this.uuid = identity.uuid;
    this.#name = identity.name;
    this.direction = identity.direction;
    this.sessionId = identity.sessionId;
    this.hitDialplan = identity.direction === 'inbound';
    this.profiles = [profile];
  }

  /** What events call it. */
  get name(): string {
    return this.#name;
  }

  /** switch_channel.c, switch_channel_set_name. */
  rename(name: string): void {
    this.#name = name;
    this.variables.set('channel_name', name);
  }

  set leg(leg: SipLeg) {
    this.#leg = leg;
  }

  get profile(): CallerProfile {
    const current = this.#huntProfile ?? this.profiles.at(-1);
    if (current === undefined) throw new Error('a channel has always a caller profile');
    return current;
  }

  get times(): ChannelTimes {
    const current = this.profiles.at(-1);
    if (current === undefined) throw new Error('a channel has always a caller profile');
    return current.times;
  }

  isDown(): boolean {
    return this.hangupCause !== null;
  }

  /** False from a hangup or a transfer on: whatever runs has to end (switch_channel_ready). */
  isReady(): boolean {
    return !this.isDown() && !this.isTransferring;
  }

  /** Aborts when the channel is not ready any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Variable, profile field or global (switch_channel_get_variable_dup). */
  get(name: string): string | undefined {
    return (
      this.scopeVariables.get(name) ??
      this.variables.get(name) ??
      profileField(this.profile, name) ??
      this.#host.global(name)
    );
  }

  isSet(name: string): boolean {
    return isTrue(this.get(name));
  }

  /** Resolves when something about the channel changes next. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  notify(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Hunts with another profile for as long as `during` runs (execute_extension). */
  async withProfile(profile: CallerProfile, during: () => Promise<void>): Promise<void> {
    const before = this.#huntProfile;
    this.#huntProfile = profile;
    try {
      await during();
    } finally {
      this.#huntProfile = before;
    }
  }

  // What the switch does to the channel.

  /** 180, once (switch_channel_ring_ready). */
  ring(): void {
    if (this.isDown() || this.isAnswered || this.isEarlyMedia || this.isRingReady) return;
    if (this.direction === 'inbound') this.#leg?.provisional(180);
    this.#markRinging();
  }

  /** 183 with media (switch_channel_pre_answer). */
  preAnswer(): boolean {
    if (this.isDown()) return false;
    if (this.isAnswered || this.isEarlyMedia) return true;
    if (this.direction === 'inbound') this.#leg?.provisional(183);
    this.#markEarlyMedia();
    return true;
  }

  /** 200 to the caller. */
  async answer(): Promise<void> {
    if (this.direction === 'outbound' || this.isDown() || this.isAnswered) return;
    this.#leg?.accept();
    await this.#markAnswered();
  }

  /** Hangs up once; later calls change nothing (switch_channel_perform_hangup). */
  hangup(cause: Cause): void {
    if (this.isDown()) return;
    this.hangupCause = cause;
    this.state = 'CS_HANGUP';
    this.times.hungup = this.#host.micros();
    const partner = this.#host.channel(this.variables.get('signal_bond') ?? '');
    partner?.variables.set('last_bridge_hangup_cause', cause);
    const specific = this.variables.get('proto_specific_hangup_cause');
    if (specific !== undefined) {
      partner?.variables.set('last_bridge_proto_specific_hangup_cause', specific);
    }
    if (this.isBridgeOriginator) this.variables.set('last_bridge_role', 'originator');
    else if (this.bridgedTo !== null) this.variables.set('last_bridge_role', 'originatee');
    this.#host.emit('CHANNEL_HANGUP', this);
    this.#endSip(cause);
    this.callState = 'HANGUP';
    this.#abort.abort();
    this.notify();
    this.#host.down(this);
  }

  /** The process died: nothing more is said to anybody, and whatever runs ends. */
  abandon(): void {
    this.#leg = null;
    this.hangupCause ??= 'NONE';
    this.#abort.abort();
    this.notify();
  }

  /**
   * Sends the channel to another extension (switch_ivr_session_transfer). Keys that nobody has read
   * are lost.
   */
  transfer(destination: string, dialplan?: string, context?: string): void {
    if (this.isDown()) return;
    const now = this.#host.micros();
    const { profile } = this;
    const limited = this.get('max_session_transfers') !== undefined;
    const forwardsName = limited ? 'max_session_transfers' : 'max_forwards';
    const forwards = atoi(this.get(forwardsName) ?? '71') - 1;
    if (forwards <= 0) {
      this.hangup('EXCHANGE_ROUTING_ERROR');
      return;
    }
    this.variables.set(forwardsName, String(forwards));
    this.digits.flush();
    const target = {
      destination,
      dialplan: dialplan ?? (profile.dialplan === '' ? 'XML' : profile.dialplan),
      context: context ?? profile.context,
    };
    const base = this.profiles.at(-1) ?? profile;
    const next = transferredProfile(base, target, now);
    next.transferSource = `${Math.floor(now / 1e6)}:${this.uuid}:bl_xfer:${destination}/${target.context}/${target.dialplan}`;
    this.profiles.push(next);
    this.variables.set('signal_bond', undefined);
    this.variables.push('transfer_history', next.transferSource);
    this.variables.set('transfer_source', next.transferSource);
    this.isTransferring = true;
    this.state = 'CS_ROUTING';
    this.#abort.abort();
    this.notify();
  }

  /** The run loop takes the transfer up: the channel is ready again. */
  beginRouting(): void {
    this.isTransferring = false;
    this.state = 'CS_ROUTING';
    this.hitDialplan = true;
    // Routing forgets the application that ran last (switch_core_standard_on_routing).
    this.variables.set('current_application', undefined);
    this.variables.set('current_application_data', undefined);
    if (!this.isDown()) this.#abort = new AbortController();
  }

  /** Runs what the variables that begin with `prefix` say: `app data`, or `app::data` after what runs now. */
  async executeOn(prefix: string): Promise<void> {
    for (const value of this.#valuesOf(prefix)) {
      const separator = /::| /.exec(value);
      const application = separator === null ? value : value.slice(0, separator.index);
      const data = separator === null ? '' : value.slice(separator.index + separator[0].length);
      await this.#host.execute(this, application, data);
    }
  }

  /** Runs the API commands that the variables which begin with `prefix` hold (switch_channel_api_on). */
  async commandOn(prefix: string): Promise<void> {
    for (const value of this.#valuesOf(prefix)) {
      await this.#host.command(expand(value, (variable) => this.get(variable)));
    }
  }

  /** The phone begins to hear a file. Returns what says that it ended. */
  playing(file: string): (completed: boolean) => void {
    return this.#leg?.playing(file) ?? ((): void => undefined);
  }

  /** Passes a key of the partner on. */
  sendDigit(digit: string): void {
    this.#leg?.digit(digit);
  }

  /** The phone now hears its partner. */
  joined(): void {
    this.#leg?.joined();
  }

  // What the phone does to the channel.

  provisional(status: 180 | 183): void {
    if (this.isDown() || this.isAnswered) return;
    if (status === 180) this.#markRinging();
    else this.#markEarlyMedia();
    this.notify();
  }

  answered(): void {
    if (this.isDown() || this.isAnswered) return;
    this.#host.track(this.#markAnswered());
  }

  refused(status: number, phrase: string): void {
    if (this.isDown()) return;
    this.#remoteEnded = true;
    const cause = causeOfStatus(status);
    const caller = this.#host.channel(this.variables.get('originator') ?? '');
    this.variables.set('sip_hangup_disposition', 'recv_refuse');
    for (const channel of [this, caller]) {
      channel?.variables.set('sip_invite_failure_status', String(status));
      channel?.variables.set('sip_invite_failure_phrase', phrase);
    }
    caller?.variables.set('sip_hangup_phrase', phrase);
    caller?.variables.set('last_bridge_hangup_cause', cause);
    caller?.variables.set('last_bridge_proto_specific_hangup_cause', `sip:${status}`);
    this.#termVariables(status, cause);
    this.hangup(cause);
  }

  hungUp(): void {
    if (this.isDown()) return;
    this.#remoteEnded = true;
    const cause = this.isAnswered ? 'NORMAL_CLEARING' : 'ORIGINATOR_CANCEL';
    this.variables.set('sip_hangup_disposition', this.isAnswered ? 'recv_bye' : 'recv_cancel');
    this.#termVariables(this.isAnswered ? 200 : 487, cause);
    this.hangup(cause);
  }

  digit(digit: string): void {
    if (this.isDown()) return;
    if (this.bridgedTo !== null) this.bridgedTo.sendDigit(digit);
    else this.digits.push(digit);
  }

  #valuesOf(prefix: string): string[] {
    return this.variables
      .entries()
      .filter(([name]) => name.toLowerCase().startsWith(prefix))
      .flatMap(([, value]) => value);
  }

  #termVariables(status: number, cause: Cause): void {
    this.variables.set('sip_term_status', String(status));
    this.variables.set('proto_specific_hangup_cause', `sip:${status}`);
    this.variables.set('sip_term_cause', String(causeNumber(cause)));
  }

  #markRinging(): void {
    if (this.isRingReady || this.isEarlyMedia) return;
    this.isRingReady = true;
    this.#stamp('progress');
    this.#host.emit('CHANNEL_PROGRESS', this);
    this.callState = 'RINGING';
    this.notify();
  }

  #markEarlyMedia(): void {
    if (this.isEarlyMedia) return;
    this.isEarlyMedia = true;
    this.variables.set('endpoint_disposition', 'EARLY MEDIA');
    this.#stamp('progressMedia');
    this.#host.emit('CHANNEL_PROGRESS_MEDIA', this);
    this.callState = 'EARLY';
    this.notify();
  }

  async #markAnswered(): Promise<void> {
    this.isAnswered = true;
    this.times.answered = this.#host.micros();
    this.#host.emit('CHANNEL_ANSWER', this);
    this.variables.set('endpoint_disposition', 'ANSWER');
    this.callState = 'ACTIVE';
    this.notify();
    await this.executeOn('execute_on_answer');
  }

  /** B's progress is A's as well (switch_channel_perform_mark_ring_ready_value). */
  #stamp(which: 'progress' | 'progressMedia'): void {
    const now = this.#host.micros();
    this.times[which] = now;
    const caller = this.#host.channel(this.variables.get('originator') ?? '');
    if (caller !== undefined) caller.times[which] = now;
    if (this.otherLeg?.type === 'originator') this.otherLeg.profile.times[which] = now;
  }

  #endSip(cause: Cause): void {
    if (this.#remoteEnded || this.#leg === null) return;
    if (this.isAnswered) {
      this.variables.set('sip_hangup_disposition', 'send_bye');
      this.#leg.bye(cause);
    } else if (this.direction === 'outbound') {
      this.variables.set('sip_hangup_disposition', 'send_cancel');
      this.variables.set('sip_invite_failure_status', '487');
      this.variables.set('sip_invite_failure_phrase', 'CANCEL');
      this.#leg.cancel(cause);
    } else {
      this.variables.set('sip_hangup_disposition', 'send_refuse');
      this.#leg.refuse(this.#refusal(cause), cause);
    }
  }

  /** The partner's own SIP status wins unless the channel says otherwise (mod_sofia.c, sofia_on_hangup). */
  #refusal(cause: Cause): number {
    const specific = this.variables.get('last_bridge_proto_specific_hangup_cause');
    const status = /^sips?:(\d{3})$/.exec(specific ?? '')?.[1];
    return status === undefined || this.isSet('sip_ignore_remote_cause')
      ? statusOfCause(cause)
      : Number(status);
  }
}

/** Hangs a channel up with a cause by name, as an application or a command gives it. */
export function hangupNamed(channel: Channel, text: string): void {
  channel.hangup(text === '' ? 'NORMAL_CLEARING' : causeFrom(text));
}
