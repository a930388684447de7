import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';

import { runCli } from '../../src/cli/program.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const LOADER = join(ROOT, 'node_modules/tsx/dist/loader.mjs');
const MAIN = join(ROOT, 'src/cli/main.ts');
/** Another user could not read a clone in root's home folder. */
const BOUND = ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'];

export interface CliResult {
  /** Null for a death by signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Nothing of the test's own environment is there, but PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Working directory; one without a `.env` when left out. */
  readonly folder?: string;
  /** What stands on standard input. */
  readonly input?: string;
  /** Where the test is run by root, without root's leave to write what its permissions do not allow. Default false. */
  readonly isBoundByPermissions?: boolean;
}

/** The command line as a process of its own, begun. */
export function startCli(
  args: readonly string[],
  options: CliOptions = {},
): { readonly child: ReturnType<typeof spawn>; readonly ended: Promise<CliResult> } {
  const bound = options.isBoundByPermissions === true && process.getuid?.() === 0 ? BOUND : [];
  const [program = '', ...words] = [...bound, process.execPath, '--import', LOADER, MAIN, ...args];
  const child = spawn(program, words, {
    cwd: options.folder ?? '/',
    env: { PATH: process.env['PATH'] ?? '', TSX_DISABLE_CACHE: '1', ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const ended = (async (): Promise<CliResult> => {
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
    const [code] = (await once(child, 'exit')) as [number | null];
    return { code, stdout: await stdout, stderr: await stderr };
  })();
  return { child, ended };
}

/** Runs the command line as a process of its own. */
export function spawnCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).ended;
}

/** A command that runs within the test, as on a terminal of so many columns or on none. */
export async function cli(
  args: readonly string[],
  options: CliOptions & { readonly columns?: number; readonly signal?: AbortSignal } = {},
): Promise<CliResult> {
  const screen = options.columns === undefined ? {} : { isTTY: true, columns: options.columns };
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(options.input ?? '');
  const [printed, said] = [text(stdout), text(stderr)];
  const code = await runCli(args, {
    variables: options.environment ?? {},
    folder: options.folder ?? '/',
    stdin,
    stdout: Object.assign(stdout, screen),
    stderr,
    signal: options.signal ?? new AbortController().signal,
  });
  stdout.end();
  stderr.end();
  return { code, stdout: await printed, stderr: await said };
}
