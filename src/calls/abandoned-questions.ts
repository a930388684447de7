import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Question } from '../freeswitch/question.js';
import type { Logger } from '../telemetry/logger.js';
import type { NodeLink } from './node-link.js';
import type { CallRecords } from './records.js';

export interface AbandonedQuestionsOptions {
  readonly records: CallRecords;
  /** The nodes that this controller may supervise. */
  readonly nodes: readonly Pick<NodeLink, 'name' | 'state' | 'exists'>[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A channel that hung up exists for some milliseconds more. */
const TRIES = 10;
const PAUSE_MS = 200;

/**
 * Questions whose connection went away before their answer: the caller gave up, most likely, and what
 * the answer claimed is given back as soon as the node says that the channel is gone.
 *
 * A connection can also break while the call goes on and asks again, and another controller may have
 * the node. Nothing is done then; the reconciler decides.
 */
export class AbandonedQuestions {
  readonly #options: AbandonedQuestionsOptions;

  constructor(options: AbandonedQuestionsOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async giveBack(question: Question, answer: Answer): Promise<void> {
    const { records, nodes, now, log, signal } = this.#options;
    const node = nodes.find(({ name, state }) => name === question.node && state === 'up');
    const at = now();
    try {
      for (let tries = 0; node !== undefined && tries < TRIES; tries += 1) {
        if (!(await node.exists(question.uuid))) {
          await records.abandoned(question, answer, at);
          return;
        }
        await sleep(PAUSE_MS, undefined, { signal });
      }
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error, call: question.uuid }, 'an abandoned call was not recorded');
    }
  }
}
