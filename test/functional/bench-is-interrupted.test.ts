import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'interrupted-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** Command lines of the processes that work in `folder`. */
async function alive(): Promise<string[]> {
  return (await readdir('/proc'))
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
        return environment.includes(folder) || command.includes(folder) ? command : '';
      } catch {
        // It ended, or is another user's.
        return '';
      }
    })
    .filter((command) => command !== '');
}

// What it looks at is only in /proc.
it.runIf(process.platform === 'linux').each(['SIGTERM', 'SIGINT'] as const)(
  'a benchmark that gets a %s leaves no process and no file',
  async (signal) => {
    const bench = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        'bench/api.ts',
        '--sessions',
        '1000000',
        '--numbers',
        '3',
        '--output',
        join(folder, 'out.json'),
      ],
      { cwd: ROOT, env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const exited = once(bench, 'exit');
    let said = '';
    bench.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await vi.waitFor(
      async () => {
        if (bench.exitCode !== null) throw new Error(said);
        expect((await alive()).join()).toMatch(/redis-server.*|api-server/);
        expect((await alive()).length).toBeGreaterThanOrEqual(3);
      },
      { timeout: 25_000, interval: 100 },
    );
    bench.kill(signal);
    expect(await exited).toEqual([signal === 'SIGTERM' ? 143 : 130, null]);
    expect(await alive()).toEqual([]);
    // tsx keeps a cache of its own there.
    expect((await readdir(folder)).filter((name) => name.startsWith('maskline'))).toEqual([]);
  },
);
