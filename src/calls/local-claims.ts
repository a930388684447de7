import { DESTINATION_TEXTS, type DestinationProblem } from '../masking/destinations.js';
import type { E164 } from '../masking/phone-number.js';
import type { Logger } from '../telemetry/logger.js';
import { refused, type Claim, type Destination } from './call-claims.js';
import { addressOf, type CallStore, type InteractionStart, type LegAddress } from './ports.js';

export interface LocalClaimsOptions {
  readonly destinations: { problemAsLastSeen(number: E164): DestinationProblem | null };
  readonly store: Pick<CallStore, 'noteOf' | 'beginFromNote'>;
  readonly log: Logger;
  /** Calls that are remembered until the store is back; the oldest gives way. Default 10,000. */
  readonly most?: number;
}

const MOST = 10_000;

/**
 * Claims while the store is away: nothing is claimed, and no limit is counted against. The call's legs carry what there
 * is to write, and whoever hears of their ends enters it. Calls that are still up when the store is back are entered
 * at once from memory, so that they are seen, and are ended should their FreeSWITCH die.
 */
export class LocalClaims {
  readonly #options: LocalClaimsOptions;
  /** By interaction id. */
  readonly #begun = new Map<string, { readonly address: LegAddress; readonly note: string }>();

  constructor(options: LocalClaimsOptions) {
    this.#options = options;
  }

  /** As CallClaims.claim. Asks nobody. */
  claim(start: InteractionStart, dialled: readonly Destination[]): Promise<Claim> {
    const { destinations, store, most = MOST } = this.#options;
    const problem = dialled
      .map(({ number }) => destinations.problemAsLastSeen(number))
      .find((each) => each !== null);
    if (problem !== undefined) return Promise.resolve(refused('destination', DESTINATION_TEXTS[problem]));
    const note = store.noteOf(start);
    this.#begun.set(start.id, { address: addressOf(start), note });
    const [oldest] = this.#begun.keys();
    if (this.#begun.size > most && oldest !== undefined) this.#begun.delete(oldest);
    return Promise.resolve({ result: 'begun', secondsLeft: null, note, why: '' });
  }

  /** Enters the calls of the outage that is over. Never rejects; what could not be entered waits for the next time. */
  async enterAll(): Promise<void> {
    const { store, log } = this.#options;
    try {
      for (const [id, { address, note }] of this.#begun) {
        await store.beginFromNote(address, note);
        this.#begun.delete(id);
      }
    } catch (error) {
      log.warn({ err: error, calls: this.#begun.size }, 'calls of an outage are not entered yet');
    }
  }
}
