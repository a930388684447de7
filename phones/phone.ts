import JsSIP from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession.js';

import { Problem } from './api.js';
import { withAddress } from './candidates.js';
import type { Ear } from './ear.js';
import { endingOf, registrationProblem } from './reasons.js';
import type { Voice, VoiceSource } from './voice.js';

/** Of the profile that softphones register with (freeswitch/conf/sip_profiles/softphone.xml). */
const DOMAIN = 'softphone';
const REGISTER_EXPIRES = 600;
/** Milliseconds from the first candidate for the media's way until the others are not waited for any more. */
const CANDIDATES_MS = 300;
/** Milliseconds that a browser has to find any way at all. */
const NO_CANDIDATES_MS = 15_000;

/** SIP answers to a call that is not wanted, and to one that comes during another (RFC 3261, 21). */
const DECLINE = 603;
const BUSY_HERE = 486;
/** Keys of a call that are shown. */
const MOST_KEYS = 32;

const NO_WAY =
  'The browser found no network for the audio. Does an extension or a setting of it block WebRTC? Allow the microphone, or use another browser.';

/** Media goes by this host's own addresses: no outside server is asked for one. */
const PEER_CONNECTION: RTCConfiguration = { iceServers: [] };

export type CallState = 'none' | 'dialing' | 'ringing' | 'incoming' | 'connected';

/** What a phone shows. */
export interface PhoneDisplay {
  readonly registered: boolean;
  readonly call: CallState;
  /** The number dialled, or the caller ID of who calls. */
  readonly partner: string;
  /** Milliseconds since the epoch at which the call was connected, or null. */
  readonly since: number | null;
  /** Keys pressed in this call. */
  readonly keyed: string;
  readonly muted: boolean;
  /** How the last call ended, or "". */
  readonly ending: string;
  /** What is wrong with the registration, with its cure, or "". */
  readonly problem: string;
  /** The same of what the phone was to say. */
  readonly voiceProblem: string;
}

const AT_FIRST: PhoneDisplay = {
  registered: false,
  call: 'none',
  partner: '',
  since: null,
  keyed: '',
  muted: false,
  ending: '',
  problem: '',
  voiceProblem: '',
};

export interface PhoneOptions {
  /** The WebSocket of FreeSWITCH's softphone profile. */
  readonly url: string;
  /** Digits: user id and own number. */
  readonly number: string;
  readonly password: string;
  readonly voice: Voice;
  readonly ear: Ear;
}

/** One softphone: its registration, and at most one call. */
export class Phone {
  readonly number: string;
  readonly #agent: JsSIP.UA;
  readonly #url: string;
  readonly #voice: Voice;
  readonly #ear: Ear;
  readonly #listeners = new Set<() => void>();
  #display = AT_FIRST;
  #call: RTCSession | null = null;
  /** Runs while the browser looks for a way for the media. */
  #noWay: ReturnType<typeof setTimeout> | undefined;
  /** Where FreeSWITCH sees us. */
  #address = '';

