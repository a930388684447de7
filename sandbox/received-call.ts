import type { Clock, ClockTimer } from './clock.js';
import { phraseOf, type Cause } from './freeswitch/causes.js';
import type { OutgoingInvite, SipEvents, SipLeg } from './freeswitch/sip-leg.js';
import { HeardFiles, type HeardFile } from './heard.js';
import type { CalleeBehaviour } from './phones.js';
import { inviteText, requestText } from './sip-text.js';

/** Milliseconds between two keys that a phone presses. */
export const KEY_MS = 150;

/** A call that a phone got: what it saw, heard and did. */
export class ReceivedCall implements SipLeg {
  /** E.164. */
  readonly number: string;
  readonly trunk: string;
  /** Caller ID as the INVITE showed it. */
  readonly callerNumber: string;
  readonly callerName: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Channel UUID of the leg in the switch. */
  readonly uuid: string;
  /** Keys that the partner pressed. */
  digits = '';
  /** Simulated milliseconds since the epoch, or null. */
  answeredAt: number | null = null;
  joinedAt: number | null = null;
  endedAt: number | null = null;
  endedBy: 'phone' | 'switch' | null = null;
  readonly #clock: Clock;
  readonly #events: SipEvents;
  readonly #heard: HeardFiles;
  readonly #timers: ClockTimer[] = [];
  #received: string;

  constructor(clock: Clock, invite: OutgoingInvite & { readonly number: string }, events: SipEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#heard = new HeardFiles(clock);
    this.number = invite.number;
    this.trunk = invite.trunk;
    this.uuid = invite.uuid;
    this.callerNumber = invite.callerNumber;
    this.callerName = invite.callerName;
    this.headers = invite.headers;
    const caller = { number: invite.callerNumber, name: invite.callerName };
    this.#received = inviteText(invite.uuid, invite.user, caller, invite.headers);
  }

  /** Every SIP message that the phone got, one after the other. */
  get received(): string {
    return this.#received;
  }

  /** Files that the phone heard, in order. */
  get heard(): readonly HeardFile[] {
    return this.#heard.files;
  }

  /** Does what the phone does when it is called. */
  begin(behaviour: CalleeBehaviour): void {
    switch (behaviour.kind) {
      case 'silent':
        break;
      case 'ring':
        this.#later(0, () => this.#events.provisional(180));
        break;
      case 'refuse':
        if (behaviour.afterMs > 0) this.#later(0, () => this.#events.provisional(180));
        this.#later(behaviour.afterMs, () => this.refuseWith(behaviour.status));
        break;
      case 'answer':
        this.#later(0, () => this.#events.provisional(behaviour.earlyMedia === true ? 183 : 180));
        this.#later(behaviour.afterMs, () => this.answer());
        if (behaviour.talkMs !== undefined) {
          this.#later(behaviour.afterMs + behaviour.talkMs, () => this.hangup());
        }
        break;
    }
  }

  /** Takes the call. */
  answer(): void {
    if (this.endedAt !== null || this.answeredAt !== null) return;
    this.answeredAt = this.#clock.now();
    this.#received += requestText('ACK', this.uuid);
    this.#events.answered();
  }

  /** Gives a final status instead of an answer. */
  refuseWith(status: number): void {
    if (this.endedAt !== null || this.answeredAt !== null) return;
    this.#end('phone');
    this.#events.refused(status, phraseOf(status));
  }

  /** BYE. */
  hangup(): void {
    if (this.endedAt !== null || this.answeredAt === null) return;
    this.#end('phone');
    this.#events.hungUp();
  }

  /** The switch is gone for good; nobody will say goodbye. */
  abandon(): void {
    this.#end('switch');
  }

  /** Presses keys, 150 ms apart. */
  press(keys: string): void {
    const [key, ...others] = keys;
    if (key === undefined) return;
    // One after the other: timers that were set at once may fire in another order on a busy machine.
    this.#later(0, () => {
      this.#events.digit(key);
      this.#later(KEY_MS, () => this.press(others.join('')));
    });
  }

  provisional(): void {
    throw new Error('a called phone gets no provisional response');
  }

  accept(): void {
    throw new Error('a called phone gets no answer');
  }

  refuse(): void {
    throw new Error('a called phone gets no refusal');
  }

  bye(cause: Cause): void {
    this.#received += requestText('BYE', this.uuid, cause);
    this.#end('switch');
  }

  cancel(cause: Cause): void {
    this.#received += requestText('CANCEL', this.uuid, cause);
    this.#end('switch');
  }

  playing(file: string): (completed: boolean) => void {
    return this.#heard.begin(file);
  }

  digit(digit: string): void {
    this.digits += digit;
  }

  joined(): void {
    this.joinedAt = this.#clock.now();
  }

  #later(ms: number, then: () => void): void {
    this.#timers.push(this.#clock.schedule(ms, then));
  }

  #end(by: 'phone' | 'switch'): void {
    if (this.endedAt !== null) return;
    this.endedAt = this.#clock.now();
    this.endedBy = by;
    for (const timer of this.#timers) timer.cancel();
  }
}
