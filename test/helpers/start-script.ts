import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The script that renders FreeSWITCH's configuration and starts it. */
export const START = new URL('../../freeswitch/start.sh', import.meta.url).pathname;

/** Puts into `folder` what start.sh takes for a FreeSWITCH: the configuration is written, and nothing runs. */
export async function placeIdleFreeSwitch(folder: string): Promise<void> {
  await mkdir(join(folder, 'mod'));
  await writeFile(join(folder, 'mod', 'mod_sofia.so'), '');
  await placeProgram(join(folder, 'freeswitch'), 'exit 0');
}

/** Writes a shell script of `body` that can be run. */
export async function placeProgram(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

/** What start.sh is run with to take the FreeSWITCH that was put into `folder`. */
export function startEnvironment(folder: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    FREESWITCH_BIN: join(folder, 'freeswitch'),
    FREESWITCH_MOD_DIR: join(folder, 'mod'),
  };
}

/** Runs start.sh with the FreeSWITCH that was put into `folder`; throws what it says when it refuses. */
export async function runStartScript(
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  await promisify(execFile)('sh', [START], {
    env: { ...startEnvironment(folder), ...environment },
  });
}
