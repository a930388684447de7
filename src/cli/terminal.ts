import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';

import { CliUsageError } from './errors.js';
import { Progress, type Screen } from './progress.js';

/** What a command runs in. */
export interface World {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  readonly folder: string;
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: Screen;
  readonly stderr: Screen;
  /** Aborted when the command is to end (Ctrl-C). */
  readonly signal: AbortSignal;
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof STYLES;

/** Where results (stdout) and messages (stderr) go, and where questions come from. */
export class Terminal {
  readonly #world: World;
  readonly #progress = new Set<Progress>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Characters in a line; null where the output is no terminal and lines may be as long as they like. */
  get columns(): number | null {
    const { isTTY, columns } = this.#world.stdout;
    return isTTY === true ? Math.max(20, columns ?? 80) : null;
  }

  /** A line of the result. Resolves when more may be written. */
  async print(line: string): Promise<void> {
    await this.write(`${line}\n`);
  }

  async write(text: string | Uint8Array): Promise<void> {
    for (const each of this.#progress) each.clear();
    const { stdout, signal } = this.#world;
    if (stdout.write(text) || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        stdout.off('drain', go).off('close', go);
        signal.removeEventListener('abort', go);
        resolve();
      };
      stdout.on('drain', go).on('close', go);
      signal.addEventListener('abort', go);
    });
  }

  /** A message for the person, on stderr. */
  say(line: string): void {
    for (const each of this.#progress) each.clear();
    this.#world.stderr.write(`${line}\n`);
  }

  /** The text in a colour, where the output is a terminal and NO_COLOR is not set. */
  paint(style: Style, text: string): string {
    const { variables, stdout } = this.#world;
    const plain = (variables['NO_COLOR'] ?? '') !== '' || variables['TERM'] === 'dumb';
    return stdout.isTTY === true && !plain ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
  }

  /** What tells on stderr how far something is; it has to be ended. */
  progress(): Progress {
    const progress = new Progress(this.#world.stderr, () => this.#progress.delete(progress));
    this.#progress.add(progress);
    return progress;
  }

  /** Whether somebody sits there to be asked. */
  get isInteractive(): boolean {
    return this.#world.stdin.isTTY === true;
  }

  /**
   * What is typed after `question`, or the first line of stdin where that is no terminal. `hidden`: it does not show.
   * Throws CliUsageError when nothing comes.
   */
  async ask(question: string, { hidden = false }: { readonly hidden?: boolean } = {}): Promise<string> {
    const { stdin, stderr, signal } = this.#world;
    if (hidden && this.isInteractive) return this.#askHidden(question);
    const lines = createInterface({ input: stdin, ...(this.isInteractive ? { output: stderr } : {}) });
    try {
      if (this.isInteractive) return (await lines.question(question, { signal })).trim();
      for await (const line of lines) return line.trim();
      throw new CliUsageError(`nothing was given on standard input: ${question.replace(/[:\s]+$/, '')}?`);
    } finally {
      lines.close();
    }
  }

  #askHidden(question: string): Promise<string> {
    const { stdin, stderr, signal } = this.#world;
    stderr.write(question);
    stdin.setRawMode?.(true);
    stdin.resume();
    return new Promise<string>((resolve, reject) => {
      let typed = '';
      const end = (then: () => void): void => {
        stdin.off('data', read);
        signal.removeEventListener('abort', stop);
        stdin.setRawMode?.(false);
        stdin.pause();
        stderr.write('\n');
        then();
      };
      const stop = (): void => end(() => reject(new CliUsageError('nothing was given: interrupted')));
      const read = (chunk: Buffer | string): void => {
        for (const key of chunk.toString()) {
          if ('\r\n\u0004'.includes(key)) {
            end(() => resolve(typed.trim()));
            return;
          }
          if (key === '\u0003') {
            stop();
            return;
          }
          typed = key === '\u007f' || key === '\b' ? typed.slice(0, -1) : typed + key;
        }
      };
      stdin.on('data', read);
      signal.addEventListener('abort', stop);
    });
  }
}
