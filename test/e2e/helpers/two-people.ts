import type { RealBed, RealLane } from './real-bed.js';
import { RtpTalker } from './rtp.js';
import { RtpSocket } from './rtp-socket.js';
import { SipAgent } from './sip-agent.js';
import { answerSipCall, mediaPortIn, placeSipCall, type SipDialog } from './sip-dialog.js';
import { toneShare } from './tone.js';
import { until } from '../../helpers/until.js';

/** What each party speaks with, in hertz; neither has a harmonic at the other's. */
export const TONE_OF_A = 400;
export const TONE_OF_B = 1000;
/** Longer than any test lets two people talk. */
const SPEECH_MS = 20_000;
/** A tenth of a second. */
const LATEST_SAMPLES = 800;

/** One person with a phone: signalling and audio. */
export class Person {
  readonly #talker: RtpTalker;
  #speech: Promise<void> = Promise.resolve();

  private constructor(
    readonly sip: SipAgent,
    readonly rtp: RtpSocket,
    hz: number,
  ) {
    this.#talker = new RtpTalker(hz);
  }

  /** `port` 0 lets the system choose. `server` is whom it talks to, as seen from `address`. */
  static async withPhone(hz: number, port = 0, address = '127.0.0.1', server = address): Promise<Person> {
    return new Person(await SipAgent.open(port, address, server), await RtpSocket.open(address, server), hz);
  }

  /** Speaks until the phone is put away. */
  speak(mediaPort: number): void {
    this.#speech = this.rtp.play(this.#talker.speech(SPEECH_MS), mediaPort);
  }

  /** Presses keys, after a few words: the first packets of a stream may still be unheard. */
  async press(keys: string, mediaPort: number): Promise<void> {
    await this.rtp.play([...this.#talker.speech(200)], mediaPort);
    await this.rtp.play(this.#talker.keys(keys), mediaPort);
  }

  hears(hz: number): boolean {
    return toneShare(this.rtp.heard.slice(-LATEST_SAMPLES), hz) > 0.5;
  }

  async close(): Promise<void> {
    this.sip.close();
    this.rtp.close();
    await this.#speech;
  }
}

/** A caller behind the bed's trunk, and B in place of the phones behind the lane's own. */
export class TwoPeople {
  private constructor(
    readonly bed: RealBed,
    readonly lane: RealLane,
    readonly a: Person,
    readonly b: Person,
  ) {}

  static async of(bed: RealBed, lane: RealLane): Promise<TwoPeople> {
    const a = await Person.withPhone(TONE_OF_A);
    return new TwoPeople(bed, lane, a, await Person.withPhone(TONE_OF_B, bed.trunkPorts.get(lane.trunk)));
  }

  /** `from` calls the virtual number; resolves when it is answered. */
  async call(
    from: string,
    more: { readonly sdpLines?: readonly string[]; readonly requestUser?: string } = {},
  ): Promise<{ dialog: SipDialog; mediaPort: number; answer: string }> {
    const { final, dialog } = await placeSipCall(this.a.sip, {
      port: this.bed.freeswitch.sipPort,
      to: this.lane.did,
      from,
      rtpPort: this.a.rtp.port,
      ...more,
    });
    if (dialog === null) throw new Error(`the call was not answered:\n${final.text}`);
    return { dialog, mediaPort: mediaPortIn(final.text), answer: final.text };
  }

  /** B is called and answers. */
  async answer(
    whileRinging?: () => Promise<void>,
  ): Promise<{ dialog: SipDialog; mediaPort: number; invite: string }> {
    const { invite, dialog } = await answerSipCall(this.b.sip, {
      user: this.lane.second,
      rtpPort: this.b.rtp.port,
      ...(whileRinging === undefined ? {} : { whileRinging }),
    });
    return { dialog, mediaPort: mediaPortIn(invite.text), invite: invite.text };
  }

  /** Both speak, and each hears the other: only then are the legs joined for certain. */
  async talk(mediaPorts: { readonly a: number; readonly b: number }): Promise<void> {
    this.a.speak(mediaPorts.a);
    this.b.speak(mediaPorts.b);
    await until('the two hear each other', () => this.a.hears(TONE_OF_B) && this.b.hears(TONE_OF_A));
  }

  /** The first party calls, the second answers, and they talk. */
  async connect(
    whileRinging?: () => Promise<void>,
  ): Promise<{ dialogA: SipDialog; dialogB: SipDialog; inviteOfB: string; answerToA: string }> {
    const [called, calling] = await Promise.all([this.answer(whileRinging), this.call(this.lane.first)]);
    await this.talk({ a: calling.mediaPort, b: called.mediaPort });
    return {
      dialogA: calling.dialog,
      dialogB: called.dialog,
      inviteOfB: called.invite,
      answerToA: calling.answer,
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.a.close(), this.b.close()]);
  }
}

/** Runs a test with two people on a lane of their own. */
export async function withTwoPeople(
  bed: RealBed,
  run: (lane: RealLane, people: TwoPeople) => Promise<void>,
): Promise<void> {
  const lane = await bed.lane();
  const people = await TwoPeople.of(bed, lane);
  try {
    await run(lane, people);
  } finally {
    await people.close();
  }
}
