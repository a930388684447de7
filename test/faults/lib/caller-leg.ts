import { randomBytes } from 'node:crypto';
import { mediaPortIn } from '../../e2e/helpers/sip-dialog.js';
import { RtpTalker } from '../../e2e/helpers/rtp.js';
import { headerOf } from '../../e2e/helpers/sip-messages.js';
import type { LoadCall } from './call.js';
import { audioOffer, contactIn, Dialog, GIVE_UP_MS, PATIENCE_MS } from './dialog.js';
import { Repetition, type Received, type SipPort } from './sip-port.js';
import type { Voices } from './voices.js';

/** From the answer to the first key: the prompt is being played. Milliseconds. */
const PROMPT_MS = 1_800;
/**
 * From the last key until a caller whose keys were not understood has been asked again: 3 s for more keys, the
 * announcement, the prompt. On a machine that is overrun a key may get lost.
 */
const ASKED_AGAIN_MS = 8_000;

/** A's end of a call: it calls, keys its PIN when it has one, and hangs up when it is its turn. */
export class CallerLeg {
  readonly callId: string;
  readonly #branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
  readonly #local: string;
  readonly #uri: string;
  readonly #invite: Repetition;
  readonly #patience: NodeJS.Timeout;
  readonly #talker = new RtpTalker();
  #dialog: Dialog | null = null;
  #timers: NodeJS.Timeout[] = [];

  constructor(
    readonly call: LoadCall,
    readonly port: SipPort,
    readonly voices: Voices,
    readonly target: number,
    /** The leg is over. */
    readonly onEnd: (by: 'freeswitch' | 'silence') => void,
  ) {
    this.callId = `a-${call.id}-${randomBytes(6).toString('hex')}`;
    this.#local = `<sip:${call.script.from}@carrier.example>;tag=${randomBytes(6).toString('hex')}`;
    this.#uri = `sip:${call.lane.did}@127.0.0.1:${target}`;
    const body = audioOffer(voices.portOf('a'));
    const lines = [
      ...this.#head('INVITE', `<${this.#uri}>`, this.#branch),
      `Contact: <sip:${call.script.from}@127.0.0.1:${port.port}>`,
      'Content-Type: application/sdp',
    ];
    this.#invite = new Repetition(
      () => port.send(lines, target, body),
      GIVE_UP_MS,
      () => this.#over('silence'),
    );
    this.#patience = setTimeout(() => this.#giveUp(), PATIENCE_MS);
  }

  /** Ends the call from A's side, whatever its state. */
  hangUp(onDone: () => void): void {
    if (this.#dialog === null) {
      this.#cancel();
      onDone();
      return;
    }
    this.#dialog.bye(() => {
      this.close();
      onDone();
    });
  }

  take(message: Received): void {
    if (message.status === null) {
      if (message.method !== 'BYE') {
        if (message.method !== 'ACK') this.port.respond(message, '200 OK', '');
        return;
      }
      this.port.respond(message, '200 OK', '');
      this.#over('freeswitch');
      return;
    }
    if (message.method === 'INVITE') this.#answered(message, message.status);
    else if (message.method === 'BYE' && message.status >= 200) this.#dialog?.byeAnswered();
  }

  /** Stops everything that it still does. */
  close(): void {
    this.#invite.stop();
    clearTimeout(this.#patience);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#dialog?.close();
    this.voices.leave(this.call, 'a');
  }

  #answered(message: Received, status: number): void {
    this.#invite.stop();
    if (status < 200) return;
    const to = headerOf(message.text, 'To');
    const branch = status < 300 ? undefined : this.#branch;
    const uri = status < 300 ? contactIn(message.text) : this.#uri;
    this.port.send(this.#head('ACK', to, branch, uri), this.target);
    // FreeSWITCH repeats a final response whose ACK got lost.
    if (this.call.status !== null) return;
    this.call.status = status;
    if (status >= 300) {
      this.#over('freeswitch');
      return;
    }
    clearTimeout(this.#patience);
    this.call.timeline.answered = Date.now();
    this.#dialog = new Dialog(this.port, {
      local: this.#local,
      remote: to,
      callId: this.callId,
      target: uri,
      port: this.target,
      cseq: 1,
    });
    const media = mediaPortIn(message.text);
    if (this.call.script.pin === '') this.voices.join(this.call, 'a', media);
    else this.#keyPin(media);
    // Once more: a call that was answered but leads to nobody is given up as well.
    this.#timers.push(
      setTimeout(() => {
        if (this.call.timeline.bAnswered === null) this.#giveUp();
      }, PATIENCE_MS),
    );
  }

  /** Keys the PIN, and once more when nobody is called: the far end asked again. */
  #keyPin(media: number, after = PROMPT_MS, again = true): void {
    const key = (): void => {
      if (this.call.timeline.bInvited !== null) return;
      this.call.keyed += 1;
      this.voices.leave(this.call, 'a');
      const takes = this.voices.press(this.#talker, this.call.script.pin, media) + 100;
      this.#later(takes, () => {
        this.call.timeline.keyed = Date.now();
        this.voices.join(this.call, 'a', media);
      });
      if (again) this.#keyPin(media, takes + ASKED_AGAIN_MS, false);
    };
    this.#later(after, key);
  }

  #later(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms));
  }

  #giveUp(): void {
    if (this.#dialog === null) this.#cancel();
    else this.#dialog.bye(() => undefined);
    this.#over('silence');
  }

  #cancel(): void {
    this.port.send(this.#head('CANCEL', `<${this.#uri}>`, this.#branch), this.target);
  }

  #over(by: 'freeswitch' | 'silence'): void {
    this.close();
    this.onEnd(by);
  }

  #head(method: string, to: string, branch?: string, uri = this.#uri): string[] {
    return [
      `${method} ${uri} SIP/2.0`,
      this.port.via(branch),
      `From: ${this.#local}`,
      `To: ${to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: 1 ${method}`,
      'Max-Forwards: 70',
    ];
  }
}
