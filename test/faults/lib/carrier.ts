import { headerOf } from '../../e2e/helpers/sip-messages.js';
import { LoadCall, type CallScript, type Side } from './call.js';
import { CallerLeg } from './caller-leg.js';
import type { LoadLane } from './lanes.js';
import { PhoneLeg } from './phone-leg.js';
import { SipPort, type Received } from './sip-port.js';
import { Voices } from './voices.js';

/** After its first hang-up a call has this long to be over on the other side, in milliseconds. */
const OTHER_SIDE_MS = 10_000;
/** A phone may be called this long after its caller gave up: the two cross. Milliseconds. */
const LATE_MS = 10_000;

/** A phone was called that nobody meant to reach at that moment, or with a number that is not its session's. */
export interface WrongInvite {
  readonly at: number;
  readonly why: string;
}

interface Legs {
  readonly a: CallerLeg;
  b: PhoneLeg | null;
  hangUp: NodeJS.Timeout | undefined;
  late: NodeJS.Timeout | undefined;
}

/** Everybody outside: those who call through the trunk, and the phones behind it. Keeps every call's story. */
export class Carrier {
  readonly calls: LoadCall[] = [];
  readonly wrongInvites: WrongInvite[] = [];
  /** Phones that were called just after their caller had given up. Nobody was connected. */
  lateInvites = 0;
  onClosed: (call: LoadCall) => void = () => undefined;
  readonly #legs = new Map<LoadCall, Legs>();
  readonly #callers = new Map<string, CallerLeg>();
  readonly #phones = new Map<string, PhoneLeg>();
  readonly #lanes = new Map<string, LoadLane>();
  /** When the last call to a phone was over. */
  readonly #last = new Map<string, number>();
  /** Which sides of a call are over. */
  readonly #sides = new Map<LoadCall, Set<Side>>();
  #next = 1;

  private constructor(
    readonly outside: SipPort,
    readonly trunk: SipPort,
    readonly voices: Voices,
  ) {
    outside.onMessage = (message) => this.#callers.get(message.callId)?.take(message);
    trunk.onMessage = (message) => this.#fromTrunk(message);
  }

  /** `trunkPort`: where FreeSWITCH's gateway points. */
  static async open(trunkPort: number): Promise<Carrier> {
    return new Carrier(await SipPort.open(), await SipPort.open(trunkPort), await Voices.open());
  }

  serve(lanes: readonly LoadLane[]): void {
    for (const lane of lanes) {
      this.#lanes.set(lane.first, lane);
      this.#lanes.set(lane.second, lane);
    }
  }

