import type { Clock, ClockTimer } from './clock.js';
import type { Cause } from './freeswitch/causes.js';
import type { SipEvents, SipLeg } from './freeswitch/sip-leg.js';
import { HeardFiles, type HeardFile } from './heard.js';
import { KEY_MS } from './received-call.js';
import { requestText, responseText } from './sip-text.js';

/** How a call ended, as the caller's phone saw it. */
export interface CallEnd {
  readonly by: 'caller' | 'switch';
  /** Final status of the INVITE: 200 when it was answered, 487 when it was cancelled. */
  readonly status: number;
  /** What the switch gave as reason; null when the caller ended the call. */
  readonly cause: Cause | null;
  /** Simulated milliseconds from the answer to the end; 0 when never answered. */
  readonly talkMs: number;
}

/** A call from a phone to one of our numbers. No promise of it ever rejects. */
export class PlacedCall implements SipLeg {
  /** Channel UUID in the switch. */
  readonly uuid: string;
  /** True at 180; false when the call ends without one. */
  readonly ringing: Promise<boolean>;
  /** True at 183; false when the call ends without one. */
  readonly earlyMedia: Promise<boolean>;
  /** True at 200; false when the call ends without one. */
  readonly answered: Promise<boolean>;
  readonly ended: Promise<CallEnd>;
  /** Provisional statuses in order. */
  readonly provisionals: number[] = [];
  #ringsAtMost: number | null = null;
  /** Keys that the partner pressed. */
  digits = '';
  readonly #clock: Clock;
  readonly #heard: HeardFiles;
  readonly #timers: ClockTimer[] = [];
  readonly #listening: { name: string; resolve: (heard: boolean) => void }[] = [];
  #events: SipEvents | null = null;
  #received = '';
  #answeredAt: number | null = null;
  #isOver = false;
  #onRinging: (happened: boolean) => void = () => undefined;
  #onEarlyMedia: (happened: boolean) => void = () => undefined;
  #onAnswered: (happened: boolean) => void = () => undefined;
  #onEnded: (end: CallEnd) => void = () => undefined;

  constructor(clock: Clock, uuid: string) {
    this.#clock = clock;
    this.uuid = uuid;
    this.#heard = new HeardFiles(clock);
    this.ringing = new Promise((resolve) => (this.#onRinging = resolve));
    this.earlyMedia = new Promise((resolve) => (this.#onEarlyMedia = resolve));
    this.answered = new Promise((resolve) => (this.#onAnswered = resolve));
    this.ended = new Promise((resolve) => (this.#onEnded = resolve));
  }

  /** The channel that the phone talks to. */
  attach(events: SipEvents): void {
    this.#events = events;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Every SIP message that the phone got, one after the other. */
  get received(): string {
    return this.#received;
  }

  /** Files that the caller heard, in order. */
  get heard(): readonly HeardFile[] {
    return this.#heard.files;
  }

  /** True as soon as the caller has begun to hear a file of that name; false when the call ends without. */
  hears(name: string): Promise<boolean> {
    if (this.heard.some((file) => file.name === name)) return Promise.resolve(true);
    if (this.#isOver) return Promise.resolve(false);
    return new Promise((resolve) => this.#listening.push({ name, resolve }));
  }

  /** Presses keys, 150 simulated milliseconds apart. Resolves when the last one was pressed. */
  async press(keys: string): Promise<void> {
    for (const key of keys) {
      if (this.#isOver) return;
      this.#events?.digit(key);
      await this.#clock.sleep(KEY_MS);
    }
  }

  /** BYE, or CANCEL before the answer. */
  hangup(): void {
    if (this.#isOver) return;
    const events = this.#events;
    this.#end('caller', this.#answeredAt === null ? 487 : 200, null);
    if (this.#received !== '' && this.#answeredAt === null) this.#received += responseText(this.uuid, 487);
    events?.hungUp();
  }

  /** The switch is gone for good; nobody will say goodbye. */
  abandon(): void {
    this.#end('switch', this.#answeredAt === null ? 408 : 200, null);
  }

  /** Cancels when the call is not answered within so many simulated milliseconds. */
  cancelAfter(ms: number): void {
    const timer = this.#clock.schedule(ms, () => {
      if (this.#answeredAt === null) this.hangup();
    });
    this.#timers.push(timer);
  }

  /** Cancels when the call is not answered within so many simulated milliseconds of ringing. */
  cancelAfterRinging(ms: number): void {
    this.#ringsAtMost = ms;
  }

  provisional(status: 180 | 183): void {
    this.provisionals.push(status);
    if (status === 180 && this.#ringsAtMost !== null) this.cancelAfter(this.#ringsAtMost);
    this.#received += responseText(this.uuid, status);
    if (status === 180) this.#onRinging(true);
    else this.#onEarlyMedia(true);
  }

  accept(): void {
    this.#answeredAt = this.#clock.now();
    this.#received += responseText(this.uuid, 200);
    this.#onAnswered(true);
  }

  refuse(status: number, cause: Cause): void {
    this.#received += responseText(this.uuid, status, cause);
    this.#end('switch', status, cause);
  }

  bye(cause: Cause): void {
    this.#received += requestText('BYE', this.uuid, cause);
    this.#end('switch', 200, cause);
  }

  cancel(): void {
    throw new Error('a calling phone is never cancelled');
  }

  playing(file: string): (completed: boolean) => void {
    const ended = this.#heard.begin(file);
    const name = this.heard.at(-1)?.name;
    for (const waiting of this.#listening) if (waiting.name === name) waiting.resolve(true);
    return ended;
  }

  digit(digit: string): void {
    this.digits += digit;
  }

  joined(): void {
    return undefined;
  }

  #end(by: 'caller' | 'switch', status: number, cause: Cause | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) timer.cancel();
    const talkMs = this.#answeredAt === null ? 0 : this.#clock.now() - this.#answeredAt;
    for (const waiting of this.#listening) waiting.resolve(false);
    this.#onRinging(false);
    this.#onEarlyMedia(false);
    this.#onAnswered(false);
    this.#onEnded({ by, status, cause, talkMs });
  }
}