  constructor({ url, number, password, voice, ear }: PhoneOptions) {
    this.number = number;
    this.#url = url;
    this.#voice = voice;
    this.#ear = ear;
    this.#agent = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(url)],
      uri: `sip:${number}@${DOMAIN}`,
      password,
      register_expires: REGISTER_EXPIRES,
      connection_recovery_max_interval: 10,
      // FreeSWITCH refuses JsSIP's 90 seconds, and has a limit of its own for phones that vanish.
      session_timers: false,
      user_agent: 'Maskline phone',
    });
    this.#followRegistration();
  }

  get display(): PhoneDisplay {
    return this.#display;
  }

  /** How loud what arrives is, 0 to 1. */
  level(): number {
    return this.#ear.level();
  }

  /** `listener` is called after every change; the answer ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    this.#agent.start();
  }

  stop(): void {
    this.#agent.stop();
    this.#ear.silence();
    this.#voice.close();
  }

  /** `number` with or without `+`. */
  dial(number: string): void {
    const digits = number.replace(/\D/g, '');
    if (this.#call !== null || digits === '') return;
    this.#show({ call: 'dialing', partner: digits, keyed: '', ending: '' });
    this.#follow(
      this.#agent.call(`sip:${digits}@${DOMAIN}`, {
        mediaStream: this.#voice.stream,
        pcConfig: PEER_CONNECTION,
      }),
    );
    this.#hear();
  }

  answer(): void {
    if (this.#call === null || this.#display.call !== 'incoming') return;
    this.#ear.quiet();
    this.#call.answer({ mediaStream: this.#voice.stream, pcConfig: PEER_CONNECTION });
    this.#hear();
  }

  /** Rejects, gives up or ends the call, whichever it has come to. */
  hangUp(): void {
    const call = this.#call;
    if (call === null || call.isEnded()) return;
    call.terminate(this.#display.call === 'incoming' ? { status_code: DECLINE } : {});
  }

  /** Presses a key: a telephone event in the media (RFC 4733). */
  press(key: string): void {
    if (this.#call?.isEstablished() !== true) return;
    this.#call.sendDTMF(key, { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833 });
    this.#show({ keyed: (this.#display.keyed + key).slice(-MOST_KEYS) });
  }

  mute(muted: boolean): void {
    // The stream stays with the phone, so the next call begins as this one ended.
    for (const track of this.#voice.stream.getAudioTracks()) track.enabled = !muted;
    this.#show({ muted });
  }

  listen(listening: boolean): void {
    this.#ear.listening = listening;
  }

  /** Answers whether the phone has the voice that was asked for; else its display says why not. */
  async speakWith(source: VoiceSource): Promise<boolean> {
    try {
      await this.#voice.use(source);
      this.#show({ voiceProblem: '' });
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#show({ voiceProblem: error.message });
      return false;
    }
  }

  #followRegistration(): void {
    const agent = this.#agent;
    agent.on('registered', ({ response }) => {
      this.#address = addressIn(response.getHeader('via'));
      this.#show({ registered: true, problem: '' });
    });
    agent.on('unregistered', () => this.#show({ registered: false }));
    agent.on('registrationFailed', ({ response, cause }) =>
      this.#show({
        registered: false,
        problem: registrationProblem(response as { status_code: number } | null, cause ?? ''),
      }),
    );
    agent.on('disconnected', () =>
      this.#show({
        registered: false,
        problem: `FreeSWITCH does not answer at ${this.#url}. Does it run (docker compose ps), and does a firewall let this port through?`,
      }),
    );
    agent.on('newRTCSession', ({ originator, session }: { originator: string; session: RTCSession }) => {
      if (originator !== 'remote') return;
      if (this.#call !== null) {
        session.terminate({ status_code: BUSY_HERE });
        return;
      }
      this.#show({
        call: 'incoming',
        // Digits alone, as in the field to dial.
        partner: session.remote_identity.uri.user.replace(/^\+/, ''),
        keyed: '',
        ending: '',
      });
      this.#ear.ring('bell');
      this.#follow(session);
    });
  }

  #follow(call: RTCSession): void {
    this.#call = call;
    let waiting = false;
    call.on('icecandidate', ({ ready }) => {
      if (waiting) return;
      waiting = true;
      setTimeout(ready, CANDIDATES_MS);
    });
    call.on('sending', () => clearTimeout(this.#noWay));
    call.on('accepted', () => clearTimeout(this.#noWay));
    call.on('sdp', (event: { originator: string; sdp: string }) => {
      if (event.originator === 'local') event.sdp = withAddress(event.sdp, this.#address);
    });
    call.on('progress', (event: { originator: string; response?: { body?: string } }) => {
      // Of a call to us it is our own doing.
      if (event.originator !== 'remote') return;
      this.#show({ call: 'ringing' });
      // With a description of media there is something to hear: an announcement, or ringing from afar.
      if ((event.response?.body ?? '') === '') this.#ear.ring('ringback');
    });
    call.on('confirmed', () => {
      this.#ear.quiet();
      this.#show({ call: 'connected', since: Date.now() });
    });
    const over = ({ originator, cause }: { originator: string; cause: string }): void => {
      clearTimeout(this.#noWay);
      this.#call = null;
      this.#ear.silence();
      const ending = endingOf(originator === 'local', cause, this.#display.since !== null);
      this.#show({ call: 'none', since: null, ending });
    };
    call.on('ended', over);
    call.on('failed', over);
  }

  /** Follows the call's media, once this side has begun with it. */
  #hear(): void {
    this.#noWay = setTimeout(() => {
      this.#show({ voiceProblem: NO_WAY });
      this.hangUp();
    }, NO_CANDIDATES_MS);
    const connection = this.#call?.connection as RTCPeerConnection | undefined;
    connection?.addEventListener('track', ({ track, streams: [stream = new MediaStream([track])] }) =>
      this.#ear.hear(stream),
    );
  }

  #show(change: Partial<PhoneDisplay>): void {
    this.#display = { ...this.#display, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** The address in `received` of a Via header: whom the far end sees (RFC 3261, 18.2.1); "" when it is not there. */
function addressIn(via: string | undefined): string {
  return /;received=([0-9A-Fa-f.:]+)/.exec(via ?? '')?.[1] ?? '';
}
