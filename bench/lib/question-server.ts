/**
 * Child of bench:controller: the question server alone. It connects every caller to a number that the caller's own
 * tells, and knows no Redis, no records and no events. Started with an IPC channel; sends its port.
 */
import { dialString } from '../../src/freeswitch/dial-string.js';
import { QuestionServer } from '../../src/freeswitch/question-server.js';
import type { ConnectAnswer } from '../../src/freeswitch/question.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { secondOf } from './people.js';

const server = new QuestionServer({
  ...{ host: '127.0.0.1', port: 0, allow: ['127.0.0.1'], secret: process.env['QUESTION_SECRET'] ?? '' },
  dialString,
  log: createLogger({ level: 'fatal' }),
  decide: ({ uuid, dialled, callerNumber }): Promise<ConnectAnswer> =>
    Promise.resolve({
      next: 'connect',
      marks: { number: dialled, sessionId: uuid, interactionId: uuid, party: 'first' },
      target: secondOf(callerNumber),
      ...{ trunks: ['bench'], ringTimeout: 45, callTimeLimit: 14_400 },
      ...{ playA: '', playB: '', record: '', note: '' },
    }),
});
await server.listen();
process.send?.(server.address?.port);
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
