import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { placeIdleFreeSwitch, placeProgram, START, startEnvironment } from '../../helpers/start-script.js';
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
  // A second of start.sh's is a moment here.
  await mkdir(join(folder, 'quick'));
  await place('quick/sleep', 'exec /bin/sleep 0.01');
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
  if (script !== null && script.exitCode === null && script.signalCode === null) {
    script.kill('SIGTERM');
    await once(script, 'exit');
  }
  await rm(folder, { recursive: true });
});

/** Has what start.sh waits for an answer, where there is none, be a moment. */
async function hastenSilence(): Promise<void> {
  await place('quick/timeout', 'shift; exec /usr/bin/timeout 0.05 "$@"');
}

async function place(name: string, body: string): Promise<void> {
  await placeProgram(join(folder, name), `cd '${folder}'\n${body}`);
}

function launch(environment: Record<string, string>): ChildProcess {
  const child = spawn('sh', [START], {
    env: {
      ...startEnvironment(folder),
      PATH: `${join(folder, 'quick')}:${process.env['PATH'] ?? ''}`,
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
  return child;
}

async function start(environment: Record<string, string> = {}): Promise<ChildProcess> {
  const child = launch(environment);
  await until('FreeSWITCH is up', () => {
    if (child.exitCode !== null) throw new Error(said);
    return existsSync(join(folder, 'up'));
  });
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
    ['is refused', `echo '-ERR no'`, 'FreeSWITCH refused to be told'],
    ['is not let in', `cat "$HOME/.fs_cli_conf" >&2; exit 255`, 'EVENT_SOCKET_ALLOW must let this host in'],
    ['hangs', 'exec /bin/sleep 60', 'did not answer within 5 s'],
  ])('where fs_cli %s for long, FreeSWITCH gets the signal, and it is said why', async (_, body, why) => {
    await place('fs_cli', `echo >>asked; ${body}`);
    if (why.includes('did not answer')) await hastenSilence();
    expect(await drained()).toEqual({ code: 0, signals: 'TERM\n' });
    expect(said).toMatch(new RegExp(`${why}.*: SIGTERM instead`));
    expect(said).not.toContain(PASSWORD);
  });

  it('what it waits for an answer is of DRAIN_SECONDS', async () => {
    await place('fs_cli', 'echo >>asked; exec /bin/sleep 60');
    await hastenSilence();
    expect(await drained({ DRAIN_SECONDS: '12' })).toEqual({
      code: 0,
      signals: 'ILL\n',
    });
    // Six seconds each: at its end the calls that are left are hung up, told or not.
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('\n\n');
  });

  it('asks again while FreeSWITCH starts, which lets nobody in and forgets a SIGTERM', async () => {
    await place(
      'fs_cli',
      `echo >>asked; [ "$(wc -l <asked)" -gt 3 ] || exit 255
       touch told; echo '+OK Job-UUID: 7f4d'`,
    );
    expect(await drained()).toEqual({ code: 0, signals: '' });
    expect(said).not.toContain('SIGTERM');
  });

  it.each([{ DRAIN: 'true' }, { DRAIN: 'false' }])(
    'ends at once where FreeSWITCH was not started yet (%j)',
    async (environment) => {
      // Whatever start.sh runs first tells that it is at work.
      await place('quick/mkdir', 'touch busy; exec /bin/sleep 0.5');
      const child = launch(environment);
      await until('start.sh is at work', () => existsSync(join(folder, 'busy')));
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(existsSync(join(folder, 'up'))).toBe(false);
    },
  );

  it('where there is no fs_cli, too, which is said at the start', async () => {
    // Everything else: FreeSWITCH may be installed here.
    await mkdir(join(folder, 'bin'));
    for (const directory of ['/bin', '/usr/bin']) {
      for (const name of await readdir(directory)) {
        if (name === 'fs_cli') continue;
        await symlink(join(directory, name), join(folder, 'bin', name)).catch(() => undefined);
      }
    }
    const child = await start({ PATH: join(folder, 'bin') });
    await until('the lack is told', () =>
      said.includes('there is no fs_cli in the folder of FREESWITCH_BIN'),
    );
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await readFile(join(folder, 'signals'), 'utf8')).toBe('TERM\n');
  });

  it('says nothing of the kind where it is told well', async () => {
    await place('fs_cli', `touch told; echo '+OK Job-UUID: 7f4d'`);
    await drained();
    expect(said).toBe('freeswitch/start.sh: draining, for at most 300 s\n');
  });

  it('refuses a password that fs_cli would cut', async () => {
    await expect(start({ FREESWITCH_PASSWORD: 'a1b2'.repeat(32) })).rejects.toThrow(
      'FREESWITCH_PASSWORD must have at most 127 characters',
    );
    said = '';
    await place('fs_cli', `touch told; echo '+OK Job-UUID: 7f4d'`);
    expect(await drained({ FREESWITCH_PASSWORD: 'a1b2'.repeat(32).slice(1) })).toMatchObject({ code: 0 });
  });

  it.each([
    ['at its deadline', { DRAIN_SECONDS: '20' }],
    ['at a second SIGTERM', { DRAIN_SECONDS: '99999' }],
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
