import { appendFile, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { laneNumbers } from '../helpers/lane-numbers.js';
import { AUTH_ID, Stack } from '../helpers/stack.js';
import { localStack } from '../privacy/local-stack.js';
import { contentsOfRedis } from '../privacy/store-scan.js';
import type { RunningStack } from '../privacy/running-stack.js';
import { verifyPrivacy, type Check } from '../privacy/verify.js';
import { RedisConnection } from '../../src/store/redis.js';
import { RealFreeSwitch } from './helpers/real-freeswitch.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const PASSWORD = 'a-softphone-password';
const { first, second } = laneNumbers(30);

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A stack with softphones, and what the check needs to know of it. */
async function stackUp(environment: Readonly<Record<string, string>> = {}): Promise<{
  stack: Stack;
  running: RunningStack;
}> {
  const stack = await Stack.prepare({ controllers: 1, trunks: ['softphone'] });
  ends.push(() => stack.close());
  const freeswitch = await RealFreeSwitch.beside(stack, {
    trunks: [],
    environment: {
      SOFTPHONE_NUMBERS: [first, second].map((number) => number.slice(1)).join(','),
      SOFTPHONE_PASSWORD: PASSWORD,
      ...environment,
    },
  });
  ends.push(() => freeswitch.end('SIGKILL'));
  await stack.startControllers();
  const [controller] = stack.controllers;
  const running = localStack(
    {
      MASKLINE_URL: controller!.url,
      AUTH_ID,
      AUTH_TOKEN: stack.authToken,
      REDIS_URL: stack.redis.url,
      SOFTPHONE_PORT: String(freeswitch.softphonePort),
      SOFTPHONE_PASSWORD: PASSWORD,
      SOFTPHONE_NUMBERS: [first, second].map((number) => number.slice(1)).join(','),
      RECORDINGS_DIR: stack.recordingsDir,
      PROMPTS_DIR: stack.promptsDir,
      CDR_DIR: stack.cdrDir,
    },
    {
      controllerLogs: [controller!.logFile],
      freeswitchLogs: [freeswitch.logFile],
      redisFolder: join(stack.redis.dir, 'appendonlydir'),
    },
  );
  return { stack, running };
}

const failed = (checks: readonly Check[]): string[] =>
  checks.filter(({ passed }) => !passed).map(({ area, what, found }) => `${area}: ${what}: ${found}`);

test('a stack as it is shipped passes, and nothing of the check is left in it', async () => {
  const { running } = await stackUp();
  const checks = await verifyPrivacy(running, () => undefined);
  expect(failed(checks)).toEqual([]);
  // Each area was looked at.
  expect(new Set(checks.map(({ area }) => area))).toEqual(new Set(['wire', 'API', 'log', 'store', 'files']));
  expect(checks.filter(({ area }) => area === 'wire')).toHaveLength(8);
});

test('a header, a log line, a key, and a file name that tell a number are each found', async () => {
  // A dialplan in which somebody left a header in that helped with debugging.
  const leaky = await mkdtemp(join(tmpdir(), 'maskline-test-'));
  ends.push(() => rm(leaky, { recursive: true }));
  const plan = await readFile(join(ROOT, 'dialplan/masking.xml'), 'utf8');
  const bridge = '<action application="bridge" data="${masking_dial}"/>';
  const header = '<action application="set" data="sip_rh_X-Debug=${masking_dial}"/>';
  expect(plan).toContain(bridge);
  await copyFile(join(ROOT, 'dialplan/legs.xml'), join(leaky, 'legs.xml'));
  await writeFile(join(leaky, 'masking.xml'), plan.replaceAll(bridge, header + bridge));

  const { stack, running } = await stackUp({ DIALPLAN_DIR: leaky });
  await appendFile(stack.controllers[0]!.logFile, `{"level":"info","msg":"calling ${second}"}\n`);
  await writeFile(join(stack.recordingsDir, `call-with-${first.slice(1)}.wav`), '');
  const redis = new RedisConnection(stack.redis.url);
  await redis.client.set('notes', JSON.stringify({ caller: first }));
  await redis.close();

  const found = failed(await verifyPrivacy(running, () => undefined));
  for (const [area, where] of [
    ['wire', "caller's phone"],
    ['log', 'log of the controller'],
    ['store', 'every key and value of Redis'],
    ['store', 'append-only file of Redis'],
    ['files', 'names in RECORDINGS_DIR'],
  ] as const) {
    expect(
      found.some((line) => line.startsWith(`${area}: `) && line.includes(where)),
      `${area}, ${where}: ${found.join('\n')}`,
    ).toBe(true);
  }
  // The report tells where, not what.
  for (const line of found) for (const number of [first, second]) expect(line).not.toContain(number.slice(1));
});

test('what it created is gone afterwards but for the records of its calls', async () => {
  const { stack, running } = await stackUp();
  await verifyPrivacy(running, () => undefined);
  const { body } = await stack.api('GET', '/Number/');
  expect((body as { objects: unknown[] }).objects).toEqual([]);
  for await (const { name } of contentsOfRedis(stack.redis.url)) expect(name).not.toContain(first.slice(1));
});
