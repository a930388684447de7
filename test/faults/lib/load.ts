import type { CallScript, LoadCall } from './call.js';
import type { Carrier } from './carrier.js';
import { drawn, type LoadLane } from './lanes.js';

export interface LoadOptions {
  /** Calls a second. */
  readonly rate: number;
  readonly seed: string;
  /** Milliseconds that a call talks, at least and at most. */
  readonly talkMs: readonly [number, number];
  /** Where FreeSWITCH takes calls. */
  readonly sipPort: number;
}

/** A lane rests this long after a call, in milliseconds: its record is being written. */
const REST_MS = 3_000;

/** Places calls at a steady rate, each on the lane that has been free for the longest. */
export class Load {
  /** Calls that could not be placed, because every lane had one. */
  short = 0;
  readonly #carrier: Carrier;
  readonly #options: LoadOptions;
  readonly #free: { lane: LoadLane; since: number }[];
  #timer: NodeJS.Timeout | undefined;
  #placed = 0;

  constructor(carrier: Carrier, lanes: readonly LoadLane[], options: LoadOptions) {
    this.#carrier = carrier;
    this.#options = options;
    const shuffled = lanes.toSorted(
      (left, right) => drawn(options.seed, left.index) - drawn(options.seed, right.index),
    );
    this.#free = shuffled.map((lane) => ({ lane, since: 0 }));
    carrier.onClosed = ({ lane }) => {
      this.#free.push({ lane, since: Date.now() });
    };
  }

  /** Calls so far. */
  get placed(): number {
    return this.#placed;
  }

  /** `rate`: calls a second, from here on. */
  start(rate = this.#options.rate): void {
    this.stop();
    const begun = performance.now();
    let due = 0;
    // A timer that is late catches up, so that the rate is what was asked for.
    this.#timer = setInterval(() => {
      while (due <= performance.now() - begun) {
        due += 1_000 / rate;
        this.place();
      }
    }, 5);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Places one call now; null when no lane is free. */
  place(): LoadCall | null {
    const [next] = this.#free;
    if (next === undefined || Date.now() - next.since < REST_MS) {
      this.short += 1;
      return null;
    }
    this.#free.shift();
    this.#placed += 1;
    return this.#carrier.place(next.lane, this.#script(next.lane), this.#options.sipPort);
  }

  #script(lane: LoadLane): CallScript {
    const { seed, talkMs } = this.#options;
    const draw = (what: number): number => drawn(seed, this.#placed * 8 + what);
    const fromFirst = draw(0) < 0.5;
    const pin = lane.kind === 'pin';
    return {
      from: pin ? lane.stranger : fromFirst ? lane.first : lane.second,
      to: fromFirst ? lane.second : lane.first,
      pin: fromFirst ? lane.firstPin : lane.secondPin,
      dialMs: Math.round(400 + 800 * draw(1)),
      ringMs: Math.round(800 + 1_400 * draw(2)),
      talkMs: Math.round(talkMs[0] + (talkMs[1] - talkMs[0]) * draw(3)),
      hangUpBy: draw(4) < 0.5 ? 'a' : 'b',
    };
  }
}
