import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { placeIdleFreeSwitch, START } from '../../helpers/start-script.js';
import { until } from '../../helpers/until.js';

const PASSWORD = 'an-event=socket@password';

let folder: string;
let script: ChildProcess | null;
let said: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maskline-drain-'));
  script = null;
  said = '';
  await placeIdleFreeSwitch(folder);
  // Ends with SIGTERM, with SIGILL, and when it is told to over its "Event Socket".
  await place(
    'freeswitch',
    `trap 'echo TERM >>signals; exit 0' TERM
     trap 'echo ILL >>signals; exit 0' ILL
     touch up
     until [ -e told ]; do sleep 0.05; done`,
  );
});

afterEach(async () => {
  if (script !== null && script.exitCode === null) {
    script.kill('SIGTERM');
    await once(script, 'exit');
  }
  await rm(folder, { recursive: true });
});

async function place(name: string, body: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\ncd '${folder}'\n${body}\n`);
  await chmod(join(folder, name), 0o755);
}

async function start(environment: Record<string, string> = {}): Promise<ChildProcess> {
  const child = spawn('sh', [START], {
    env: {
      PATH: process.env['PATH'] ?? '',
      FREESWITCH_BIN: join(folder, 'freeswitch'),
      FREESWITCH_MOD_DIR: join(folder, 'mod'),
      FREESWITCH_PASSWORD: PASSWORD,
      QUESTION_SECRET: 'a-question-secret-of-tests',
      RUN_DIR: join(folder, 'run'),
      EVENT_SOCKET_PORT: '18021',
      DRAIN: 'true',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  script = child;
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('FreeSWITCH is up', () => existsSync(join(folder, 'up')));
  return child;
}

async function drained(environment?: Record<string, string>): Promise<{ code: unknown; signals: string }> {
  const child = await start(environment);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await ended) as [unknown];
  return { code, signals: await readFile(join(folder, 'signals'), 'utf8').catch(() => '') };
}

describe('SIGTERM with DRAIN=true', () => {
  it.each([
    [{}, '127.0.0.1'],
    [{ EVENT_SOCKET_IP: '0.0.0.0' }, '127.0.0.1'],
    [{ EVENT_SOCKET_IP: '::' }, '::1'],
    [{ EVENT_SOCKET_IP: '10.0.0.11' }, '10.0.0.11'],
  ])('tells FreeSWITCH over its Event Socket, and sends no signal (%j)', async (environment, host) => {
    await place(
      'fs_cli',
      `echo "$@" >arguments; cat "$HOME/.fs_cli_conf" >profile; stat -c %a "$HOME" "$HOME/.fs_cli_conf" >modes
       touch told; echo '+OK Job-UUID: 7f4d'`,
    );
    expect(await drained(environment)).toEqual({ code: 0, signals: '' });
    const written = await readFile(join(folder, 'arguments'), 'utf8');
    expect(written).toContain('-x bgapi fsctl shutdown elegant');
    // Anybody on the machine can read a process list.
    expect(written).not.toContain(PASSWORD);
    expect(await readFile(join(folder, 'profile'), 'utf8')).toBe(
      `[default]\nhost => ${host}\nport => 18021\npassword => ${PASSWORD}\n`,
    );
    expect(await readFile(join(folder, 'modes'), 'utf8')).toBe('700\n600\n');
  });

  it.each([
    ['is refused', `echo '-ERR no'`],
    ['does not get through', `echo "$(cat "$HOME/.fs_cli_conf")" >&2; exit 255`],
    ['hangs', 'exec sleep 60'],
  ])('where fs_cli %s, FreeSWITCH gets the signal, and the log says so', async (_, body) => {
    await place('fs_cli', body);
    expect(await drained()).toEqual({ code: 0, signals: 'TERM\n' });
    expect(said).toContain('SIGTERM instead');
    expect(said).not.toContain(PASSWORD);
  });

  it('where there is no fs_cli, too', async () => {
    expect(await drained({ PATH: '/usr/bin:/bin' })).toEqual({ code: 0, signals: 'TERM\n' });
    expect(said).toContain('must be in the folder of FREESWITCH_BIN or in PATH');
  });

  it.each([
    ['at its deadline', { DRAIN_SECONDS: '1' }],
    ['at a second SIGTERM', { DRAIN_SECONDS: '600' }],
  ])('%s FreeSWITCH gets SIGILL, and no SIGTERM', async (how, environment) => {
    await place('fs_cli', `touch asked; echo '+OK Job-UUID: 7f4d'`);
    const child = await start(environment);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await until('it drains', () => existsSync(join(folder, 'asked')));
    if (how === 'at a second SIGTERM') child.kill('SIGTERM');
    expect(((await ended) as [unknown])[0]).toBe(0);
    expect(await readFile(join(folder, 'signals'), 'utf8')).toBe('ILL\n');
  });
});
