import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Milliseconds that the clean-up may take once everything we started was killed. */
const CLEAN_UP_DEADLINE = 5_000;
/** Milliseconds between two looks whether whoever started us is still there. */
const PARENT_WATCH = 1_000;

/**
 * Ends a benchmark that is interrupted (SIGINT, SIGTERM, SIGHUP, or the death of what started it) without
 * leaving anything behind: every process that it started is killed, `cleanUp` closes what is open, and the
 * folder goes in which everything that begins after this call puts its temporary files. Returns a function
 * that ends the watch, to be called when all is closed.
 */
function endOnInterruption(cleanUp: () => Promise<void>): () => void {
  const { TMPDIR } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'maskline-bench-'));
  process.env['TMPDIR'] = folder;
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  let ending = false;
  const end = (code: number): void => {
    if (ending) return;
    ending = true;
    process.stderr.write('interrupted: ending what was started\n');
    // What the benchmark was doing fails now, because what it works with is gone.
    process.on('uncaughtException', () => undefined);
    killDescendants(process.pid);
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, CLEAN_UP_DEADLINE));
    const cleaned = cleanUp().catch((error: unknown) => {
      process.stderr.write(`not everything was cleaned up: ${String(error)}\n`);
    });
    void Promise.race([cleaned, deadline]).finally(() => {
      // What was about to start when we looked first.
      killDescendants(process.pid);
      removeFolder();
      process.exit(code);
    });
  };
  const listeners = [
    ['SIGINT', (): void => end(130)],
    ['SIGTERM', (): void => end(143)],
    ['SIGHUP', (): void => end(129)],
  ] as const;
  for (const [signal, listener] of listeners) process.on(signal, listener);
  const { ppid } = process;
  const watch = setInterval(() => {
    if (process.ppid !== ppid) end(129);
  }, PARENT_WATCH);
  watch.unref();
  return () => {
    clearInterval(watch);
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
    removeFolder();
    for (const [signal, listener] of listeners) process.removeListener(signal, listener);
  };
}

/**
 * What `open` answers. It pushes to `opened` how to end each thing once it runs; `close` ends them, the newest
 * first. When it fails, or the benchmark is interrupted, nothing is left.
 */
export async function openWatched<T>(
  open: (opened: (() => Promise<unknown>)[], close: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  const unwatch = endOnInterruption(close);
  opened.push(() => {
    unwatch();
    return Promise.resolve();
  });
  try {
    return await open(opened, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Kills every process below `pid`, the youngest generations too (Linux: it reads /proc). */
export function killDescendants(pid: number): void {
  for (const child of childrenOf(pid)) {
    killDescendants(child);
    try {
      process.kill(child, 'SIGKILL');
    } catch (error) {
      // It ended on its own in between.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}

/** The parent's id stands after the name in parentheses, which may hold anything (proc(5)). */
function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // It ended while we read.
    return 0;
  }
}
