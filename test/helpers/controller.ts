import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = new URL('../../', import.meta.url).pathname;
const START_DEADLINE_MS = 30_000;
/**
 * V8's heap as the image starts it: some 40 MB live, and by default all of it is gone through again with every 6 MB that
 * are added, which at 100 calls a second is every 2.5 s, for 10 to 50 ms (bench/README.md).
 */
const HEAP = '--initial-old-space-size=256';
/** From its sources, as they are. */
export const SOURCES: readonly string[] = [HEAP, '--import', 'tsx', join(ROOT, 'src/server.ts')];
/** As `npm run build` left it and the image runs it; relative to the repository. */
export const COMPILED: readonly string[] = [HEAP, '--enable-source-maps', 'dist/src/server.js'];

/** A controller as a process of its own, so that it can be killed as one. */
export class ControllerProcess {
  #child: ChildProcess | null = null;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #logFile: string;
  readonly #program: readonly string[];

  /** `program`: what Node is to run, with options of Node ahead of it; relative to the repository. */
  constructor(
    environment: Readonly<Record<string, string>>,
    logFile: string,
    program: readonly string[] = SOURCES,
  ) {
    this.#environment = environment;
    this.#logFile = logFile;
    this.#program = program;
  }

  /** The variables that it is started with. */
  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#environment['HTTP_PORT'] ?? ''}`;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get logFile(): string {
    return this.#logFile;
  }

  /** Starts the process and waits until it says that it is ready. */
  async start(): Promise<void> {
    const log = openSync(this.#logFile, 'a');
    const child = spawn(process.execPath, [...this.#program], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', ...this.#environment },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    const deadline = Date.now() + START_DEADLINE_MS;
    while (!(await this.#ready())) {
      if (child.exitCode !== null) throw new Error(`the controller ended at its start: see ${this.#logFile}`);
      if (Date.now() > deadline) throw new Error(`the controller is not ready: see ${this.#logFile}`);
      await sleep(50);
    }
  }

  async #ready(): Promise<boolean> {
    const response = await fetch(`${this.url}/readyz`).catch(() => null);
    await response?.body?.cancel();
    return response?.status === 200;
  }

  /** Ends the process by `signal` and waits; answers its exit code, null for a death by signal. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = null;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      return child?.exitCode ?? null;
    }
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  }
}
