import { expect, it } from 'vitest';
import { EslConnection } from '../../../src/freeswitch/connection.js';
import { dialString, originateString } from '../../../src/freeswitch/dial-string.js';
import { eventValue, type EslEvent } from '../../../src/freeswitch/event.js';
import type { Answer, LegMarks, Question } from '../../../src/freeswitch/question.js';
import { legOf } from '../../../src/freeswitch/leg-record.js';
import { QuestionServer } from '../../../src/freeswitch/question-server.js';
import { ALICE, BOB, DID, PASSWORD, SECRET, startNode } from './node.js';

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const marks: LegMarks = {
  number: DID,
  sessionId: 'session-1',
  interactionId: 'interaction-1',
  party: 'first',
};

it("speaks to the controller's own question server and connection", async () => {
  const questions: Question[] = [];
  const decide = (question: Question): Promise<Answer> => {
    questions.push(question);
    return Promise.resolve({
      next: 'connect',
      marks,
      target: BOB,
      trunks: ['carrier-a', 'carrier-b'],
      ringTimeout: 20,
      callTimeLimit: 600,
      playA: '',
      playB: 'wrong-pin.wav',
      record: '',
      note: '',
    });
  };
  const server = new QuestionServer({
    host: '127.0.0.1',
    port: 0,
    allow: ['127.0.0.1'],
    secret: SECRET,
    decide,
    dialString,
    log: quiet,
  });
  await server.listen();
  const bed = await startNode([], { questionHosts: [`127.0.0.1:${server.address!.port}`] });
  bed.node.phones.behave(ALICE, { kind: 'answer', afterMs: 200 });
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 200, talkMs: 4000 });

  const connection = new EslConnection({
    host: '127.0.0.1',
    port: bed.node.eventSocketPort,
    password: PASSWORD,
    log: quiet,
  });
  const seen: EslEvent[] = [];
  connection.on('event', (event) => {
    seen.push(event);
  });
  await connection.open();
  await connection.subscribe(['BACKGROUND_JOB', 'CHANNEL_BRIDGE', 'CHANNEL_HANGUP_COMPLETE']);
  expect(await connection.api('switchname')).toBe('sim-1');

  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.ended).toMatchObject({ by: 'switch', status: 200 });
  expect(questions[0]).toMatchObject({ kind: 'inbound', node: 'sim-1', dialled: DID, callerNumber: ALICE });
  expect(bed.node.phones.received(BOB)[0]!.heard).toMatchObject([{ name: 'wrong-pin', completed: true }]);

  const uuid = '22222222-3333-4444-5555-666666666666';
  const text = originateString({ uuid, marks, target: ALICE, trunks: ['carrier-a'], ringTimeout: 20 });
  expect(await connection.bgapi(`originate ${text}`, 5_000)).toBe(`+OK ${uuid}\n`);
  await bed.events.event('CHANNEL_HANGUP_COMPLETE', (event) => event['Unique-ID'] === uuid);
  expect(questions[1]).toMatchObject({
    kind: 'first-party-answered',
    uuid,
    sessionId: 'session-1',
    number: DID,
  });
  const bridged = seen.filter((event) => eventValue(event, 'Event-Name') === 'CHANNEL_BRIDGE');
  expect(bridged.map((event) => legOf(event)?.address.interactionId)).toEqual(
    bridged.map(() => 'interaction-1'),
  );
  expect(bridged).toHaveLength(2);
  connection.close();
  await server.close(100);
  await bed.close();
  expect(bed.errors).toEqual([]);
});
