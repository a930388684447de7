import { refusalOf, SHORTEST_CALL, type CallLimit } from '../masking/call-limits.js';
import { DESTINATION_TEXTS, type DestinationProblem } from '../masking/destinations.js';
import type { E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import type { SessionNotice } from '../masking/session-note.js';
import type { Logger } from '../telemetry/logger.js';
import type { ClaimResult } from './machine.js';
import { recordWithoutLeg } from './node-link.js';
import { addressOf, type CallAdmissions, type CallStore, type InteractionStart } from './ports.js';

export interface CallClaimsOptions {
  readonly store: Pick<CallStore, 'begin' | 'withdraw' | 'finishLeg' | 'isVirtualNumber'>;
  readonly admissions: CallAdmissions;
  readonly destinations: { problemOf(number: E164): Promise<DestinationProblem | null> };
  /** Where the owner of a session reads why a call of it was refused. */
  readonly notes: {
    note(
      session: Pick<MaskingSession, 'id' | 'virtualNumber'>,
      notice: SessionNotice,
      now: number,
    ): Promise<unknown>;
  };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

export interface Claim {
  readonly result: ClaimResult;
  /** Seconds that the call may last by the day's minutes; null when nothing limits them. */
  readonly secondsLeft: number | null;
  /** What the leg is to carry, because the store does not know of the call; or "". */
  readonly note: string;
  /** What stood in the way, in words; "" for what the result says by itself. */
  readonly why: string;
}

/** A phone that is about to be dialled, and whose it is. */
export interface Destination {
  readonly parameter: 'first_party' | 'second_party';
  readonly number: E164;
}

/**
 * Claims everything that a call needs before a phone may ring: its destinations, its session, and room below every
 * limit. In one round trip: the claims go out together, and what was had is given back when another one failed.
 */
export class CallClaims {
  readonly #options: CallClaimsOptions;

  constructor(options: CallClaimsOptions) {
    this.#options = options;
  }

  /** `dialled`: whom we are going to call. `signal`: see Decide. Rejects when the store cannot be reached. */
  async claim(
    start: InteractionStart,
    dialled: readonly Destination[],
    session: Pick<MaskingSession, 'id' | 'virtualNumber'>,
    signal?: AbortSignal,
  ): Promise<Claim> {
    const { store, admissions, destinations, now } = this.#options;
    for (const { parameter, number } of dialled) {
      const problem = await destinations.problemOf(number);
      if (problem === null) continue;
      this.#tell(start, session, { parameter, code: 'ERR_DESTINATION', message: DESTINATION_TEXTS[problem] });
      return refused('destination', DESTINATION_TEXTS[problem]);
    }
    const at = now();
    const [begun, admission, ...loops] = await Promise.all([
      store.begin(start, at),
      admissions.admit(start, at),
      ...dialled.map(({ number }) => store.isVirtualNumber(number)),
    ]);
    if (begun !== 'begun') {
      if (admission.limit === null) await admissions.dismiss(start.id, at);
      if (begun === 'busy' || begun === 'gone') return refused(begun);
      return this.#limited(start, session, begun);
    }
    // Nobody waits any more, and the call may be up by another decision: its own legs tell of its end, not we.
    const isLate = signal?.aborted === true;
    if (isLate && (loops.includes(true) || admission.limit !== null)) {
      return { result: 'begun', secondsLeft: null, note: '', why: '' };
    }
    if (loops.includes(true)) {
      // The party became one of our numbers after the session was made.
      await this.#finish(start, at, 'EXCHANGE_ROUTING_ERROR');
      return refused('loop');
    }
    if (admission.limit !== null) {
      await this.#giveBack(start, at);
      return this.#limited(start, session, admission.limit);
    }
    const { secondsLeft } = admission;
    return {
      result: 'begun',
      secondsLeft: secondsLeft === null ? null : Math.max(SHORTEST_CALL, secondsLeft),
      note: '',
      why: '',
    };
  }

  /** A begin that told somebody of the call cannot be unsaid: the call has ended then. */
  async #giveBack(start: InteractionStart, at: number): Promise<void> {
    if (start.tells !== null) return this.#finish(start, at, 'CALL_REJECTED');
    await this.#options.store.withdraw(addressOf(start));
  }

  async #finish(start: InteractionStart, at: number, cause: string): Promise<void> {
    const { id, caller } = start;
    const leg = { uuid: id, party: caller, startedAt: at, connectedAt: null, endedAt: at, trunk: '' };
    await this.#options.store.finishLeg(
      addressOf(start),
      recordWithoutLeg({ ...leg, cause, endedBy: 'system' }),
    );
  }

  #limited(
    start: InteractionStart,
    session: Pick<MaskingSession, 'id' | 'virtualNumber'>,
    limit: CallLimit,
  ): Claim {
    this.#tell(start, session, { parameter: limit, code: 'ERR_CALL_LIMIT', message: 'the limit is reached' });
    return refused(refusalOf(limit), limit);
  }

  /** Into the log and the session's events; the caller does not wait for it. */
  #tell(
    start: InteractionStart,
    session: Pick<MaskingSession, 'id' | 'virtualNumber'>,
    notice: Omit<SessionNotice, 'event'>,
  ): void {
    const { notes, now, log } = this.#options;
    const { parameter, code, message } = notice;
    log.warn(
      { call: start.id, session: session.id, did: session.virtualNumber, by: parameter, code },
      `a call was refused: ${message}`,
    );
    notes.note(session, { event: 'call-refused', ...notice }, now()).catch((error: unknown) => {
      log.warn({ err: error, call: start.id, session: session.id }, 'the refusal of a call was not noted');
    });
  }
}

export function refused(result: Exclude<ClaimResult, 'begun'>, why = ''): Claim {
  return { result, secondsLeft: null, note: '', why };
}
