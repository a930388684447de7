import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ALICE, BOB, connectToBob, DID, startNode, type TestNode } from './node.js';
import type { Script } from './scripted-controller.js';

let bed: TestNode;
afterEach(() => bed.close());

const prompt = (more: Record<string, string> = {}): Record<string, string> => ({
  masking_attempt: '1',
  masking_prompt: 'enter-pin.wav',
  masking_max_digits: '6',
  masking_wait: '5000',
  ...more,
  masking_next: 'prompt',
});

const pinScript: Script = (asked, count) => {
  if (asked.get('scope_variable_masking_question') === 'inbound') return prompt();
  if (asked.get('variable_masking_digits') === '1234') return connectToBob();
  return count > 3
    ? { masking_announcement: 'wrong-pin.wav', masking_cause: 'NORMAL_CLEARING', masking_next: 'announce' }
    : prompt({ masking_attempt: '2', masking_before: 'wrong-pin.wav' });
};

it('answers, prompts, collects up to #, and connects', async () => {
  bed = await startNode([pinScript]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 100 });
  const call = bed.node.place({ from: 'anonymous', to: DID });
  expect(await call.hears('enter-pin')).toBe(true);
  await call.press('1234#');
  await bed.events.event('CHANNEL_BRIDGE');
  // The first key stopped the prompt.
  expect(call.heard).toMatchObject([{ name: 'enter-pin', completed: false }]);
  expect(bed.controllers[0]!.questions[1]!.get('variable_read_result')).toBe('success');
  call.hangup();
  await call.ended;
  await bed.events.event('CHANNEL_HANGUP_COMPLETE', (event) => event['Unique-ID'] === call.uuid);
  const folder = join(bed.dir, 'cdr');
  for (const file of await readdir(folder))
    // Instants in microseconds hold any four digits now and then.
    expect(await readFile(join(folder, file), 'utf8')).not.toMatch(/(?<!\d)1234(?!\d)/);
});

it('a wrong PIN is asked for again, a missing one times out', async () => {
  bed = await startNode([pinScript]);
  const call = bed.node.place({ from: ALICE, to: DID });
  await call.hears('enter-pin');
  await call.press('9999#');
  expect(await call.ended).toMatchObject({ by: 'switch', status: 200, cause: 'NORMAL_CLEARING' });
  expect(call.heard.map((file) => file.name)).toEqual([
    'enter-pin',
    'wrong-pin',
    'enter-pin',
    'wrong-pin',
    'enter-pin',
    'wrong-pin',
  ]);
  const results = bed.controllers[0]!.questions.slice(1).map((asked) => asked.get('variable_read_result'));
  expect(results).toEqual(['success', 'failure', 'failure']);
});

it('a prompt that is missing leaves no read_result', async () => {
  bed = await startNode([
    (asked) =>
      asked.get('scope_variable_masking_question') === 'inbound'
        ? prompt({ masking_prompt: 'no-such-file.wav' })
        : { masking_cause: 'NORMAL_CLEARING', masking_next: 'refuse' },
  ]);
  const call = bed.node.place({ from: ALICE, to: DID });
  await call.ended;
  expect(call.heard).toEqual([]);
  expect(bed.controllers[0]!.questions[1]!.has('variable_read_result')).toBe(false);
});

it('B is busy after a PIN: the caller hears so and is hung up', async () => {
  bed = await startNode([pinScript]);
  bed.node.phones.behave(BOB, { kind: 'refuse', status: 486, afterMs: 100 });
  const call = bed.node.place({ from: ALICE, to: DID });
  await call.hears('enter-pin');
  await call.press('1234#');
  expect(await call.ended).toMatchObject({ by: 'switch', status: 200, cause: 'USER_BUSY' });
  expect(call.heard.map((file) => file.name)).toEqual(['enter-pin', 'cannot-connect']);
});
