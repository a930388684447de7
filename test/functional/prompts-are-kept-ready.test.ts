import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

import type { MaskingSession } from '../../src/masking/session.js';
import { PromptKeeper } from '../../src/prompts/prompt-keeper.js';
import { PromptLibrary } from '../../src/prompts/prompt-library.js';
import { SessionPrompts } from '../../src/prompts/session-prompts.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { wave } from '../unit/prompts/audio-samples.js';
import { did, DID, draft, Fixture, NOW, SETTINGS } from './store/fixture.js';

let fixture: Fixture;
let server: Server;
let base: string;
let dir: string;
let status: number;
let requests: string[];
let instant: number;
let lines: string[];
let running: { keeper: PromptKeeper; library: PromptLibrary }[];

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(async () => fixture.stop());

beforeEach(async () => {
  await fixture.raw.flushall();
  dir = await mkdtemp(join(tmpdir(), 'prompts-'));
  status = 200;
  requests = [];
  lines = [];
  running = [];
  instant = NOW;
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.writeHead(status).end(status === 200 ? wave({ samples: 320 + 2 * requests.length }) : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const { keeper, library } of running) {
    await library.close();
    await keeper.stop();
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

/** What of a controller has to do with prompts. */
function controller(folder = dir): { library: PromptLibrary; sessionPrompts: SessionPrompts; start(): void } {
  const store = fixture.store();
  const log = createLogger({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const now = (): number => instant;
  const library = new PromptLibrary({
    dir: folder,
    allowAddresses: ['127.0.0.0/8'],
    logger: log,
    now,
    retryAfterMs: 1_000,
  });
  const parts = { library, urls: store.promptUrls, log, now };
  const keeper = new PromptKeeper({ ...parts, intervalMs: 20 });
  running.push({ keeper, library });
  return {
    library,
    sessionPrompts: new SessionPrompts({ ...parts, notes: store.notes }),
    start: () => keeper.start(),
  };
}

async function session(): Promise<MaskingSession> {
  const store = fixture.store();
  await store.numbers.add(did(DID));
  const settings = { ...SETTINGS, unknownCallerPlay: `${base}/unknown`, firstPartyPlayUrl: `${base}/first` };
  return store.sessions.create(draft({ settings }));
}

it('the prompts of a new session are there, and of a controller that starts on an empty folder', async () => {
  const created = await session();
  const first = controller();
  await first.sessionPrompts.prepare(created);
  expect(first.library.fileFor(`${base}/first`)).not.toBeNull();
  const elsewhere = join(dir, 'of-another-controller');
  const second = controller(elsewhere);
  second.start();
  // Nobody asks for them: looking into the folder only shows when they have come. Drafts have a suffix.
  await vi.waitFor(
    async () => {
      const pointers = (await readdir(join(elsewhere, 'urls'))).filter((name) => !name.includes('.'));
      expect(pointers).toHaveLength(2);
    },
    { timeout: 10_000 },
  );
  for (const name of ['first', 'unknown']) expect(second.library.fileFor(`${base}/${name}`)).not.toBeNull();
});

it('a folder that is lost is filled again without a call that asks', async () => {
  const one = controller();
  await one.sessionPrompts.prepare(await session());
  one.start();
  await rm(dir, { recursive: true });
  await vi.waitFor(async () => expect(await readdir(dir)).toHaveLength(3), { timeout: 10_000 });
});

it('a prompt that changes is fetched again while a session needs it', async () => {
  const one = controller();
  await one.sessionPrompts.prepare(await session());
  const before = one.library.fileFor(`${base}/first`);
  await fixture.store().promptUrls.need([`${base}/first`], NOW + 7_200_000, NOW);
  instant += 3_600_000;
  one.start();
  await vi.waitFor(() => expect(one.library.fileFor(`${base}/first`)).not.toBe(before), { timeout: 10_000 });
});

it('a prompt that no session needs any more is not fetched', async () => {
  const one = controller();
  await one.sessionPrompts.prepare(await session());
  instant += 3_600_000;
  // Its fetch shows that a round was made.
  await fixture.store().promptUrls.need([`${base}/needed`], instant + 60_000, instant);
  one.start();
  await vi.waitFor(() => expect(one.library.fileFor(`${base}/needed`)).not.toBeNull(), { timeout: 10_000 });
  expect(requests.toSorted()).toEqual(['/first', '/needed', '/unknown']);
});

it('a prompt that cannot be had stands in the log and in the events of the session, and is tried again', async () => {
  status = 404;
  const one = controller();
  const created = await session();
  await one.sessionPrompts.prepare(created);
  expect(one.library.fileFor(`${base}/unknown`)).toBeNull();
  const store = fixture.store();
  const notes = await store.notes.of(created);
  expect(notes.map(({ parameter, code, message }) => [parameter, code, message]).toSorted()).toEqual([
    ['first_party_play_url', 'ERR_PROMPT_FETCH', 'the prompt was answered with status 404'],
    ['unknown_caller_play', 'ERR_PROMPT_FETCH', 'the prompt was answered with status 404'],
  ]);
  expect(lines.join('')).toContain('a prompt cannot be had');
  status = 200;
  instant += 1_000;
  one.start();
  await vi.waitFor(() => expect(one.library.fileFor(`${base}/unknown`)).not.toBeNull(), { timeout: 10_000 });
});

it('Redis that is away is waited for', async () => {
  const one = controller();
  await one.sessionPrompts.prepare(await session());
  await rm(dir, { recursive: true });
  await fixture.redis.kill();
  one.start();
  await vi.waitFor(() => expect(lines.join('')).toContain('prompts could not be kept ready'), {
    timeout: 15_000,
  });
  await fixture.redis.restart();
  await vi.waitFor(async () => expect(await readdir(dir)).toHaveLength(3), { timeout: 15_000 });
});
