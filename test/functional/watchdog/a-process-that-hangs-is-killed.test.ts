import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Runs the patient and answers how it ended, and what it and its watcher said. */
async function endOf(what: string): Promise<{ code: number | null; signal: string | null; said: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'patient.ts'), what], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, said };
}

describe('the watchdog', () => {
  it.each(['block', 'stop'])('kills a process that hangs (%s), and says so', async (what) => {
    const { signal, said } = await endOf(what);
    expect(signal).toBe('SIGKILL');
    expect(said).toContain('begun');
    expect(said).toMatch(/"level":"fatal".*the controller hangs and is killed/);
  });

  it('lets a process live that works', async () => {
    expect(await endOf('live')).toEqual({ code: 8, signal: null, said: 'begun\n' });
  });

  it('lets a process that stops take its time, and ends with it', async () => {
    expect(await endOf('end')).toEqual({ code: 7, signal: null, said: 'begun\n' });
  });
});
