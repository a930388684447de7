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
  // What follows in the extension still ran: the secret is not in the CDR.
  expect(ended).not.toHaveProperty('variable_masking_secret');
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
