import { afterEach, expect, it } from 'vitest';
import { ALICE, BOB, connectToBob, DID, startNode, type TestNode } from './node.js';
import { ScriptedController } from './scripted-controller.js';

let bed: TestNode;
afterEach(() => bed.close());

it('no controller: an announcement, then 503', async () => {
  bed = await startNode([], { questionHosts: ['127.0.0.1:1', '127.0.0.1:2'] });
  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.ended).toMatchObject({ by: 'switch', status: 503, cause: 'NORMAL_TEMPORARY_FAILURE' });
  expect(call.heard).toMatchObject([{ name: 'unavailable', completed: true }]);
  expect(call.provisionals).toEqual([183]);
});

it('the first controller refuses the connection: the second one is asked', async () => {
  const second = new ScriptedController(() => connectToBob());
  const host = await second.listen();
  bed = await startNode([], { questionHosts: ['127.0.0.1:1', host] });
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0, talkMs: 200 });
  expect(await bed.node.place({ from: ALICE, to: DID }).ended).toMatchObject({ status: 200 });
  expect(second.questions).toHaveLength(1);
  await second.close();
});

it('a controller dies in mid-question: the dialplan goes on and asks the other one', async () => {
  bed = await startNode([() => null, () => connectToBob()]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0, talkMs: 200 });
  expect(await bed.node.place({ from: ALICE, to: DID }).ended).toMatchObject({ status: 200 });
  expect(bed.controllers.map((controller) => controller.questions.length)).toEqual([1, 1]);
});

it('a controller that takes the question and hangs: the dead-man of the dialplan ends the call', async () => {
  bed = await startNode([() => 'hang']);
  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.ended).toMatchObject({ by: 'switch', status: 503, cause: 'NORMAL_TEMPORARY_FAILURE' });
  const ended = await bed.events.event(
    'CHANNEL_HANGUP_COMPLETE',
    (event) => event['Unique-ID'] === call.uuid,
  );
  // A variable of the one application that asked: the secret is not in the CDR.
  expect(ended).not.toHaveProperty('variable_masking_secret');
});

it('a call that the dead-man ends puts the other controllers first; one that its caller ends, or an answer, does not', async () => {
  bed = await startNode([(_, count) => (count >= 3 ? 'hang' : connectToBob()), () => connectToBob()]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0, talkMs: 100 });
  const asked = async (cancelAfterMs?: number): Promise<number[]> => {
    const call = { from: ALICE, to: DID, ...(cancelAfterMs === undefined ? {} : { cancelAfterMs }) };
    const { uuid } = bed.node.place(call);
    await bed.events.event('CHANNEL_HANGUP_COMPLETE', (event) => event['Unique-ID'] === uuid);
    return bed.controllers.map((controller) => controller.questions.length);
  };
  expect([await asked(), await asked(), await asked(500), await asked(), await asked()]).toEqual([
    [1, 0],
    [2, 0],
    // Who hangs up says nothing of the controller that was being asked.
    [3, 0],
    // The dead-man does.
    [4, 0],
    [4, 1],
  ]);
});

it('the caller hangs up in mid-question: the controller is told, the secret is unset', async () => {
  bed = await startNode([() => 'hang']);
  const call = bed.node.place({ from: ALICE, to: DID, cancelAfterMs: 500 });
  expect(await call.ended).toMatchObject({ by: 'caller', status: 487 });
  const ended = await bed.events.event(
    'CHANNEL_HANGUP_COMPLETE',
    (event) => event['Unique-ID'] === call.uuid,
  );
  expect(ended).toMatchObject({ 'Hangup-Cause': 'ORIGINATOR_CANCEL' });
  expect(ended).not.toHaveProperty('variable_masking_secret');
});

it('an application that the simulation does not know is reported, never passed over', async () => {
  bed = await startNode([() => connectToBob(['carrier-a'], { execute_on_answer: 'valet_park lot' })]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0 });
  await bed.node.place({ from: ALICE, to: DID }).ended;
  expect(bed.errors).toMatchObject([{ code: 'ERR_SANDBOX_UNSUPPORTED' }]);
});

const QUESTION_TIMEOUT = 2;
/** Longer than the dead-man of a question, in milliseconds. */
const LONGER_MS = 4_000;

it('the dead-man of a question ends with its answer: a phone may ring for longer', async () => {
  bed = await startNode([() => connectToBob(['carrier-a'], {}, { perLeg: 'leg_timeout=30' })], {
    questionTimeout: QUESTION_TIMEOUT,
  });
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: LONGER_MS, talkMs: 100 });
  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.answered).toBe(true);
  expect(await call.ended).toMatchObject({ status: 200 });
});

it('the dead-man of a question ends with its answer: a caller may take longer to key', async () => {
  bed = await startNode(
    [
      (_, count) =>
        count === 1
          ? {
              ...{ masking_attempt: '1', masking_prompt: 'silence_stream://100', masking_max_digits: '6' },
              ...{ masking_wait: String(LONGER_MS), masking_next: 'prompt' },
            }
          : { masking_cause: 'USER_BUSY', masking_next: 'refuse' },
    ],
    { questionTimeout: QUESTION_TIMEOUT },
  );
  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.ended).toMatchObject({ by: 'switch', cause: 'USER_BUSY' });
  expect(bed.controllers[0]!.questions).toHaveLength(2);
});

it.each([
  ['announce', 'too-many-attempts'],
  ['no-such-step', 'unavailable'],
])(
  'the dead-man of a question ends with its answer: an announcement may be longer (%s)',
  async (next, heard) => {
    bed = await startNode(
      [
        () => ({
          ...{ masking_announcement: 'too-many-attempts.wav', masking_cause: 'USER_BUSY' },
          masking_next: next,
        }),
      ],
      { questionTimeout: QUESTION_TIMEOUT },
    );
    const call = bed.node.place({ from: ALICE, to: DID });
    await call.ended;
    expect(call.heard).toMatchObject([{ name: heard, completed: true }]);
  },
);
