/** Samples over which loudness is taken: about a twentieth of a second. */
const WINDOW = 2_048;
/** Decibels below full scale that count as silence. */
const FLOOR = -50;

/** What a phone's owner hears: loudspeaker, level, and the phone's own ringing. */
export class Ear {
  readonly #context: AudioContext;
  readonly #speaker = new Audio();
  readonly #analyser: AnalyserNode;
  readonly #samples = new Float32Array(WINDOW);
  readonly #ringing: GainNode;
  readonly #loud: GainNode;
  #source: MediaStreamAudioSourceNode | null = null;
  #bell: OscillatorNode | null = null;

  constructor(context: AudioContext) {
    this.#context = context;
    this.#analyser = new AnalyserNode(context, { fftSize: WINDOW });
    this.#loud = new GainNode(context);
    this.#ringing = new GainNode(context, { gain: 0 });
    this.#ringing.connect(this.#loud).connect(context.destination);
  }

  /** Whether it is heard in the room. The level shows what arrives in any case. */
  set listening(listening: boolean) {
    this.#speaker.muted = !listening;
    this.#loud.gain.value = listening ? 1 : 0;
  }

  hear(stream: MediaStream): void {
    this.#source?.disconnect();
    // Chromium lets a far end's audio into the graph only while an element plays it, too.
    this.#speaker.srcObject = stream;
    this.#speaker.play().catch(() => {
      // The browser waits for a click; the next one on this page begins a call, and with it a new play().
    });
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
  }

  /** Rings every three seconds until the answer: the bell of a called phone, or what its caller hears. */
  ring(kind: 'bell' | 'ringback'): void {
    this.quiet();
    const [hz, on] = kind === 'bell' ? [700, 0.4] : [440, 1];
    const bell = new OscillatorNode(this.#context, { frequency: hz });
    const pulse = new AudioBufferSourceNode(this.#context, { buffer: this.#pulse(on, 3), loop: true });
    bell.connect(this.#ringing);
    pulse.connect(this.#ringing.gain);
    bell.start();
    pulse.start();
    bell.addEventListener('ended', () => {
      pulse.stop();
      pulse.disconnect();
      bell.disconnect();
    });
    this.#bell = bell;
  }

  quiet(): void {
    this.#bell?.stop();
    this.#bell = null;
  }

  silence(): void {
    this.quiet();
    this.#source?.disconnect();
    this.#source = null;
    this.#speaker.srcObject = null;
  }

  /** How loud what arrives is at the moment, 0 to 1. */
  level(): number {
    if (this.#source === null) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / WINDOW;
    const decibels = 10 * Math.log10(power + 1e-12);
    return Math.min(1, Math.max(0, 1 - decibels / FLOOR));
  }

  /** A gain that is open for the first `on` of `every` seconds. */
  #pulse(on: number, every: number): AudioBuffer {
    const { sampleRate } = this.#context;
    const buffer = this.#context.createBuffer(1, every * sampleRate, sampleRate);
    buffer.getChannelData(0).fill(0.1, 0, Math.round(on * sampleRate));
    return buffer;
  }
}
