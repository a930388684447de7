import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headerOf, methodOf, statusOf } from '../e2e/helpers/sip-messages.js';
import { ComposeStack, dockerProblem } from './compose-stack.js';
import { Softphone } from './softphone.js';

const FIRST = '15550001001';
const SECOND = '15550001002';
const VIRTUAL = '15550009999';
const PASSWORD = 'docker-test-phone';

const TALK_MS = 2_000;
const SOON = { timeout: 20_000, interval: 200 };
/** Prints how many files are left in the folder of CDRs that the controller has yet to read. */
const COUNT_CDRS = 'console.log(require("fs").readdirSync(process.env.CDR_DIR).length)';

let folder: string;
let stack: ComposeStack;
let session: string;
/** Undone from the last to the first, whatever of the set-up was reached. */
const undo: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const problem = await dockerProblem();
  if (problem !== null) throw new Error(problem);
  folder = await mkdtemp(join(tmpdir(), 'maskline-docker-'));
  undo.push(() => rm(folder, { recursive: true }));
  stack = await ComposeStack.up(folder, {
    TRUNKS: 'softphone',
    SOFTPHONES: 'true',
    SOFTPHONE_NUMBERS: `${FIRST},${SECOND}`,
    SOFTPHONE_PASSWORD: PASSWORD,
    VIRTUAL_NUMBERS: `+${VIRTUAL}`,
  });
  undo.push(() => stack.down());
  const created = await stack.api('Masking/Session/', {
    first_party: `+${FIRST}`,
    second_party: `+${SECOND}`,
    record: true,
    record_file_format: 'wav',
  });
  expect(created).toMatchObject({ status: 201, body: { virtual_number: `+${VIRTUAL}` } });
  session = String(created.body['session_uuid']);
});

afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

const phone = (user: string): Promise<Softphone> =>
  Softphone.register(
    { user, password: PASSWORD, serverPort: Number(stack.setting('SOFTPHONE_PORT')) },
    join(folder, user),
  );

/** The session as the API shows it. */
async function shown(): Promise<Record<string, unknown>> {
  const { status, body } = await stack.api(`Masking/Session/${session}/`);
  expect(status).toBe(200);
  return body['response'] as Record<string, unknown>;
}

describe('the stack of docker-compose.yml', () => {
  it('joins two registered softphones through the virtual number', async () => {
    const caller = await phone(FIRST);
    const callee = await (await phone(SECOND)).answering();
    const heard = await caller.call(VIRTUAL, TALK_MS);
    const seen = (await callee.messages()).filter(({ direction }) => direction === 'received');
    await callee.stop();

    const answered = heard.filter(({ text }) => methodOf(text) === 'INVITE' && statusOf(text) === 200);
    expect(answered).not.toHaveLength(0);
    const invite = seen.find(({ text }) => methodOf(text) === 'INVITE')?.text ?? '';
    expect(headerOf(invite, 'From')).toMatch(new RegExp(`sip:\\+?${VIRTUAL}@`));
    expect(seen.map(({ text }) => text).join('\n')).not.toContain(FIRST);

    await expect
      .poll(shown, SOON)
      .toMatchObject({ interaction: [{ end_time: expect.any(String) as unknown, total_call_count: 2 }] });
    const { interaction, total_call_count: calls } = (await shown()) as {
      interaction: { duration: number; recording_resource_url: string }[];
      total_call_count: number;
    };
    expect(calls).toBeGreaterThan(0);
    expect(interaction[0]!.duration).toBeGreaterThanOrEqual((2 * TALK_MS) / 1_000);
    expect(interaction[0]!.recording_resource_url).toContain('/Recording/');
  });

  it('shares recordings, CDRs and prompts between FreeSWITCH and the controller', async () => {
    // The controller deletes each CDR that FreeSWITCH wrote, once it is read.
    await expect.poll(() => stack.exec('controller', ['node', '-e', COUNT_CDRS]), SOON).toBe('0');
    const [recording, ...others] = (
      await stack.exec('freeswitch', ['sh', '-c', 'ls "$RECORDINGS_DIR"/*.wav'])
    ).split('\n');
    expect(others).toEqual([]);
    const size = await stack.exec('controller', [
      'node',
      '-e',
      'console.log(require("fs").readFileSync(process.argv[1]).length)',
      recording!,
    ]);
    expect(Number(size)).toBeGreaterThan(1_000);
    await stack.exec('controller', ['node', '-e', 'require("fs").unlinkSync(process.argv[1])', recording!]);

    const prompt = '/var/lib/maskline/prompts/shared.wav';
    await stack.exec('controller', [
      'node',
      '-e',
      'require("fs").writeFileSync(process.argv[1], "x")',
      prompt,
    ]);
    expect(await stack.exec('freeswitch', ['cat', prompt])).toBe('x');
  });

  it.each(['redis', 'freeswitch', 'controller'] as const)(
    'runs %s without any right of root',
    async (service) => {
      const script = 'id -u; grep CapEff /proc/self/status; touch /anywhere 2>/dev/null || echo read-only';
      const [user, capabilities, root] = (await stack.exec(service, ['sh', '-c', script])).split('\n');
      expect(user).not.toBe('0');
      expect(capabilities).toMatch(/^CapEff:\s+0+$/);
      expect(root).toBe('read-only');
    },
  );

  it('keeps what it knows over a restart of every service, and takes calls again', async () => {
    const before = await shown();
    for (const service of ['redis', 'freeswitch', 'controller'] as const) await stack.restart(service);
    expect(await shown()).toEqual(before);

    const callee = await (await phone(FIRST)).answering();
    const heard = await (await phone(SECOND)).call(VIRTUAL, TALK_MS);
    await callee.stop();
    expect(heard.some(({ text }) => methodOf(text) === 'INVITE' && statusOf(text) === 200)).toBe(true);
    await expect.poll(async () => (await shown())['interaction'], SOON).toHaveLength(2);
  });
});
