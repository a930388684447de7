import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { MasklineError } from '../../src/errors.js';

/** A process of a benchmark ended while something was still to come from it. */
export class ChildEndedError extends MasklineError {
  readonly code = 'ERR_BENCH_CHILD';
}

/** A module of this folder as a process of its own. It says something once it is ready. */
export class Child {
  readonly #process: ChildProcess;
  /** Its first message. */
  readonly said: unknown;

  private constructor(process: ChildProcess, said: unknown) {
    this.#process = process;
    this.said = said;
  }

  /** What it prints is not seen, its errors are. Throws ChildEndedError. */
  static async start(module: string, environment: Readonly<Record<string, string>> = {}): Promise<Child> {
    const child = fork(new URL(`./${module}.ts`, import.meta.url), [], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '', TMPDIR: process.env['TMPDIR'] ?? '/tmp', ...environment },
    });
    return new Child(child, await nextMessage(child));
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  send(message: object | string): void {
    this.#process.send(message);
  }

  /** Sends, and resolves to the next thing that it says. Throws ChildEndedError. */
  async ask(message: object | string): Promise<unknown> {
    const answer = nextMessage(this.#process);
    this.send(message);
    return answer;
  }

  async end(): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null, signal: NodeJS.Signals | null): void => {
      child.off('message', heard);
      reject(new ChildEndedError(`a process of the benchmark ended with ${String(code ?? signal)}`));
    };
    const heard = (said: unknown): void => {
      child.off('exit', gone);
      resolve(said);
    };
    child.once('message', heard);
    child.once('exit', gone);
  });
}
