import { Problem } from './api.js';

/** What a phone says: a microphone by its device id ("" for the default one), or a sound of our own. */
export type VoiceSource =
  { readonly kind: 'microphone'; readonly device: string } | { readonly kind: 'melody' | 'tone' };

const TONE_HZ = 880;
const LOUDNESS = 0.2;

/** The melody: notes in hertz and seconds, and a breath at the end of the round. */
const NOTES = [523.25, 659.25, 783.99, 659.25, 587.33, 698.46, 880, 698.46];
const NOTE_SECONDS = 0.4;
const ROUND_SECONDS = NOTES.length * NOTE_SECONDS + 0.8;

/** The sound that goes into a phone. Its stream stays the same, whatever it is fed from. */
export class Voice {
  readonly #context: AudioContext;
  readonly #out: MediaStreamAudioDestinationNode;
  /** Ends what is heard now. */
  #stop: () => void = () => undefined;
  /** Counts changes, so that of two that overlap the later one wins. */
  #changes = 0;

  constructor(context: AudioContext) {
    this.#context = context;
    this.#out = context.createMediaStreamDestination();
  }

  get stream(): MediaStream {
    return this.#out.stream;
  }

  /** Throws Problem, and goes on with what was heard before, when there is no such microphone. */
  async use(source: VoiceSource): Promise<void> {
    this.#changes += 1;
    const change = this.#changes;
    const begin =
      source.kind === 'microphone' ? await this.#microphone(source.device) : this.#sound(source.kind);
    if (change !== this.#changes) {
      begin()();
      return;
    }
    this.#stop();
    this.#stop = begin();
  }

  close(): void {
    this.#stop();
  }

  async #microphone(device: string): Promise<() => () => void> {
    const stream = await microphone(device);
    return () => {
      const node = this.#context.createMediaStreamSource(stream);
      node.connect(this.#out);
      return () => {
        node.disconnect();
        for (const track of stream.getTracks()) track.stop();
      };
    };
  }

  #sound(kind: 'melody' | 'tone'): () => () => void {
    return () => {
      const gain = this.#context.createGain();
      gain.gain.value = LOUDNESS;
      const node = kind === 'tone' ? this.#tone() : this.#melody();
      node.connect(gain).connect(this.#out);
      node.start();
      return () => {
        node.stop();
        gain.disconnect();
      };
    };
  }

  #tone(): AudioScheduledSourceNode {
    return new OscillatorNode(this.#context, { frequency: TONE_HZ });
  }

  #melody(): AudioScheduledSourceNode {
    const { sampleRate } = this.#context;
    const buffer = this.#context.createBuffer(1, Math.ceil(ROUND_SECONDS * sampleRate), sampleRate);
    const samples = buffer.getChannelData(0);
    NOTES.forEach((hz, index) => {
      const from = Math.round(index * NOTE_SECONDS * sampleRate);
      const length = Math.round(NOTE_SECONDS * sampleRate);
      for (let at = 0; at < length; at += 1) {
        const fade = Math.sin((Math.PI * at) / length);
        samples[from + at] = fade * Math.sin((2 * Math.PI * hz * at) / sampleRate);
      }
    });
    return new AudioBufferSourceNode(this.#context, { buffer, loop: true });
  }
}

/** Without noise suppression, which would take a steady sound for noise. */
async function microphone(device: string): Promise<MediaStream> {
  // The property is missing in a page that is neither of https nor of this host itself.
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (media === undefined) {
    throw new Problem(
      'Browsers give the microphone to pages of https:// or of localhost only. Open this page at ' +
        'http://localhost:8080/phones/ (from another computer: ssh -L 8080:127.0.0.1:8080), or let the phone play the melody.',
    );
  }
  try {
    return await media.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: false,
        ...(device === '' ? {} : { deviceId: { exact: device } }),
      },
    });
  } catch (error) {
    throw new Problem(cureOf(error instanceof Error ? error.name : ''));
  }
}

function cureOf(name: string): string {
  const instead = ', or let the phone play the melody.';
  switch (name) {
    case 'NotAllowedError':
      return `The microphone was refused. Allow it for this page (the sign left of the address)${instead}`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `There is no such microphone. Connect one${instead}`;
    case 'NotReadableError':
      return `Another program holds the microphone. Close that${instead}`;
    default:
      return `The microphone cannot be used (${name}). Try another one${instead}`;
  }
}

/** The microphones that may be chosen; named only once one of them was allowed. */
export async function microphones(): Promise<{ id: string; label: string }[]> {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  const devices = (await media?.enumerateDevices()) ?? [];
  return devices
    .filter(({ kind, deviceId, label }) => kind === 'audioinput' && label !== '' && deviceId !== 'default')
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}
