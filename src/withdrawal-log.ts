import type { WithdrawalNews } from './store/index.js';
import type { Logger } from './telemetry/logger.js';

const TEXTS = {
  owed: 'a create failed without an answer from Redis: its session is withdrawn once Redis answers',
  void: 'a create that failed left no session',
  dropped: 'a session that no client was told of was withdrawn',
  ended: 'a session that no client was told of had calls: it was ended, and stays readable',
  left: 'a session that no client was told of may exist: end it over the API',
} as const;
const LEVELS = { owed: 'warn', void: 'info', dropped: 'warn', ended: 'warn', left: 'error' } as const;

/** Writes down what becomes of creates that failed while Redis did not answer. */
export function withdrawalLog(log: Logger): (news: WithdrawalNews) => void {
  return ({ sessionId, state, error }) => {
    log[LEVELS[state]]({ session: sessionId, ...(error === undefined ? {} : { err: error }) }, TEXTS[state]);
  };
}
