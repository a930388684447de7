import { setTimeout as sleep } from 'node:timers/promises';
import { MasklineError } from '../errors.js';
import type { Answer, Decide, Question } from '../freeswitch/question.js';
import type { Logger } from '../telemetry/logger.js';
import { NoLocalRouteError } from './local-routes.js';

/** This controller's store is away: another one may answer. */
export class QuestionPassedOnError extends MasklineError {
  readonly code = 'ERR_QUESTION_PASSED_ON';
}

export interface OutageDeciderOptions {
  readonly decide: Decide;
  /** Decides without the store. Rejects with NoLocalRouteError where it cannot. */
  readonly decideLocally: Decide;
  /** True while the store is known to be away. */
  readonly isAway: () => boolean;
  /** Whether a decision failed because the store is away. */
  readonly isOutage: (error: unknown) => boolean;
  /** Milliseconds that the store has for a question that was asked before in vain. Default 1000. */
  readonly patience?: number;
  readonly log: Logger;
}

/** Far above any answer of Redis, and with the first question's 1.5 s below the 3 s that a caller may lose. */
const PATIENCE = 1_000;

/**
 * Decides from the local copy of routes what the store cannot be asked for: only when the dialplan has asked before in
 * vain. The first time it is sent on, since another controller may have the store and knows more. When all have been
 * asked and none had it, it goes round once more (`ask-last`): only the one that used to lead this caller on knows where.
 */
export class OutageDecider {
  readonly #options: OutageDeciderOptions;

  constructor(options: OutageDeciderOptions) {
    this.#options = options;
  }

  /** Rejects when neither the store nor the local copy can decide. */
  async decide(question: Question, signal: AbortSignal): Promise<Answer> {
    const { decide, isAway } = this.#options;
    if (question.round === 'first') {
      if (isAway()) throw new QuestionPassedOnError('Redis is away: another controller may know');
      return decide(question, signal);
    }
    // Nobody is led on by keyed digits, or called back, without the store.
    if (question.kind !== 'inbound') return decide(question, signal);
    return isAway() ? this.#decideLocally(question, signal) : this.#decideAtLast(question, signal);
  }

  /** The store may be silent, and not known to be yet. */
  async #decideAtLast(question: Question, signal: AbortSignal): Promise<Answer> {
    const { decide, isOutage, patience = PATIENCE, log } = this.#options;
    const givenUp = new AbortController();
    const over = new AbortController();
    const silence = sleep(patience, 'silence' as const, { signal: over.signal }).catch(
      () => 'silence' as const,
    );
    const decided = decide(question, AbortSignal.any([signal, givenUp.signal])).catch((error: unknown) => {
      if (isOutage(error)) return 'outage' as const;
      if (givenUp.signal.aborted) log.error({ err: error, call: question.uuid }, 'a decision failed, late');
      throw error;
    });
    const outcome = await Promise.race([decided, silence]).finally(() => over.abort());
    if (outcome === 'outage') return this.#decideLocally(question, signal);
    if (outcome !== 'silence') return outcome;
    try {
      const answer = await this.#askCopy(question, signal);
      givenUp.abort();
      return answer;
    } catch (error) {
      if (!(error instanceof NoLocalRouteError)) throw error;
    }
    // It is slow, and still the one that may know; until so long that another controller has to be asked.
    const late = await (question.round === 'last'
      ? decided
      : Promise.race([decided, sleep(patience / 4, null)]));
    if (late !== null && late !== 'outage') return late;
    givenUp.abort();
    return this.#decideLocally(question, signal);
  }

  /** The store is away: what the copy does not know here, it may know at another controller. */
  async #decideLocally(question: Question, signal: AbortSignal): Promise<Answer> {
    try {
      return await this.#askCopy(question, signal);
    } catch (error) {
      if (error instanceof NoLocalRouteError && question.round === 'second') return { next: 'ask-last' };
      throw error;
    }
  }

  async #askCopy(question: Question, signal: AbortSignal): Promise<Answer> {
    const { decideLocally, log } = this.#options;
    const answer = await decideLocally(question, signal);
    log.warn(
      { call: question.uuid, next: answer.next },
      'Redis is away: a call was decided by the local copy',
    );
    return answer;
  }
}