  /** Calls that are not over on both sides. */
  get open(): readonly LoadCall[] {
    return [...this.#legs.keys()];
  }

  place(lane: LoadLane, script: CallScript, sipPort: number): LoadCall {
    const call = new LoadCall(this.#next, lane, script);
    this.#next += 1;
    this.calls.push(call);
    lane.current = call;
    const a = new CallerLeg(call, this.outside, this.voices, sipPort, (by) => this.#ended(call, by, 'a'));
    this.#callers.set(a.callId, a);
    this.#legs.set(call, { a, b: null, hangUp: undefined, late: undefined });
    return call;
  }

  /** The one who means to hang up does so now. */
  hangUp(call: LoadCall): void {
    const legs = this.#legs.get(call);
    if (legs === undefined || call.timeline.ended !== null) return;
    const side = call.script.hangUpBy;
    this.#noteEnd(call, legs, side);
    const leg = side === 'a' ? legs.a : legs.b;
    leg?.hangUp(() => {
      call.timeline.released = Date.now();
      this.#sideClosed(call, side);
    });
  }

  /**
   * Every phone stops talking, also those that are only about to answer: their FreeSWITCH is dead, and the next
   * one may give the same port to another call. A real phone notices the silence; ours would be taken for a
   * talker of that call. A call that had not come further than its INVITE may still be the next one's.
   */
  fallSilent(): void {
    for (const call of this.open) if (call.stageAt(Date.now()) !== 'received') this.voices.mute(call);
  }

  set cut(cut: boolean) {
    this.outside.cut = this.trunk.cut = cut;
  }

  async close(): Promise<void> {
    for (const [call, legs] of this.#legs) {
      clearTimeout(legs.hangUp);
      clearTimeout(legs.late);
      legs.a.close();
      legs.b?.close();
      call.lane.current = null;
    }
    this.#legs.clear();
    await Promise.all([this.outside.close(), this.trunk.close(), this.voices.close()]);
  }

  #fromTrunk(message: Received): void {
    const known = this.#phones.get(message.callId);
    if (known !== undefined) known.take(message);
    else if (message.method === 'INVITE' && message.status === null) this.#ring(message);
    else if (message.status === null && message.method !== 'ACK') this.trunk.respond(message, '200 OK', 'x');
  }

  #ring(invite: Received): void {
    const called = /^INVITE sip:([^@;>]+)@/.exec(invite.text)?.[1] ?? '';
    const shown = /sip:([^@;>]+)@/.exec(headerOf(invite.text, 'From'))?.[1] ?? '';
    const lane = this.#lanes.get(called);
    const call = lane?.current ?? null;
    const legs = call === null ? undefined : this.#legs.get(call);
    const last = this.#last.get(called);
    if (call === null && last !== undefined && Date.now() - last < LATE_MS) {
      this.lateInvites += 1;
      this.trunk.respond(invite, '480 Temporarily Unavailable', 'late');
      return;
    }
    const why =
      lane === undefined
        ? 'a number that nobody has was dialled'
        : call === null || legs === undefined
          ? 'a phone was called while nobody was calling it'
          : call.script.to !== called
            ? 'the caller itself was called'
            : shown !== lane.did
              ? 'the call showed a number that is not the virtual number of its session'
              : legs.b !== null
                ? 'a phone was called twice for one call'
                : null;
    if (why !== null || call === null || legs === undefined) {
      this.wrongInvites.push({ at: Date.now(), why: why ?? '' });
      this.trunk.respond(invite, '603 Decline', 'wrong');
      return;
    }
    // The caller gave up while its call was on the way.
    if (call.timeline.ended !== null) {
      this.lateInvites += 1;
      this.trunk.respond(invite, '480 Temporarily Unavailable', 'late');
      return;
    }
    call.timeline.bInvited = Date.now();
    const b = new PhoneLeg(
      call,
      invite,
      this.trunk,
      this.voices,
      () => {
        legs.hangUp = setTimeout(() => this.hangUp(call), call.script.talkMs);
      },
      () => this.#ended(call, 'freeswitch', 'b'),
    );
    legs.b = b;
    this.#phones.set(invite.callId, b);
  }

  /** A leg was ended by the other side, or by nobody. */
  #ended(call: LoadCall, by: 'freeswitch' | 'silence', side: Side): void {
    const legs = this.#legs.get(call);
    if (legs === undefined) return;
    if (call.timeline.ended === null) {
      this.#noteEnd(call, legs, by);
      call.timeline.released = call.timeline.ended;
    }
    this.#sideClosed(call, side);
  }

  #noteEnd(call: LoadCall, legs: Legs, by: NonNullable<LoadCall['endedBy']>): void {
    call.timeline.ended = Date.now();
    call.endedBy = by;
    clearTimeout(legs.hangUp);
    legs.late = setTimeout(() => {
      call.halfOpen = true;
      this.#close(call, legs);
    }, OTHER_SIDE_MS);
  }

  #sideClosed(call: LoadCall, side: Side): void {
    const legs = this.#legs.get(call);
    if (legs === undefined) return;
    const closed = this.#sides.get(call) ?? new Set();
    this.#sides.set(call, closed.add(side));
    if (closed.has('a') && (legs.b === null || closed.has('b'))) this.#close(call, legs);
  }

  #close(call: LoadCall, legs: Legs): void {
    clearTimeout(legs.hangUp);
    clearTimeout(legs.late);
    legs.a.close();
    legs.b?.close();
    call.timeline.closed = Date.now();
    call.lane.current = null;
    this.#last.set(call.script.to, Date.now());
    this.#legs.delete(call);
    this.#sides.delete(call);
    // A repetition of its last messages may still come, and is answered by the leg.
    const callerId = legs.a.callId;
    const phoneId = legs.b?.invite.callId;
    setTimeout(() => {
      this.#callers.delete(callerId);
      if (phoneId !== undefined) this.#phones.delete(phoneId);
    }, 5_000).unref();
    this.onClosed(call);
  }
}
