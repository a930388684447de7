import { setTimeout as sleep } from 'node:timers/promises';
import { MasklineError } from '../errors.js';
import type { Answer, Decide, Question } from '../freeswitch/question.js';
import type { Logger } from '../telemetry/logger.js';

/** This controller's store is away: another one may answer. */
export class QuestionPassedOnError extends MasklineError {
  readonly code = 'ERR_QUESTION_PASSED_ON';
}

export interface OutageDeciderOptions {
  readonly decide: Decide;
  /** Decides without the store. */
  readonly decideLocally: Decide;
  /** True while the store is known to be away. */
  readonly isAway: () => boolean;
  /** Whether a decision failed because the store is away. */
  readonly isOutage: (error: unknown) => boolean;
  /** Milliseconds that the store has for a question that was asked before in vain. Default 500. */
  readonly patience?: number;
  readonly log: Logger;
}

/** Far above any answer of Redis, and well below what a decision may take. */
const PATIENCE = 500;

/**
 * Decides from the local copy of routes what the store cannot be asked for: only when the dialplan would go on
 * with the announcement otherwise. The first time that it asks it is sent on, since another controller may have
 * the store and knows more.
 */
export class OutageDecider {
  readonly #options: OutageDeciderOptions;

  constructor(options: OutageDeciderOptions) {
    this.#options = options;
  }

  /** Rejects when neither the store nor the local copy can decide. */
  async decide(question: Question): Promise<Answer> {
    const { decide, isAway } = this.#options;
    if (question.isLastChance) return isAway() ? this.#decideLocally(question) : this.#decideAtLast(question);
    if (isAway()) throw new QuestionPassedOnError('Redis is away: another controller may know');
    return decide(question);
  }

  /**
   * Another question of this call got no answer: the store may be silent, and not known to be yet. What it still
   * does for this question after we gave it up is done for the same interaction, so it does no harm.
   */
  async #decideAtLast(question: Question): Promise<Answer> {
    const { decide, isOutage, patience = PATIENCE } = this.#options;
    const settled = new AbortController();
    const silence = sleep(patience, null, { signal: settled.signal }).catch(() => null);
    const decided = decide(question).catch((error: unknown) => {
      if (isOutage(error)) return null;
      throw error;
    });
    const answer = await Promise.race([decided, silence]).finally(() => settled.abort());
    return answer ?? this.#decideLocally(question);
  }

  async #decideLocally(question: Question): Promise<Answer> {
    const answer = await this.#options.decideLocally(question);
    this.#options.log.warn(
      { call: question.uuid, next: answer.next },
      'Redis is away: a call was decided by the local copy',
    );
    return answer;
  }
}
