import { EventEmitter } from 'node:events';
import type { Clock } from './clock.js';
import { ReceivedCall } from './received-call.js';
import type { OutgoingInvite, SipEvents, SipLeg, SipNetwork } from './freeswitch/sip-leg.js';
import { phraseOf } from './freeswitch/causes.js';

/** What a phone does when it is called. Times in simulated milliseconds. */
export type CalleeBehaviour =
  /** Rings (180, or 183 with `earlyMedia`), answers, and hangs up after `talkMs` of talk when given. */
  | {
      readonly kind: 'answer';
      readonly afterMs: number;
      readonly talkMs?: number;
      readonly earlyMedia?: boolean;
    }
  /** Rings for ever. */
  | { readonly kind: 'ring' }
  /** Rings for `afterMs`, then gives this final status; at 0 it does not even ring. */
  | { readonly kind: 'refuse'; readonly status: number; readonly afterMs: number }
  /** Takes the INVITE and says nothing more than 100. */
  | { readonly kind: 'silent' };

/**
 * How a trunk fares: `up` carries calls, `down` refuses each with 503, `silent` never answers an
 * INVITE, which fails after the switch's SIP timeout.
 */
export type TrunkState = 'up' | 'down' | 'silent';

export interface PhonesOptions {
  readonly clock: Clock;
  /** Trunks that exist, by name. */
  readonly trunks: Readonly<Record<string, TrunkState>>;
  /** Milliseconds until an INVITE that nobody answers fails with 408 (the profile's timer-T1X64). */
  readonly sipTimeoutMs?: number;
  /** What a number does that no behaviour was set for. */
  readonly otherwise?: CalleeBehaviour;
}

/** Calls that phones got and that are remembered. */
const REMEMBERED = 5_000;

interface PhonesEvents {
  /** An INVITE has reached a phone. */
  received: [call: ReceivedCall];
}

/**
 * The phone network behind the trunks: phones by E.164 number, and the trunks that lead to them.
 *
 * Places no calls itself: those come in through SimulatedFreeSWITCH.place.
 */
export class Phones extends EventEmitter<PhonesEvents> implements SipNetwork {
  readonly #clock: Clock;
  readonly #trunks: Map<string, TrunkState>;
  readonly #sipTimeoutMs: number;
  readonly #otherwise: CalleeBehaviour;
  readonly #behaviours = new Map<string, CalleeBehaviour>();
  readonly #received: ReceivedCall[] = [];

  constructor(options: PhonesOptions) {
    super();
    this.#clock = options.clock;
    this.#trunks = new Map(Object.entries(options.trunks));
    this.#sipTimeoutMs = options.sipTimeoutMs ?? 8_000;
    this.#otherwise = options.otherwise ?? { kind: 'refuse', status: 404, afterMs: 0 };
  }

  /** How the phone of a number (E.164) behaves from the next call on. */
  behave(number: string, behaviour: CalleeBehaviour): void {
    this.#behaviours.set(number, behaviour);
  }

  /** How a trunk fares from the next INVITE on; a new name adds a trunk. */
  setTrunk(name: string, state: TrunkState): void {
    this.#trunks.set(name, state);
  }

  /** Calls that reached phones, in order; those of one number when it is given. */
  received(number?: string): readonly ReceivedCall[] {
    return this.#received.filter((call) => number === undefined || call.number === number);
  }

  /** Ends what the phones still have in hand, without a message. */
  abandon(): void {
    for (const call of this.#received) call.abandon();
  }

  hasTrunk(name: string): boolean {
    return this.#trunks.has(name);
  }

  answersOptions(trunk: string): boolean | null {
    const state = this.#trunks.get(trunk);
    return state === undefined ? null : state !== 'silent';
  }

  /** An INVITE of the switch. The trunk named `softphone` stands for phones registered with it. */
  invite(invite: OutgoingInvite, events: SipEvents): SipLeg | null {
    const number = invite.user.startsWith('+') ? invite.user : `+${invite.user}`;
    const known = this.#behaviours.get(number);
    if (invite.trunk === 'softphone' && known === undefined) return null;
    const state = this.#trunks.get(invite.trunk);
    if (state !== 'up') return this.#failingTrunk(state === 'silent', events);
    const call = new ReceivedCall(this.#clock, { ...invite, number }, events);
    this.#received.push(call);
    this.#forget();
    this.emit('received', call);
    call.begin(known ?? this.#otherwise);
    return call;
  }

  /** The oldest that are over, when there are too many. */
  #forget(): void {
    if (this.#received.length <= REMEMBERED) return;
    const oldest = this.#received.findIndex(({ endedAt }) => endedAt !== null);
    if (oldest >= 0) this.#received.splice(oldest, 1);
  }

  #failingTrunk(silent: boolean, events: SipEvents): SipLeg {
    const status = silent ? 408 : 503;
    const timer = this.#clock.schedule(silent ? this.#sipTimeoutMs : 0, () =>
      events.refused(status, phraseOf(status)),
    );
    const nothing = (): void => undefined;
    return {
      provisional: nothing,
      accept: nothing,
      refuse: nothing,
      bye: nothing,
      cancel: () => timer.cancel(),
      playing: () => nothing,
      digit: nothing,
      joined: nothing,
    };
  }
}
