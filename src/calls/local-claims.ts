import type { DestinationProblem } from '../masking/destinations.js';
import type { E164 } from '../masking/phone-number.js';
import { refused, type Claim, type Destination } from './call-claims.js';
import type { CallStore, InteractionStart } from './ports.js';

export interface LocalClaimsOptions {
  readonly destinations: { problemAsLastSeen(number: E164): DestinationProblem | null };
  readonly store: Pick<CallStore, 'noteOf'>;
}

/**
 * Claims while the store is away: nothing is claimed, and no limit is counted against. Both legs carry what
 * there is to write, and the store enters it when it hears of the end of the first of them.
 */
export class LocalClaims {
  readonly #options: LocalClaimsOptions;

  constructor(options: LocalClaimsOptions) {
    this.#options = options;
  }

  /** As CallClaims.claim. Asks nobody. */
  claim(start: InteractionStart, dialled: readonly Destination[]): Promise<Claim> {
    const { destinations, store } = this.#options;
    const isRefused = dialled.some(({ number }) => destinations.problemAsLastSeen(number) !== null);
    return Promise.resolve(
      isRefused ? refused('destination') : { result: 'begun', secondsLeft: null, note: store.noteOf(start) },
    );
  }
}
