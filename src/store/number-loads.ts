import type { E164 } from '../masking/phone-number.js';
import { numberKey } from './keys.js';
import type { Reply, Scripts } from './scripts.js';

/** What is on a virtual number. */
export interface NumberLoad {
  readonly sessions: number;
  readonly calls: number;
  /** Sessions that are over and whose parties cannot be given the number yet. */
  readonly coolingOff: number;
  /** A single-party session, or its cool-off, has the number's unknown callers: no other one can come. */
  readonly isOpen: boolean;
  readonly pins: readonly { readonly length: number; readonly live: number }[];
}

/** Sessions in their cool-off that are looked at for one number. */
const MOST_COOLING = 100;

/** How much is on each number, for people who look: nothing is decided by it. */
export class NumberLoads {
  readonly #scripts: Scripts;

  constructor(scripts: Scripts) {
    this.#scripts = scripts;
  }

  /** One round trip for all. `now` in milliseconds since the epoch. Throws StoreUnavailableError. */
  async of(numbers: readonly E164[], now: number): Promise<NumberLoad[]> {
    return Promise.all(
      numbers.map(async (number) => {
        const reply = await this.#scripts.run('number-load', [numberKey(number)], [now, MOST_COOLING]);
        const [sessions, calls, coolingOff, flat, open] = reply as [number, number, number, Reply[], number];
        const pins = [];
        for (let index = 0; index + 1 < flat.length; index += 2) {
          pins.push({ length: Number(flat[index]), live: Number(flat[index + 1]) });
        }
        return { sessions, calls, coolingOff, isOpen: open === 1, pins };
      }),
    );
  }
}
