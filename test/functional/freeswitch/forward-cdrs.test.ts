import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CdrServer, type CdrServerOptions } from '../../../src/freeswitch/cdr-server.js';
import { freeTcpPort } from '../../helpers/ports.js';
import { silentLog } from '../../helpers/silent-log.js';

const ROOT = new URL('../../../', import.meta.url).pathname;
const SECRET = 'f0rward-s3cret-of-nodes';
const NUMBER = '15550001001';
const name = (n: number): string => `525ef7e${n}-b97f-4ab8-81ea-901bd07e7af5.cdr.json`;

let folder: string;
let forwarder: ChildProcess | null = null;
let said = '';
const servers: CdrServer[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cdr-'));
  said = '';
});
afterEach(async () => {
  await stop('SIGKILL');
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
  await rm(folder, { recursive: true });
});

function start(environment: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'src/forward-cdrs.ts')], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', CDR_DIR: folder, QUESTION_SECRET: SECRET, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }
  forwarder = child;
  return child;
}

/** Answers the exit code, null for a death by signal. */
async function stop(signal: NodeJS.Signals): Promise<number | null> {
  const child = forwarder;
  forwarder = null;
  if (child === null) return null;
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

async function serve(
  port: number,
  handle: CdrServerOptions['handle'],
  isOutage: CdrServerOptions['isOutage'] = () => true,
): Promise<void> {
  const server = new CdrServer({
    ...{ host: '127.0.0.1', port, secret: SECRET, allow: ['127.0.0.1'], log: silentLog },
    handle,
    isOutage,
  });
  servers.push(server);
  await server.listen();
}

describe('the process that forwards CDRs', () => {
  it('goes past a controller that is down, removes what was taken, and ends at once when told to', async () => {
    const [down, up] = [await freeTcpPort(), await freeTcpPort()];
    const taken: unknown[] = [];
    await serve(up, (document) => Promise.resolve(void taken.push(document)));
    await writeFile(join(folder, name(1)), '{"n":1}');
    await writeFile(join(folder, name(2)), '{"n":2}');
    start({ CDR_HOSTS: `127.0.0.1:${down}|127.0.0.1:${up}` });
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]), { timeout: 15_000 });
    expect(taken).toHaveLength(2);
    expect(await stop('SIGTERM')).toBe(0);
  });

  it('keeps what no controller takes, and logs no content', async () => {
    const port = await freeTcpPort();
    const document = JSON.stringify({ number: NUMBER });
    await writeFile(join(folder, name(1)), document);
    start({ CDR_HOSTS: `127.0.0.1:${port}` });
    await vi.waitFor(() => expect(said).toContain('CDRs wait in the folder'), { timeout: 15_000 });
    expect(await readdir(folder)).toEqual([name(1)]);
    let isAway = true;
    const taken: unknown[] = [];
    await serve(port, (given) => {
      if (isAway) return Promise.reject(new Error('away'));
      taken.push(given);
      return Promise.resolve();
    });
    await delay(1_500);
    expect(await readdir(folder)).toEqual([name(1)]);
    isAway = false;
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]), { timeout: 15_000 });
    expect(taken).toEqual([{ number: NUMBER }]);
    expect(said).not.toContain(NUMBER);
    expect(said).not.toContain(SECRET);
  });

  it('a document that no controller can take holds up no other', async () => {
    const port = await freeTcpPort();
    const isBad = (document: unknown): boolean => (document as { n: number }).n === 0;
    await serve(
      port,
      (document) => (isBad(document) ? Promise.reject(new Error('bad')) : Promise.resolve()),
      () => false,
    );
    for (let n = 0; n < 10; n += 1) await writeFile(join(folder, name(n)), JSON.stringify({ n }));
    start({ CDR_HOSTS: `127.0.0.1:${port}` });
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([name(0)]), { timeout: 15_000 });
  });

  it('says which variable is bad', async () => {
    const child = start({ CDR_HOSTS: '127.0.0.1' });
    await once(child, 'exit');
    expect(child.exitCode).toBe(2);
    expect(said).toMatch(/^maskline: CDR_HOSTS has an entry that is not host:port: [^\n]+\n$/);
  });
});
