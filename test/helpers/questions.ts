import type { Question } from '../../src/freeswitch/question.js';
import { DID, FIRST } from './sessions.js';

/** The channel that asks. */
export const UUID = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';

/** An inbound call of the first party, unless it is to be another question. */
export function aQuestion(changes: Partial<Question> = {}): Question {
  return {
    kind: 'inbound',
    uuid: UUID,
    node: 'node-1',
    dialled: DID,
    callerNumber: FIRST,
    fromUser: FIRST,
    privacy: '',
    hidden: false,
    attempt: 0,
    keyed: 'pin',
    promptFailures: 0,
    digits: '',
    promptFailed: false,
    round: 'first',
    keeps: 'all',
    sessionId: '',
    number: '',
    ...changes,
  };
}
