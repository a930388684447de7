import { randomBytes } from 'node:crypto';
import { mediaPortIn } from '../../e2e/helpers/sip-dialog.js';
import { headerOf } from '../../e2e/helpers/sip-messages.js';
import type { LoadCall } from './call.js';
import { audioOffer, contactIn, Dialog, GIVE_UP_MS } from './dialog.js';
import { Repetition, type Received, type SipPort } from './sip-port.js';
import type { Voices } from './voices.js';

/** B's end of a call: it rings, answers, and hangs up when it is its turn. */
export class PhoneLeg {
  readonly #tag = randomBytes(6).toString('hex');
  readonly #contact: string;
  #timers: NodeJS.Timeout[] = [];
  #answer: Repetition | null = null;
  #dialog: Dialog | null = null;
  #said = '100 Trying';

  constructor(
    readonly call: LoadCall,
    readonly invite: Received,
    readonly port: SipPort,
    readonly voices: Voices,
    /** B's answer was acknowledged: from now on B may hang up (RFC 3261, 15). */
    readonly onConfirmed: () => void,
    /** FreeSWITCH ended the leg, by CANCEL or BYE. */
    readonly onEnd: () => void,
  ) {
    this.#contact = `Contact: <sip:phone@127.0.0.1:${port.port}>`;
    this.#say();
    this.#timers.push(setTimeout(() => this.#ring(), call.script.dialMs));
  }

  hangUp(onDone: () => void): void {
    if (this.#dialog === null) {
      onDone();
      return;
    }
    this.#dialog.bye(() => {
      this.close();
      onDone();
    });
  }

  take(message: Received): void {
    if (message.status !== null) {
      if (message.method === 'BYE' && message.status >= 200) this.#dialog?.byeAnswered();
      return;
    }
    switch (message.method) {
      case 'INVITE':
        if (this.#answer === null) this.#say();
        return;
      case 'ACK':
        this.#answer?.stop();
        this.#confirm();
        return;
      case 'CANCEL':
        this.port.respond(message, '200 OK', this.#tag);
        if (this.#answer !== null) return;
        this.#said = '487 Request Terminated';
        this.#say();
        this.close();
        this.onEnd();
        return;
      case 'BYE':
        this.port.respond(message, '200 OK', this.#tag);
        this.close();
        this.onEnd();
        return;
      default:
        this.port.respond(message, '200 OK', this.#tag);
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#answer?.stop();
    this.#dialog?.close();
    this.voices.leave(this.call, 'b');
  }

  #ring(): void {
    this.call.timeline.bRinging = Date.now();
    this.#said = '180 Ringing';
    this.#say();
    this.#timers.push(setTimeout(() => this.#pickUp(), this.call.script.ringMs));
  }

  #pickUp(): void {
    this.call.timeline.bAnswered = Date.now();
    this.voices.join(this.call, 'b', mediaPortIn(this.invite.text));
    this.#dialog = new Dialog(this.port, {
      local: `${headerOf(this.invite.text, 'To')};tag=${this.#tag}`,
      remote: headerOf(this.invite.text, 'From'),
      callId: this.invite.callId,
      target: contactIn(this.invite.text),
      port: this.invite.port,
      cseq: 0,
    });
    const body = audioOffer(this.voices.portOf('b'));
    this.#answer = new Repetition(
      () =>
        this.port.respond(
          this.invite,
          '200 OK',
          this.#tag,
          [this.#contact, 'Content-Type: application/sdp'],
          body,
        ),
      GIVE_UP_MS,
      () => undefined,
    );
  }

  #confirm(): void {
    if (this.#dialog === null || this.call.timeline.bConfirmed !== null) return;
    this.call.timeline.bConfirmed = Date.now();
    this.onConfirmed();
  }

  #say(): void {
    const tag = this.#said.startsWith('100') ? '' : this.#tag;
    this.port.respond(this.invite, this.#said, tag, [this.#contact]);
  }
}
