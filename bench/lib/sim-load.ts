import { setTimeout as sleep } from 'node:timers/promises';

import type { PlacedCall } from '../../sandbox/placed-call.js';
import type { SimulatedFreeSwitch } from '../../sandbox/simulated-freeswitch.js';
import type { E164 } from '../../src/masking/phone-number.js';
import { atRate } from './paced.js';
import { first, second } from './people.js';

export interface LoadOptions {
  /** Calls a second. */
  readonly rate: number;
  readonly calls: number;
  /** Milliseconds that two talk before the caller hangs up; null: until `hangUp`. */
  readonly talkMs: number | null;
  /** The number that the n-th caller dials. */
  readonly dials: (n: number) => E164;
  /** The first caller's n. Default 0. */
  readonly from?: number;
}

export interface LoadResult {
  /** Milliseconds from the call's coming in until B's phone was told of it, one value a call. */
  readonly setups: readonly number[];
  readonly failed: number;
  /** Milliseconds from the first call to the last. */
  readonly placedMs: number;
}

/** In which a node has done with the last call that hung up, on a busy machine. */
const HUNG_UP_MS = 120_000;

/** Calls through a simulated FreeSWITCH, at a rate that does not wait for them. */
export class SimLoad {
  readonly #node: SimulatedFreeSwitch;
  readonly #begun = new Map<string, number>();
  readonly #setups: number[] = [];
  readonly #up = new Set<PlacedCall>();

  constructor(node: SimulatedFreeSwitch) {
    this.#node = node;
    node.phones.on('received', ({ number }) => {
      const begun = this.#begun.get(number);
      this.#begun.delete(number);
      if (begun !== undefined) this.#setups.push(performance.now() - begun);
    });
  }

  /** Calls that are answered and not over. */
  get up(): number {
    return this.#up.size;
  }

  /** Places the calls; resolves once each is answered or refused, and over unless it is to be held. */
  async run({ rate, calls, talkMs, dials, from = 0 }: LoadOptions): Promise<LoadResult> {
    this.#setups.length = 0;
    this.#begun.clear();
    let failed = 0;
    const settled: Promise<void>[] = [];
    const start = performance.now();
    await atRate(rate, calls, (placed) => {
      const n = from + placed;
      this.#begun.set(second(n), performance.now());
      const call = this.#node.place({ from: first(n), to: dials(n) });
      settled.push(
        this.#settle(call, talkMs).then((isAnswered) => {
          if (!isAnswered) failed += 1;
        }),
      );
    });
    const placedMs = performance.now() - start;
    await Promise.all(settled);
    return { setups: [...this.#setups], failed, placedMs };
  }

  /** Every caller hangs up, so many a second; resolves once the node has done with all of them. */
  async hangUp(rate: number): Promise<void> {
    const calls = [...this.#up];
    await atRate(rate, calls.length, (n) => calls[n]?.hangup());
    const deadline = performance.now() + HUNG_UP_MS;
    while (this.#node.channels.length > 0) {
      if (performance.now() > deadline) throw new Error(`${this.#node.channels.length} legs did not end`);
      await sleep(50);
    }
  }

  async #settle(call: PlacedCall, talkMs: number | null): Promise<boolean> {
    if (!(await call.answered)) return false;
    this.#up.add(call);
    void call.ended.then(() => this.#up.delete(call));
    if (talkMs === null) return true;
    await sleep(talkMs);
    call.hangup();
    await call.ended;
    return true;
  }
}
